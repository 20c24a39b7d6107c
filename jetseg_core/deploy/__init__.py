"""From a trained network to what robots run."""
