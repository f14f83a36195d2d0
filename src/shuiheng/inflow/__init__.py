"""来水: forecast and observed inflow, storage and levels as dated entries."""
