"""How fast models run on this machine."""

from jetseg_core.benchmark.machine import describe_processor

__all__ = ["describe_processor"]
