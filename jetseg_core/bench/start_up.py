"""How long a fresh process takes to its first result, and how much memory it takes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.runtime_settings import RuntimeSettings


@dataclass(frozen=True)
class StartUp:
    """Of one process that loads a model and segments frames."""

    first_result_s: float
    """Seconds from the start of Python's own code to the first frame's labels; imports and loading included."""
    peak_memory_mb: float
    """Largest resident set, MB (10^6 bytes)."""
    imports_torch: bool
    """Whether torch was loaded."""


def measure_start_up(settings: RuntimeSettings, frames: int = 20) -> StartUp:
    """Run a process of its own that segments `frames` frames of noise.

    Raises:
        JetSegError: the process failed; its last line says why.
    """
    fields = json.dumps(asdict(settings))
    ran = subprocess.run(
        [sys.executable, "-m", "jetseg_core.bench.start_up", fields, str(frames)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise JetSegError(f"start-up of {settings.backend}: {ran.stderr.strip().splitlines()[-1]}")
    return StartUp(**json.loads(ran.stdout.splitlines()[-1]))


def _measured_process(fields: str, frames: int) -> None:
    began = time.perf_counter()
    import numpy as np

    from jetseg_core.runtime import create_runtime

    values = json.loads(fields)
    values["input_size"] = tuple(values["input_size"])
    settings = RuntimeSettings(**values)
    runtime = create_runtime(settings)
    images = [np.zeros((*settings.input_size, 3), np.uint8)] * settings.batch
    runtime.segment_batch(images)
    first = time.perf_counter() - began
    for _ in range(frames - 1):
        runtime.segment_batch(images)
    measured = StartUp(round(first, 3), round(_peak_bytes() / 1e6, 1), "torch" in sys.modules)
    print(json.dumps(asdict(measured)))


def _peak_bytes() -> int:
    # Not getrusage, whose figure starts with that of the process that started this one.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise JetSegError("/proc/self/status has no VmHWM; peak memory is measured on Linux only")


if __name__ == "__main__":
    _measured_process(sys.argv[1], int(sys.argv[2]))
