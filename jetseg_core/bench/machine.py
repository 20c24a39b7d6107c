"""What the machine is, and the most that it can do."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REPETITIONS = 7


@dataclass(frozen=True)
class Machine:
    """The processor, and its peaks as measured in this run."""

    processor: str
    """Its name, as the system gives it."""
    cores: int
    """Cores that this process may use."""
    peak_gflops: float
    """10^9 floating-point operations a second of a float32 matrix product on all cores (2 for each multiply-add)."""
    copy_gb_s: float
    """10^9 bytes a second read and written by a copy of 256 MB."""


def measure_machine() -> Machine:
    """Describe this machine, and time a matrix product and a memory copy on it: the best of seven each."""
    size = 2048
    rng = np.random.default_rng(0)
    a, b = (rng.random((size, size), np.float32) for _ in range(2))
    source = np.ones(64_000_000, np.float32)
    target = np.empty_like(source)
    product, copy = _best(lambda: a @ b), _best(lambda: np.copyto(target, source))
    return Machine(
        describe_processor(),
        len(os.sched_getaffinity(0)),
        round(2 * size**3 / product / 1e9, 1),
        round(2 * source.nbytes / copy / 1e9, 1),
    )


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest run: a peak is what was reached at least once."""
    seconds = []
    for _ in range(REPETITIONS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def describe_processor() -> str:
    """The processor's name, as the system gives it."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
