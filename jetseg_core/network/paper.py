"""Claims of the paper for JetSeg (section 3, Table 1), and the configuration that they are compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jetseg_core.network.model_config import PAPER_FORM


@dataclass(frozen=True)
class TableRow:
    """One row of Table 1."""

    input_size: tuple[int, int]
    """(height, width), pixels."""
    parameters: float
    """Number of learned values; the table gives one significant digit."""
    flops: float
    """Operations by Eq. 2."""
    frames_per_second: dict[str, float]
    """Frames per second by device, in PyTorch without TensorRT."""


JETSEG_ROW = TableRow(
    input_size=(512, 512),
    parameters=0.00003e9,
    flops=1.125e9,
    frames_per_second={"Titan RTX": 158.0, "Jetson AGX Xavier": 39.9},
)
"""The row of JetSeg; the rate on the Jetson is from the text next to the table."""

JETSEG_CONFIG = replace(PAPER_FORM, num_classes=32)
"""The configuration behind that row: the smallest, with CamVid's 32 classes."""
