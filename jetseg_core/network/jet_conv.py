"""JetConv, the paper's residual multi-kernel convolution (section 2.1, Figure 2), and its parts CDDC and GPConv."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.network.layers import PointwiseConv
from jetseg_core.network.model_config import CDDC, DILATION_OF_KERNEL, Branches


def convenient_groups(in_channels: int, out_channels: int) -> int:
    """Number of groups of a 1x1 convolution (section 2.2).

    Of the common divisors of both channel counts, the one closest to their mean; on a tie the smaller.
    """
    common = math.gcd(in_channels, out_channels)
    divisors = [d for d in range(1, common + 1) if common % d == 0]
    mean = sum(divisors) / len(divisors)
    return min(divisors, key=lambda d: (abs(d - mean), d))


class GPConv(nn.Module):
    """1x1 convolution in the convenient number of groups: (N, Ci, H, W) -> (N, Co, ceil(H/s), ceil(W/s))."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.groups = convenient_groups(in_channels, out_channels)
        self.conv = PointwiseConv(in_channels, out_channels, self.groups)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride > 1:
            # The same function as a strided convolution, and faster: nothing is computed to be thrown away.
            x = x[..., :: self.stride, :: self.stride]
        return self.conv(x)


class _DepthwiseConv(nn.Conv2d):
    """Depthwise convolution without bias that keeps the size."""

    def __init__(self, channels: int, kernel: tuple[int, int], dilation: int = 1) -> None:
        height, width = kernel
        super().__init__(
            channels,
            channels,
            kernel,
            padding=(dilation * (height // 2), dilation * (width // 2)),
            dilation=dilation,
            groups=channels,
            bias=False,
        )


class _ColumnConv(_DepthwiseConv):
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


class CDDConv(nn.Module):
    """Combinated dilated depthwise convolution (section 2.1): (N, C, H, W) -> the same.

    A dilated depthwise pair (k x 1, 1 x k), then an undilated depthwise s x s. Linear: no bias, normalisation or
    activation between the parts.
    """

    def __init__(self, channels: int, kernels: CDDC) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        if k := kernels.asymmetric:
            dilation = DILATION_OF_KERNEL[k]
            parts.append(_ColumnConv(channels, (k, 1), dilation))
            parts.append(_DepthwiseConv(channels, (1, k), dilation))
        if s := kernels.square:
            parts.append(_DepthwiseConv(channels, (s, s)))
        self.parts = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.parts(x)


class JetConv(nn.Module):
    """Parallel CDDC branches, hierarchical sums, concatenation, GPConv, residual.

    (N, Ci, H, W) -> (N, Co, ceil(H/stride), ceil(W/stride)); the input is added when the shapes agree.
    """

    def __init__(
        self, in_channels: int, out_channels: int, branches: Branches, stride: int = 1
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(CDDConv(in_channels, kernels) for kernels in branches)
        self.pointwise = GPConv(len(branches) * in_channels, out_channels, stride)
        self.residual = in_channels == out_channels and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        # Branch i gets the sum of the branches before it, against the gridding of dilated kernels
        # (as EESP of ESPNetV2 does, arXiv 1811.11431, section 3.1).
        sums = [self.branches[0](x)]
        for branch in self.branches[1:]:
            sums.append(sums[-1] + branch(x))
        y = sums[0] if len(sums) == 1 else torch.cat(sums, dim=1)  # (N, branches * Ci, H, W)
        y = self.pointwise(y)  # (N, Co, H/stride, W/stride)
        return x + y if self.residual else y
