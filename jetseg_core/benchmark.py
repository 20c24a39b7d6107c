"""How fast a model runs on this machine."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from jetseg_core.errors import JetSegError
from jetseg_core.runtime import Runtime

WARM_UP = 5


@dataclass(frozen=True)
class Timing:
    """Times of single frames through `Runtime.segment`, pixels in, labels out."""

    runtime: Runtime
    milliseconds: np.ndarray
    """(frames,) wall time of each."""

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        median, p95 = np.percentile(self.milliseconds, (50, 95))
        return {
            "model": self.runtime.description.name,
            "backend": self.runtime.backend,
            "precision": self.runtime.precision,
            "device": self.runtime.device,
            "size": list(self.runtime.input_size),
            "frames": len(self.milliseconds),
            "median_ms": round(float(median), 2),
            "p95_ms": round(float(p95), 2),
            "rate_hz": round(1000 / float(median), 1),
        }


def time_runtimes(runtimes: Sequence[Runtime], frames: int) -> list[Timing]:
    """Time each on the same noise, in turns, so that a machine's moods reach all of them alike.

    Args:
        runtimes: what to compare.
        frames: measured frames of each, 1 or more, after five that do not count.
    """
    if frames < 1:
        raise JetSegError(f"frames: {frames}; a measurement needs 1 or more")
    rng = np.random.default_rng(0)
    images = {
        runtime.input_size: rng.integers(0, 256, (*runtime.input_size, 3), np.uint8)
        for runtime in runtimes
    }
    times = np.zeros((len(runtimes), WARM_UP + frames))
    for turn in tqdm(range(WARM_UP + frames), "timing", leave=False):
        for index, runtime in enumerate(runtimes):
            began = time.perf_counter()
            # Labels reach the CPU before `segment` returns, so this is the whole time on a GPU, too.
            runtime.segment(images[runtime.input_size])
            times[index, turn] = 1000 * (time.perf_counter() - began)
    return [Timing(runtime, row[WARM_UP:]) for runtime, row in zip(runtimes, times, strict=True)]


def describe_processor() -> str:
    """The processor's name, as the system gives it."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
