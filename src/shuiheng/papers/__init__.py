"""Papers: what leaves the house in writing, what was attached to it, and how it was delivered."""
