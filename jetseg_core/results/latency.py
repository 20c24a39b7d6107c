"""Latency statistics over the most recent frames."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

WINDOW = 300
"""Number of latest frames that the percentiles are of: 10 s of a 30 Hz camera."""


@dataclass(frozen=True)
class LatencySummary:
    """Percentiles of one stage, in milliseconds."""

    p50_ms: float
    p95_ms: float
    max_ms: float


class LatencyStatistics:
    """Durations by stage of the last `WINDOW` frames; may be read while another thread records."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._durations_s: dict[str, deque[float]] = {}

    def record(self, stage: str, seconds: float) -> None:
        """Add one duration."""
        with self._lock:
            self._durations_s.setdefault(stage, deque(maxlen=WINDOW)).append(seconds)

    def summaries(self) -> dict[str, LatencySummary]:
        """Summary of each stage that has been recorded, in the order of first recording."""
        with self._lock:
            stages = {stage: np.array(values) for stage, values in self._durations_s.items()}
        return {
            stage: LatencySummary(*(1e3 * np.percentile(values, (50, 95, 100))).tolist())
            for stage, values in stages.items()
        }


class Stopwatch:
    """Adds up the time spent in each stage of one frame, which may be entered several times."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside the `with` block towards the stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
