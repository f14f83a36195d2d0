"""The forms of the budget year, split by subject."""
