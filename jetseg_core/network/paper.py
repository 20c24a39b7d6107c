"""Claims of the paper for JetSeg (section 3, Table 1), and the configuration that they are compared with."""

from __future__ import annotations

from dataclasses import replace

from jetseg_core.network.model_config import PAPER_FORM

PAPER_SIZE = (512, 512)
"""(height, width) of the input, pixels."""
PAPER_PARAMETERS = 0.00003e9
"""Number of learned values; the table gives one significant digit."""
PAPER_FLOPS = 1.125e9
"""Operations by Eq. 2."""
PAPER_RATES = {"Titan RTX": 158.0, "Jetson AGX Xavier": 39.9}
"""Frames per second by device, in PyTorch without TensorRT; that of the Jetson is from the text next to the table."""
PAPER_CONFIG = replace(PAPER_FORM, num_classes=32)
"""The configuration behind those figures: the smallest, with CamVid's 32 classes."""
