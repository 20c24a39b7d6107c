"""The command `jetseg-bench-node`: the time that the node adds to the model's."""
