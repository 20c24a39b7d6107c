"""What to run and how, as data."""

from __future__ import annotations

from dataclasses import dataclass

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.base import check_input_size
from jetseg_core.runtime.geometry import check_policy

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True)
class RuntimeSettings:
    """Settings of `create_runtime`.

    Raises:
        JetSegError: a field holds a value that is not allowed.
    """

    checkpoint: str = "nano_camvid11"
    """Name of a shipped model, or path of a .pt or .onnx file."""
    backend: str = "auto"
    """auto, torch or openvino."""
    device: str = "auto"
    """auto, cpu or cuda."""
    precision: str = "auto"
    """auto (the backend's choice), fp32, bf16 or fp16."""
    threads: int = 0
    """CPU threads; 0 = the backend's choice."""
    strict_backend: bool = False
    """Whether a backend that is not available is an error; otherwise the next best runs, and says so."""
    input_size: tuple[int, int] = (360, 480)
    """(height, width) of the network's input, pixels; at least 64 each."""
    resize: str = "stretch"
    """How frames are fitted into it: stretch, letterbox (all of the frame, its aspect ratio kept) or crop (the
    middle of the frame)."""

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise JetSegError(f"device: '{self.device}' is not one of {', '.join(DEVICES)}")
        if self.precision not in PRECISIONS:
            raise JetSegError(
                f"precision: '{self.precision}' is not one of {', '.join(PRECISIONS)}"
            )
        if self.threads < 0:
            raise JetSegError(f"threads: {self.threads} must be 0 (the backend's choice) or more")
        check_input_size(self.input_size)
        check_policy(self.resize)
