"""Start-up time and memory of a fresh process that runs a model."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np

from jetseg_core.bench.machine import resident_memory_mb
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings, create_runtime


@dataclass(frozen=True)
class StartUp:
    """Measured in one process that loads a model and segments frames."""

    first_result_s: float
    """Seconds from the start of the process to the labels of its first frame: Python, packages, loading, inference."""
    peak_memory_mb: float
    """Largest resident set, MB (10^6 bytes)."""
    imports_torch: bool
    """True if torch was loaded."""


def measure_start_up(settings: RuntimeSettings, frames: int = 20) -> StartUp:
    """Run a separate process that segments `frames` frames.

    Raises:
        JetSegError: the process failed; with its last line.
    """
    fields = json.dumps(asdict(settings))
    command = [sys.executable, "-m", __name__, fields, str(frames), str(time.monotonic())]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise JetSegError(f"start-up of {settings.backend}: {ran.stderr.strip().splitlines()[-1]}")
    return StartUp(**json.loads(ran.stdout.splitlines()[-1]))


def _measured_process(fields: str, frames: int, began: float) -> None:
    """Segment frames and print a `StartUp` as JSON.

    Args:
        fields: a `RuntimeSettings`, as JSON.
        frames: number of runs.
        began: `time.monotonic` of the parent, which has the same clock.
    """
    values = json.loads(fields)
    settings = RuntimeSettings(**values | {"input_size": tuple(values["input_size"])})
    runtime = create_runtime(settings)
    images = [np.zeros((*settings.input_size, 3), np.uint8)] * settings.batch
    runtime.segment_batch(images)
    first = time.monotonic() - began
    for _ in range(frames - 1):
        runtime.segment_batch(images)
    resident = resident_memory_mb("self")
    if resident is None:
        raise JetSegError("/proc/self/status has no VmHWM; peak memory is measured on Linux only")
    measured = StartUp(round(first, 3), round(resident[1], 1), "torch" in sys.modules)
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    _measured_process(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
