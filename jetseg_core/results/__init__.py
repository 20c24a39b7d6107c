"""A segmented frame, and everything that is published or written of it."""
