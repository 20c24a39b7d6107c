"""The form of a trained network that robots run."""
