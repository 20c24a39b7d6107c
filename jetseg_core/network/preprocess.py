"""The way from camera pixels to the network's input, one for training, evaluation and deployment."""

from __future__ import annotations

import torch
from torch import Tensor

# Statistics of ImageNet, the field's convention (RGB, 0..255).
IMAGE_MEAN = (123.675, 116.28, 103.53)
IMAGE_STD = (58.395, 57.12, 57.375)


def normalise(images: Tensor) -> Tensor:
    """(N, H, W, 3) uint8 RGB -> (N, 3, H, W) float32, channels last in memory."""
    mean = torch.tensor(IMAGE_MEAN, device=images.device)
    scale = 1 / torch.tensor(IMAGE_STD, device=images.device)
    # A permuted view of contiguous NHWC data already is the channels_last layout.
    return ((images.float() - mean) * scale).permute(0, 3, 1, 2)
