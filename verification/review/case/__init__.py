"""The page of one case, and the acts on it."""
