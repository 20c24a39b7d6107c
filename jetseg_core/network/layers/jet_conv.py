"""JetConv, the paper's residual multi-kernel convolution (section 2.1, Figure 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jetseg_core.network.layers.cddc import CDDConv
from jetseg_core.network.layers.pointwise import GPConv
from jetseg_core.network.model_config import Branches


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
