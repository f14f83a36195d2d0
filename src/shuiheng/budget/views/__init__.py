"""The pages of the budget year, split by subject."""
