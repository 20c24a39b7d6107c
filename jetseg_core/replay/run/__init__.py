"""Frames of a recording through the model, into bag, videos and frame log."""
