"""Writing the registry, by subject: units, waters (permits, intakes, supply, activities), lists, people."""
