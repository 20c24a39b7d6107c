"""The attention modules of JetBlock: CBAM in S1, spatial in S2, ECA in S3 (section 2.3)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from jetseg_core.network.layers.activation import make_activation
from jetseg_core.network.model_config import AttentionKind


class ChannelAttention(nn.Module):
    """CBAM's channel half (arXiv 1807.06521, section 3.1): (N, C, H, W) -> the same, channels scaled by 0..1."""

    def __init__(self, channels: int, activation: str, reduction: int = 8) -> None:
        super().__init__()
        hidden = max(channels // reduction, 1)
        # CBAM has ReLU here; of nano's two hidden units both may be dead with it from the start.
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
    """A new attention layer of the kind; the identity for ``none``."""
    if kind == "cbam":
        return nn.Sequential(ChannelAttention(channels, activation), SpatialAttention())
    if kind == "spatial":
        # At stride 8 a 3x3 kernel sees what CBAM's 7x7 sees at stride 4.
        return SpatialAttention(kernel=3)
    if kind == "eca":
        return ECA(channels)
    return nn.Identity()
