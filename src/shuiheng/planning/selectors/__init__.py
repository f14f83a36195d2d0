"""The published figures, read once (`published`), and the files that leave with the result (`files`)."""
