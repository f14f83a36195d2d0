"""The words everybody uses. Pure: no Django, no clock, no randomness, no input or output."""
