"""The decoder: RegSeg's (arXiv 2111.09957, section 3.3), with taps at strides 2, 8 and 32 (section 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.layers.conv_bn_act import ConvBnAct


class Decoder(nn.Module):
    """Features at strides 2, 8, 32 -> logits at stride 2: (N, classes, ceil(H/2), ceil(W/2))."""

    def __init__(
        self, tap_channels: tuple[int, int, int], width: int, num_classes: int, activation: str
    ) -> None:
        super().__init__()
        self.head2, self.head8, self.head32 = (
            ConvBnAct(channels, width, activation) for channels in tap_channels
        )
        self.fuse8 = ConvBnAct(width, width, activation)
        self.fuse2 = ConvBnAct(2 * width, width, activation)
        self.classifier = nn.Conv2d(width, num_classes, 1)

    def forward(self, stride2: Tensor, stride8: Tensor, stride32: Tensor) -> Tensor:
        fine = self.head2(stride2)  # (N, D, H/2, W/2)
        middle = self.head8(stride8)  # (N, D, H/8, W/8)
        middle = middle + resize(self.head32(stride32), middle)
        middle = self.fuse8(resize(middle, fine))  # (N, D, H/2, W/2)
        return self.classifier(self.fuse2(torch.cat((fine, middle), 1)))


def resize(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear interpolation of (N, C, h, w) to the height and width of `like`."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
