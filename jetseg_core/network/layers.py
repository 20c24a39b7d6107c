"""Layers that blocks and decoders are built from: activations, 1x1 convolution with norm, pooling, attention."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import AttentionKind


class REU(nn.Module):
    """Rectified exponential unit (ref. 24): x where x > 0, x * exp(x) elsewhere. Any shape in, the same out."""

    def forward(self, x: Tensor) -> Tensor:
        # exp's argument stays at 0 or below, so neither value nor gradient can overflow. hardtanh is a clamp
        # whose backward is one pass over memory (clamp's takes three); exp(-100) is 0 in every precision used.
        return x * F.hardtanh(x, -100.0, 0.0).exp_()


class TanhExp(nn.Module):
    """x * tanh(exp(x)) (section 2.2). Any shape in, the same out."""

    def forward(self, x: Tensor) -> Tensor:
        # tanh(exp(x)) is 1 to the last float32 bit from x = 3 on, so clamping there changes nothing; hardtanh as in
        # REU takes a fifth of the whole time.
        return x * torch.tanh(F.hardtanh(x, -100.0, 3.0).exp_())


def make_activation(name: str) -> nn.Module:
    """A new activation layer: ``reu``, ``tanhexp``, or ``hardswish``, which is the fastest of the three."""
    return {"reu": REU, "tanhexp": TanhExp, "hardswish": nn.Hardswish}[name]()


class PointwiseConv(nn.Conv2d):
    """1x1 convolution: (N, Ci, H, W) -> (N, Co, H, W)."""

    def __init__(
        self, in_channels: int, out_channels: int, groups: int = 1, bias: bool = False
    ) -> None:
        super().__init__(in_channels, out_channels, 1, groups=groups, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and x.device.type == "cpu"):
            return super().forward(x)
        # In training on a CPU, as a product of matrices: the same function, and a step takes 0.6 times as long. Groups
        # are blocks of a matrix that is zero elsewhere; so few channels cost less than a loop over groups.
        blocks = self.weight.flatten(1).chunk(self.groups)
        matrix = torch.block_diag(*blocks) if self.groups > 1 else self.weight.flatten(1)
        return F.linear(x.permute(0, 2, 3, 1), matrix, self.bias).permute(0, 3, 1, 2)


class NormedActivation(nn.Sequential):
    """A linear layer, then batch norm and activation, with names for the last two."""

    @property
    def norm(self) -> nn.BatchNorm2d:
        """The batch norm."""
        return cast("nn.BatchNorm2d", self[1])

    @property
    def activation(self) -> nn.Module:
        """The activation."""
        return self[2]


class ConvBnAct(NormedActivation):
    """1x1 convolution, batch norm, activation: (N, Ci, H, W) -> (N, Co, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, activation: str) -> None:
        super().__init__(
            PointwiseConv(in_channels, out_channels),
            nn.BatchNorm2d(out_channels),
            make_activation(activation),
        )

    @property
    def convolution(self) -> nn.Conv2d:
        """The 1x1 convolution, without bias."""
        return cast("nn.Conv2d", self[0])


class MeanPool(nn.Module):
    """Mean of each 2x2 pixels: (N, C, H, W) -> (N, C, ceil(H/2), ceil(W/2)); at an odd border, of those inside.

    It stands before a 1x1 convolution, as in ResNet-D (arXiv 1812.01187, section 4.2); a stride of 2 in the
    convolution itself would drop three of four pixels.
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)


class ChannelShuffle(nn.Module):
    """Interleave the channels of `groups` groups (section 2.2; ShuffleNet, arXiv 1707.01083, section 3.1).

    (N, C, H, W) -> (N, C, H, W), C a multiple of groups.
    """

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


class ChannelAttention(nn.Module):
    """CBAM's channel half (arXiv 1807.06521, section 3.1): (N, C, H, W) -> the same, channels scaled by 0..1."""

    def __init__(self, channels: int, activation: str, reduction: int = 8) -> None:
        super().__init__()
        hidden = max(channels // reduction, 1)
        # CBAM has ReLU here; with it both of nano's hidden units may be dead from the start.
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, hidden, 1),
            make_activation(activation),
            nn.Conv2d(hidden, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        average = self.mlp(x.mean((2, 3), keepdim=True))  # (N, C, 1, 1)
        maximum = self.mlp(x.amax((2, 3), keepdim=True))
        return x * torch.sigmoid(average + maximum)


class SpatialAttention(nn.Module):
    """CBAM's spatial half (arXiv 1807.06521, section 3.2): (N, C, H, W) -> the same, pixels scaled by 0..1."""

    def __init__(self, kernel: int = 7) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.cat((x.mean(1, keepdim=True), x.amax(1, keepdim=True)), 1)  # (N, 2, H, W)
        return x * torch.sigmoid(self.conv(pooled))


class ECA(nn.Module):
    """Efficient channel attention (arXiv 1910.03151): (N, C, H, W) -> the same, channels scaled by 0..1."""

    def __init__(self, channels: int, gamma: int = 2, b: int = 1) -> None:
        super().__init__()
        kernel = int(abs((math.log2(channels) + b) / gamma))
        kernel += 1 - kernel % 2  # odd
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        pooled = x.mean((2, 3)).unsqueeze(1)  # (N, 1, C)
        scale = torch.sigmoid(self.conv(pooled)).transpose(1, 2).unsqueeze(-1)  # (N, C, 1, 1)
        return x * scale


def make_attention(kind: AttentionKind, channels: int, activation: str) -> nn.Module:
    """A new attention layer of the kind (section 2.3); the identity for ``none``."""
    if kind == "cbam":
        return nn.Sequential(ChannelAttention(channels, activation), SpatialAttention())
    if kind == "spatial":
        # A 3x3 kernel at stride 8 covers about the same area as CBAM's 7x7 at stride 4.
        return SpatialAttention(kernel=3)
    if kind == "eca":
        return ECA(channels)
    return nn.Identity()
