"""The command `jetseg-bench-node`: what the node adds to the time of the model."""
