"""What the registry allows, by subject: units, codes, waters, checks, directory, claims. Pure."""
