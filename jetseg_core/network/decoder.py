"""The decoder: RegSeg's (arXiv 2111.09957, section 3.3), with taps at strides 2, 8 and 32 (section 2)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.network.layers.activation import make_activation
from jetseg_core.network.layers.conv_bn_act import ConvBnAct
from jetseg_core.network.model_config import DecoderForm


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


class FastDecoder(nn.Module):
    """The same in a faster form: one tensor at stride 2 in place of three, and half as wide.

    The middle features are fused before they are up-sampled, twice. The finest tap has no head of its own. The
    convolution over the concatenation is the sum of one over each half; that over the up-sampled half runs
    before the up-sampling, which is the same. As in RegSeg, fusing convolutions see 3x3 pixels.
    """

    def __init__(
        self, tap_channels: tuple[int, int, int], width: int, num_classes: int, activation: str
    ) -> None:
        super().__init__()
        fine, middle, coarse = tap_channels
        self.head8 = ConvBnAct(middle, width, activation)
        self.head32 = ConvBnAct(coarse, width, activation)
        self.context8 = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False) for _ in range(2)
        )
        self.fuse8 = nn.ModuleList(ConvBnAct(width, width, activation) for _ in range(2))
        self.narrow8 = nn.Conv2d(width, width // 2, 1, bias=False)
        self.fine2 = nn.Conv2d(fine, width // 2, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width // 2)
        self.activation2 = make_activation(activation)
        self.classifier = nn.Conv2d(width // 2, num_classes, 1)

    def forward(self, stride2: Tensor, stride8: Tensor, stride32: Tensor) -> Tensor:
        middle = self.head8(stride8)  # (N, D, H/8, W/8)
        middle = middle + resize(self.head32(stride32), middle)
        for context, fuse in zip(self.context8, self.fuse8, strict=True):
            middle = middle + fuse(context(middle))
        middle = self.narrow8(middle)  # (N, D/2, H/8, W/8)
        fine = self.fine2(stride2) + resize(middle, stride2)  # (N, D/2, H/2, W/2)
        return self.classifier(self.activation2(self.norm2(fine)))


DECODERS: Mapping[DecoderForm, type[Decoder | FastDecoder]] = {
    "paper": Decoder,
    "fast": FastDecoder,
}


def resize(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear interpolation of (N, C, h, w) to the height and width of `like`."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
