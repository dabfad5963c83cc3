"""Several servers that are one: what carries their turns to one another, and what watches who is there."""
