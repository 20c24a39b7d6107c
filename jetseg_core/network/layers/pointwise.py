"""Grouped pointwise convolution, GPConv (section 2.1, fourth step of JetConv)."""

from __future__ import annotations

from torch import Tensor, nn

from jetseg_core.network.layers.group_rule import convenient_groups


class GPConv(nn.Module):
    """1x1 convolution in the convenient number of groups: (N, Ci, H, W) -> (N, Co, ceil(H/s), ceil(W/s))."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.groups = convenient_groups(in_channels, out_channels)
        self.conv = nn.Conv2d(in_channels, out_channels, 1, groups=self.groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride > 1:
            # The same function as a strided convolution, and faster: nothing is computed to be thrown away.
            x = x[..., :: self.stride, :: self.stride]
        return self.conv(x)
