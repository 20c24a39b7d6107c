"""The decoders, like RegSeg's (arXiv 2111.09957, section 3.3); the paper taps strides 2, 8 and 32 (section 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.errors import JetSegError
from jetseg_core.network.layers import ConvBnAct, PointwiseConv, make_activation
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.plain_data import short

TapChannels = tuple[int, int, int, int]
"""Channels of the encoder's features at strides 2, 4, 8 and 32."""


class Decoder(nn.Module):
    """Base of all decoders: features at strides 2, 4, 8 and 32 -> logits at stride 2.

    `forward` takes (N, C, ceil(H/s), ceil(W/s)) for each stride s and gives (N, classes, ceil(H/2), ceil(W/2)).
    """

    classifier: nn.Conv2d
    """The last layer, with a bias, which training shifts at its end for the highest mIoU."""
    doubling = "bilinear"
    """How its logits get to the frame's size: bilinear, or nearest, so that labels at stride 2 are doubled."""

    def __init__(
        self, tap_channels: TapChannels, width: int, num_classes: int, activation: str
    ) -> None:
        """Fix the sizes.

        Args:
            tap_channels: channels of the features at strides 2, 4, 8 and 32.
            width: channels inside the decoder.
            num_classes: channels of the logits.
            activation: name of the activation, see `make_activation`.
        """
        super().__init__()


class PaperDecoder(Decoder):
    """RegSeg's decoder as the paper taps it: a head for each tap, sum, concatenation at stride 2."""

    def __init__(
        self, tap_channels: TapChannels, width: int, num_classes: int, activation: str
    ) -> None:
        super().__init__(tap_channels, width, num_classes, activation)
        fine, _, middle, coarse = tap_channels
        self.head2, self.head8, self.head32 = (
            ConvBnAct(channels, width, activation) for channels in (fine, middle, coarse)
        )
        self.fuse8 = ConvBnAct(width, width, activation)
        self.fuse2 = ConvBnAct(2 * width, width, activation)
        self.classifier = PointwiseConv(width, num_classes, bias=True)

    def forward(
        self, stride2: Tensor, stride4: Tensor, stride8: Tensor, stride32: Tensor
    ) -> Tensor:
        fine = self.head2(stride2)  # (N, D, H/2, W/2)
        middle = self.head8(stride8)  # (N, D, H/8, W/8)
        middle = middle + resize(self.head32(stride32), middle)
        middle = self.fuse8(resize(middle, fine))  # (N, D, H/2, W/2)
        return self.classifier(self.fuse2(torch.cat((fine, middle), 1)))


class _ContextDecoder(Decoder):
    """Base of the decoders that fuse the middle features before they are up-sampled.

    As in RegSeg, fusing convolutions see 3x3 pixels.
    """

    def __init__(
        self, tap_channels: TapChannels, width: int, num_classes: int, activation: str
    ) -> None:
        super().__init__(tap_channels, width, num_classes, activation)
        _, _, middle, coarse = tap_channels
        self.head8 = ConvBnAct(middle, width, activation)
        self.head32 = ConvBnAct(coarse, width, activation)
        self.context8 = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False) for _ in range(2)
        )
        self.fuse8 = nn.ModuleList(ConvBnAct(width, width, activation) for _ in range(2))
        self.narrow8: nn.Conv2d = PointwiseConv(width, width // 2)

    def context(self, stride8: Tensor, stride32: Tensor) -> Tensor:
        """Middle features (N, width / 2, ceil(H/8), ceil(W/8))."""
        middle = self.head8(stride8)  # (N, D, H/8, W/8)
        middle = middle + resize(self.head32(stride32), middle)
        for context, fuse in zip(self.context8, self.fuse8, strict=True):
            middle = middle + fuse(context(middle))
        return self.narrow8(middle)


class FastDecoder(_ContextDecoder):
    """`PaperDecoder` in a faster form: one tensor at stride 2 in place of three, and half as wide.

    The finest tap has no head of its own. The convolution over the concatenation is the sum of one over each half; the
    one over the up-sampled half runs before the up-sampling, which is the same function.
    """

    def __init__(
        self, tap_channels: TapChannels, width: int, num_classes: int, activation: str
    ) -> None:
        super().__init__(tap_channels, width, num_classes, activation)
        self.fine2 = nn.Conv2d(tap_channels[0], width // 2, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width // 2)
        self.activation2 = make_activation(activation)
        self.classifier = PointwiseConv(width // 2, num_classes, bias=True)

    def forward(
        self, stride2: Tensor, stride4: Tensor, stride8: Tensor, stride32: Tensor
    ) -> Tensor:
        middle = self.context(stride8, stride32)
        fine = self.fine2(stride2) + resize(middle, stride2)  # (N, D/2, H/2, W/2)
        return self.classifier(self.activation2(self.norm2(fine)))


class Stride4Decoder(_ContextDecoder):
    """`FastDecoder` at a quarter of its pixels: logits at stride 4, labels at stride 2 (docs/network.md)."""

    doubling = "nearest"

    def __init__(
        self, tap_channels: TapChannels, width: int, num_classes: int, activation: str
    ) -> None:
        super().__init__(tap_channels, width, num_classes, activation)
        fine, quarter, _, _ = tap_channels
        self.narrow4: nn.Conv2d = PointwiseConv(quarter, width // 2)
        self.fine2 = nn.Conv2d(fine, width // 2, 3, 2, 1, bias=False)
        self.norm4 = nn.BatchNorm2d(width // 2)
        self.activation4 = make_activation(activation)
        self.classifier = PointwiseConv(width // 2, num_classes, bias=True)

    def forward(
        self, stride2: Tensor, stride4: Tensor, stride8: Tensor, stride32: Tensor
    ) -> Tensor:
        return doubled(self.at_stride4(stride2, stride4, stride8, stride32), stride2)

    def at_stride4(
        self, stride2: Tensor, stride4: Tensor, stride8: Tensor, stride32: Tensor
    ) -> Tensor:
        """Logits (N, classes, ceil(H/4), ceil(W/4))."""
        middle = resize(self.context(stride8, stride32), stride4)  # (N, D/2, H/4, W/4)
        # In this order a runtime adds within the convolutions.
        fine = middle + self.fine2(stride2) + self.narrow4(stride4)
        return self.classifier(self.activation4(self.norm4(fine)))


DECODERS: dict[str, type[Decoder]] = {
    "paper": PaperDecoder,
    "fast": FastDecoder,
    "stride4": Stride4Decoder,
}
"""Decoders by `ModelConfig.decoder`. A decoder added here can be trained, deployed and exported."""


def make_decoder(config: ModelConfig, tap_channels: TapChannels) -> Decoder:
    """The decoder of a configuration.

    Args:
        tap_channels: channels of the features at strides 2, 4, 8 and 32.

    Raises:
        JetSegError: the decoder's name is not one of `DECODERS`.
    """
    if config.decoder not in DECODERS:
        raise JetSegError(f"decoder: {short(config.decoder)} is not one of {', '.join(DECODERS)}")
    return DECODERS[config.decoder](
        tap_channels, config.sizes.decoder_channels, config.num_classes, config.activation
    )


def resize(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear interpolation of (N, C, h, w) to the height and width of `like`."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def doubled(logits: Tensor, like: Tensor, mode: str = "bilinear") -> Tensor:
    """Logits at half the height and width of `like`, rounded up, at its size."""
    # Exactly doubled, then cut, so that pixels keep their places in odd sizes as in even ones.
    corners = False if mode == "bilinear" else None
    logits = F.interpolate(logits, scale_factor=2, mode=mode, align_corners=corners)
    return logits[..., : like.shape[-2], : like.shape[-1]]
