"""What to run and how, as data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.geometry import check_policy

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")
SMALLEST_SIDE = 64
"""The network halves its input five times; below this nothing would be left to see."""


@dataclass(frozen=True)
class RuntimeSettings:
    """Settings of `create_runtime`.

    Raises:
        JetSegError: a field holds a value that is not allowed.
    """

    checkpoint: str = "nano_camvid11"
    """Name of a shipped model, or path of a .pt or .onnx file."""
    backend: str = "auto"
    """auto, torch, openvino, onnxruntime or tensorrt."""
    device: str = "auto"
    """auto, cpu or cuda."""
    precision: str = "auto"
    """auto (the backend's choice), fp32, bf16 or fp16."""
    threads: int = 0
    """CPU threads, of the backend and of OpenCV, which fits frames, in the whole process; 0 = the libraries' choice."""
    strict_backend: bool = False
    """Whether a backend that is not available is an error; otherwise the next best runs, and says so."""
    input_size: tuple[int, int] = (360, 480)
    """(height, width) of the network's input, pixels; at least 64 each."""
    resize: str = "stretch"
    """How frames are fitted into it: stretch, letterbox (all of the frame, its aspect ratio kept) or crop (the
    middle of the frame)."""

    batch: int = 1
    """Frames segmented at once; more than 1 only with `Runtime.segment_batch`."""
    streams: int = 1
    """Callers that want to segment at the same time, sharing the CPU threads: more frames a second, each of which takes
    longer. How many may is `Runtime.streams`."""
    cache_dir: str = ""
    """Folder for compiled engines; empty = jetseg in the user's cache folder."""

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise JetSegError(f"device: '{self.device}' is not one of {', '.join(DEVICES)}")
        if self.precision not in PRECISIONS:
            raise JetSegError(
                f"precision: '{self.precision}' is not one of {', '.join(PRECISIONS)}"
            )
        if self.threads < 0:
            raise JetSegError(f"threads: {self.threads} must be 0 (the backend's choice) or more")
        if self.batch < 1:
            raise JetSegError(f"batch: {self.batch} must be 1 or more frames")
        if self.streams < 1:
            raise JetSegError(f"streams: {self.streams} must be 1 or more callers")
        check_input_size(self.input_size)
        check_policy(self.resize)

    def cpu_threads(self) -> int:
        """`threads`, or where that is the backend's choice, one for each core that this process may use."""
        return self.threads or len(os.sched_getaffinity(0))

    def cache_folder(self) -> Path:
        """Where compiled engines are kept; may not exist yet."""
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(self.cache_dir or Path(base) / "jetseg").expanduser()


def check_input_size(size: tuple[int, int]) -> None:
    """Refuse sizes that the network cannot see anything in.

    Raises:
        JetSegError: a side is shorter than 64 pixels.
    """
    if min(size) < SMALLEST_SIDE:
        raise JetSegError(
            f"input size: {size[0]}x{size[1]} (height x width) is too small; both sides must be at least "
            f"{SMALLEST_SIDE} pixels"
        )
