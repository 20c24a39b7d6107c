"""How much memory a replay takes, and how near it comes to the rate of the model alone."""

from jetseg_ros.bench_replay.measurement import format_measurement, measure_replay

__all__ = ["format_measurement", "measure_replay"]
