"""Many recordings through the model, with one report over all of them."""
