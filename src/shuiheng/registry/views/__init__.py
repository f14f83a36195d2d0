"""The registry's pages, split by subject."""
