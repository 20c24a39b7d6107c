"""The machine: CUDA, and what a Jetson says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from jetseg_core.bench.machine import describe_processor
from jetseg_core.doctor.finding import Finding
from jetseg_core.jetson import jetson_release, power_rails, temperatures
from jetseg_core.runtime.selection import NVIDIA_DEVICES


def examine_machine(root: Path = Path("/")) -> Iterator[Finding]:
    """Processor, CUDA, Jetson.

    Args:
        root: of the file system.
    """
    yield Finding("processor", "ok", describe_processor())
    yield _cuda(root)
    release = jetson_release(root)
    if release is None:
        yield Finding("jetson", "ok", "this is none")
        return
    yield Finding("jetson", "ok", release)
    rails = power_rails(root)
    if rails:
        readings = ", ".join(f"{name} {watts:.2f} W" for name, watts in rails.items())
        yield Finding("power rails", "ok", readings)
    else:
        yield Finding(
            "power rails",
            "warn",
            "none can be read, so diagnostics have no power",
            "give the container /sys, or the user the right to read /sys/bus/i2c/drivers/ina3221*",
        )
    zones = temperatures(root)
    yield Finding("temperature", "ok", ", ".join(f"{n} {t:.0f} C" for n, t in zones.items()) or "-")


def _cuda(root: Path) -> Finding:
    if find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            return Finding(
                "cuda",
                "ok",
                f"{torch.cuda.get_device_name(0)}, torch for CUDA {torch.version.cuda}",
            )
    if any((root / node.lstrip("/")).exists() for node in NVIDIA_DEVICES):
        return Finding(
            "cuda",
            "warn",
            "an NVIDIA GPU is there, but torch does not see it",
            "install a torch built for this machine's CUDA (on a Jetson NVIDIA's own), and check "
            "nvidia-smi",
        )
    return Finding("cuda", "ok", "no NVIDIA GPU; the processor computes")
