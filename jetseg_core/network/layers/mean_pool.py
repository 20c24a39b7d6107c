"""Down-sampling that uses every pixel."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class MeanPool(nn.Module):
    """Mean of each 2x2 pixels: (N, C, H, W) -> (N, C, ceil(H/2), ceil(W/2)); at an odd border, of those there are.

    In front of a 1x1 convolution, as in ResNet-D (arXiv 1812.01187, section 4.2): with stride 2 in the convolution
    itself, three of four pixels are thrown away.
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
