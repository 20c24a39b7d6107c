"""The settings of a runtime."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.runtime import registry
from jetseg_core.runtime.geometry import POLICIES

SMALLEST_SIDE = 64
"""Pixels. The network halves its input five times, so a smaller one would leave next to nothing."""


@dataclass(frozen=True)
class RuntimeSettings:
    """Settings of `create_runtime`.

    Raises:
        JetSegError: a field holds a value that is not allowed.
    """

    checkpoint: str = "nano_road11"
    """Name of a shipped model, or path of a .pt or .onnx file."""
    backend: str = "auto"
    """auto (the fastest available) or a name in `registry.backends`."""
    device: str = "auto"
    """auto or one of `registry.devices`."""
    precision: str = "auto"
    """auto (the backend's choice) or one of `registry.precisions`."""
    threads: int = 0
    """CPU threads of the backend and of OpenCV, which resizes frames; 0 = the libraries' choice."""
    strict_backend: bool = False
    """True: a backend that is not available is an error. False: the next best runs, and says so."""
    input_size: tuple[int, int] = (360, 480)
    """(height, width) of the network's input, pixels; at least 64 each."""
    resize: str = "stretch"
    """Fit of frames into it: stretch, letterbox (all of the frame, its aspect ratio kept) or crop (the middle of the
    frame)."""
    batch: int = 1
    """Frames per call; more than 1 only with `Runtime.segment_batch`."""
    streams: int = 1
    """Callers at the same time, which share the CPU threads: more frames a second, each of which takes longer.
    `Runtime.streams` is the number that the backend allows."""
    cache_dir: str = ""
    """Folder for compiled engines; empty = jetseg in the user's cache folder."""
    class_maps: tuple[str, ...] = ()
    """Names or paths of class maps; that which is for the model's classes replaces them by its target's. The confidence
    stays that of the class before."""

    def __post_init__(self) -> None:
        _check_choice("backend", self.backend, "auto", *registry.backends())
        _check_choice("device", self.device, "auto", *registry.devices())
        _check_choice("precision", self.precision, "auto", *registry.precisions())
        _check_choice("resize", self.resize, *POLICIES)
        if self.threads < 0:
            raise JetSegError(f"threads: {self.threads} must be 0 (the backend's choice) or more")
        if self.batch < 1:
            raise JetSegError(f"batch: {self.batch} must be 1 or more frames")
        if self.streams < 1:
            raise JetSegError(f"streams: {self.streams} must be 1 or more callers")
        check_input_size(self.input_size)

    def cpu_threads(self) -> int:
        """`threads`, or if that is 0 the number of cores that this process may use."""
        return self.threads or len(os.sched_getaffinity(0))

    def cache_folder(self) -> Path:
        """The folder of compiled engines; may not exist yet."""
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(self.cache_dir or Path(base) / "jetseg").expanduser()


def check_input_size(size: tuple[int, int]) -> None:
    """Raise if an input size is too small for the network.

    Raises:
        JetSegError: a side is shorter than 64 pixels.
    """
    if min(size) < SMALLEST_SIDE:
        raise JetSegError(
            f"input size: {size[0]}x{size[1]} (height x width) is too small; both sides must be at least "
            f"{SMALLEST_SIDE} pixels"
        )


def _check_choice(field: str, value: str, *choices: str) -> None:
    if value not in choices:
        raise JetSegError(f"{field}: '{value}' is not one of {', '.join(choices)}")
