"""The plan's figures (`figures`), what contradicts what (`findings`), the method (`split`) and tables
that add up as printed (`printing`)."""
