"""CDDC, the combinated dilated depthwise convolution (section 2.1, Figure 2)."""

from __future__ import annotations

from torch import Tensor, nn

from jetseg_core.config import CDDC, DILATION_OF_KERNEL


class CDDConv(nn.Module):
    """A dilated depthwise pair (k x 1, 1 x k), then an undilated depthwise s x s: (N, C, H, W) -> the same.

    Linear: no bias, no normalisation, no activation between the parts.
    """

    def __init__(self, channels: int, kernels: CDDC) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        if kernels.asymmetric:
            k = kernels.asymmetric
            dilation = DILATION_OF_KERNEL[k]
            reach = dilation * (k // 2)
            parts.append(_depthwise(channels, (k, 1), (reach, 0), dilation))
            parts.append(_depthwise(channels, (1, k), (0, reach), dilation))
        if kernels.square:
            s = kernels.square
            parts.append(_depthwise(channels, (s, s), (s // 2, s // 2), 1))
        self.parts = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.parts(x)


def _depthwise(
    channels: int, kernel: tuple[int, int], padding: tuple[int, int], dilation: int
) -> nn.Conv2d:
    return nn.Conv2d(
        channels,
        channels,
        kernel,
        padding=padding,
        dilation=dilation,
        groups=channels,
        bias=False,
    )
