"""The pages of inflow."""
