"""What the entries of inflow mean. Pure."""
