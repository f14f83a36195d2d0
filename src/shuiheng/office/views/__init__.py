"""The office's pages, split by subject."""
