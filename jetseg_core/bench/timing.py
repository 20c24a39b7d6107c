"""Times of models in turns, so that a machine's moods reach all of them alike."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from jetseg_core.bench.machine import Machine
from jetseg_core.bench.power import PowerMeter
from jetseg_core.bench.subjects import Subject
from jetseg_core.errors import JetSegError

WARM_UP = 5


@dataclass(frozen=True)
class Timing:
    """What was measured of one subject."""

    subject: Subject
    milliseconds: np.ndarray
    """(runs,) wall time of each run, which is a batch of frames."""
    watts: float | None
    """Mean power while it ran alone; None where it did not, or no sensor is."""

    def to_dict(self, machine: Machine) -> dict[str, object]:
        """Plain data for JSON; times are of a batch, energy and rate of a frame."""
        subject, settings = self.subject, self.subject.settings
        median, p95 = (float(value) for value in np.percentile(self.milliseconds, (50, 95)))
        frame_s = median / 1000 / settings.batch
        start_up = subject.start_up
        return {
            "model": subject.model,
            "backend": subject.backend,
            "precision": subject.precision,
            "device": subject.device,
            "size": list(settings.input_size),
            "batch": settings.batch,
            "threads": settings.threads or machine.cores,
            "frames": len(self.milliseconds) * settings.batch,
            "median_ms": round(median, 2),
            "p95_ms": round(p95, 2),
            "rate_hz": round(1 / frame_s, 1),
            "macs": subject.macs,
            "share_of_peak": _share(subject, frame_s, machine),
            "first_result_s": start_up.first_result_s if start_up else None,
            "peak_memory_mb": start_up.peak_memory_mb if start_up else None,
            "joules_per_frame": round(self.watts * frame_s, 3) if self.watts else "unavailable",
        }


def time_subjects(subjects: Sequence[Subject], runs: int) -> list[Timing]:
    """Time each subject `runs` times after five that do not count.

    Raises:
        JetSegError: `runs` is below 1.
    """
    if runs < 1:
        raise JetSegError(f"frames: {runs}; a measurement needs 1 or more")
    times = np.zeros((len(subjects), WARM_UP + runs))
    meter = PowerMeter()
    with meter:
        for turn in tqdm(range(WARM_UP + runs), "timing", leave=False):
            for index, subject in enumerate(subjects):
                began = time.perf_counter()
                # Results reach the CPU before a run returns, so this is the whole time on a GPU, too.
                subject.run()
                times[index, turn] = 1000 * (time.perf_counter() - began)
    # Power can be told apart only where one subject runs alone.
    watts = meter.watts if len(subjects) == 1 else None
    return [
        Timing(subject, row[WARM_UP:], watts) for subject, row in zip(subjects, times, strict=True)
    ]


def _share(subject: Subject, frame_s: float, machine: Machine) -> float | None:
    """Of the machine's float32 peak, what the trained form's operations would need at this rate."""
    if subject.macs is None or subject.device != "cpu":
        return None
    return round(2 * subject.macs / frame_s / 1e9 / machine.peak_gflops, 3)
