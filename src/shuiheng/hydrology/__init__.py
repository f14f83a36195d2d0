"""Frequency of runoff, wet and dry classes, and how a year's water scales with them. Pure."""
