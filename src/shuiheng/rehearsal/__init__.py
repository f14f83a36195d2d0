"""演练: a city made by a seed, and the year it lives through the same services that people use."""
