"""The command `jetseg-bench-node`: what the node adds to the time of the model."""

from jetseg_ros.bench.node_bench import main

__all__ = ["main"]
