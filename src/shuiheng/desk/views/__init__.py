"""Signed-in screens across capabilities: a home for every role, the execution board, the search."""
