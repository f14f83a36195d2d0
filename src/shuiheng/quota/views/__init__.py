"""Pages of norms, demand, ceilings and output."""
