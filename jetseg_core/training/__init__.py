"""How a model comes to its weights."""
