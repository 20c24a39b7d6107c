"""Channel shuffle (section 2.2; ShuffleNet, arXiv 1707.01083, section 3.1)."""

from __future__ import annotations

from torch import Tensor, nn

from jetseg_core.errors import JetSegError


class ChannelShuffle(nn.Module):
    """Interleave the channels of `groups` groups: (N, C, H, W) -> (N, C, H, W), C a multiple of groups."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        if c % self.groups:
            raise JetSegError(
                f"channels: {c} cannot be shuffled in {self.groups} groups; give a multiple of {self.groups}"
            )
        x = x.view(n, self.groups, c // self.groups, h, w).transpose(1, 2)
        return x.reshape(n, c, h, w)
