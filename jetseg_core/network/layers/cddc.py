"""CDDC, the combinated dilated depthwise convolution (section 2.1, Figure 2)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.network.model_config import CDDC, DILATION_OF_KERNEL


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
            parts.append(_ColumnConv(channels, (k, 1), (reach, 0), dilation))
            parts.append(_Depthwise(channels, (1, k), (0, reach), dilation))
        if kernels.square:
            s = kernels.square
            parts.append(_Depthwise(channels, (s, s), (s // 2, s // 2), 1))
        self.parts = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.parts(x)


class _Depthwise(nn.Conv2d):
    """Depthwise convolution without bias that keeps the size."""

    def __init__(
        self, channels: int, kernel: tuple[int, int], padding: tuple[int, int], dilation: int
    ) -> None:
        super().__init__(
            channels,
            channels,
            kernel,
            padding=padding,
            dilation=dilation,
            groups=channels,
            bias=False,
        )


class _ColumnConv(_Depthwise):
    """A dilated k x 1 depthwise convolution."""

    def forward(self, x: Tensor) -> Tensor:
        dilation = self.dilation[0]
        if not (self.training and dilation > 1 and x.device.type == "cpu"):
            return super().forward(x)
        # The same with the gaps as zeros in the kernel: backward on a CPU is 5 times faster undilated.
        k = self.kernel_size[0]
        kernel = self.weight.new_zeros(self.out_channels, 1, dilation * (k - 1) + 1, 1)
        kernel[:, :, ::dilation] = self.weight
        return F.conv2d(x, kernel, padding=self.padding, groups=self.groups)
