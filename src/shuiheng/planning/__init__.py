"""规划: the Changji plan's published figures, and the method shown on them."""
