"""The machine that a benchmark runs on: its processor, measured peaks, and the memory of its processes."""

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
    """Name that the system gives."""
    cores: int
    """Cores that this process may use."""
    peak_gflops: float
    """10^9 floating-point operations a second of a float32 matrix product on all cores (2 for each multiply-add)."""
    copy_gb_s: float
    """10^9 bytes a second read and written by a copy of 256 MB."""


def measure_machine() -> Machine:
    """Describe this machine, and time a matrix product and a memory copy: the best of `REPETITIONS` each."""
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
    """Seconds of the fastest run, since a peak is the speed that was reached at least once."""
    seconds = []
    for _ in range(REPETITIONS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def describe_processor() -> str:
    """The name that the system gives the processor."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def resident_memory_mb(pid: int | str) -> tuple[float, float] | None:
    """Resident memory of a process, now and at most so far, MB (10^6 bytes); None once it is ending.

    Not `resource.getrusage`, whose peak begins with that of the parent process.

    Args:
        pid: process id, or "self".
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    sizes = dict(line.split(":", 1) for line in lines)
    if "VmRSS" not in sizes:
        return None
    now, peak = (1.024e-3 * int(sizes[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    return now, peak
