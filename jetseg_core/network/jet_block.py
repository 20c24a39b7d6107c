"""The two blocks of JetNet (sections 2.2 and 2.3, Figure 3)."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.network.jet_conv import GPConv, JetConv
from jetseg_core.network.kernels import dense_kernels
from jetseg_core.network.layers import (
    ChannelShuffle,
    MeanPool,
    NormedActivation,
    make_activation,
    make_attention,
)
from jetseg_core.network.model_config import AttentionKind, Branches, EncoderForm


class InputBlock(NormedActivation):
    """Figure 3 (a): JetConv, batch norm, activation. (N, 3, H, W) -> (N, C, ceil(H/2), ceil(W/2))."""

    def __init__(
        self, in_channels: int, out_channels: int, branches: Branches, activation: str
    ) -> None:
        super().__init__(
            JetConv(in_channels, out_channels, branches, stride=2),
            nn.BatchNorm2d(out_channels),
            make_activation(activation),
        )

    @property
    def jet_conv(self) -> JetConv:
        """The JetConv."""
        return cast("JetConv", self[0])

    def forward(self, x: Tensor) -> Tensor:
        kernels = dense_kernels(self.jet_conv) if self.training else None
        if kernels is None:
            return super().forward(x)
        # The same function in half the time of a training step: nothing is computed at the full resolution.
        stride = self.jet_conv.pointwise.stride
        convolved = [
            F.conv2d(x, kernel, None, stride, dilation * (kernel.shape[-1] // 2), dilation)
            for kernel, dilation in kernels
        ]
        return self.activation(self.norm(sum(convolved[1:], convolved[0])))


class JetBlock(nn.Module):
    """Figure 3 (b): widen, shuffle, JetConv, attention, narrow; one skip over the whole.

    (N, Ci, H, W) -> (N, Co, ceil(H/stride), ceil(W/stride)); the input is added when the shapes agree.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        hidden_channels: int,
        branches: Branches,
        attention: AttentionKind,
        activation: str,
        stride: int = 1,
        encoder: EncoderForm = "paper",
    ) -> None:
        super().__init__()
        # A down-sampling block halves the resolution here: in its first convolution, or right before it.
        pools = stride == 2 and encoder == "refined"
        self.pool = MeanPool() if pools else nn.Identity()
        self.expand = GPConv(in_channels, hidden_channels, 1 if pools else stride)
        self.norm = nn.BatchNorm2d(hidden_channels)
        self.activation = make_activation(activation)
        self.shuffle = ChannelShuffle(self.expand.groups)
        self.jet_conv = JetConv(hidden_channels, hidden_channels, branches)
        self.attention = make_attention(attention, hidden_channels, activation)
        self.reduce = GPConv(hidden_channels, out_channels)
        self.last_norm = nn.BatchNorm2d(out_channels) if encoder == "refined" else nn.Identity()
        self.residual = in_channels == out_channels and stride == 1

    def begin_as_identity(self) -> None:
        """Set the weights so that a residual block returns its input (arXiv 1706.02677, section 5.1)."""
        if self.residual:
            norm = self.last_norm
            nn.init.zeros_(
                norm.weight if isinstance(norm, nn.BatchNorm2d) else self.reduce.conv.weight
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.activation(self.norm(self.expand(self.pool(x))))
        y = self.attention(self.jet_conv(self.shuffle(y)))
        y = self.last_norm(self.reduce(self.activation(y)))
        return x + y if self.residual else y
