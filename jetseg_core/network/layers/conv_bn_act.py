"""Convolution, batch norm, activation: the form of the decoder's brick and of the input block."""

from __future__ import annotations

from typing import cast

from torch import nn

from jetseg_core.network.layers.activation import make_activation


class NormedActivation(nn.Sequential):
    """Something linear, then batch norm and activation, by their names."""

    @property
    def norm(self) -> nn.BatchNorm2d:
        """Its second part."""
        return cast("nn.BatchNorm2d", self[1])

    @property
    def activation(self) -> nn.Module:
        """Its third part."""
        return self[2]


class ConvBnAct(NormedActivation):
    """1x1 convolution, batch norm, activation: (N, Ci, H, W) -> (N, Co, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, activation: str) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            make_activation(activation),
        )

    @property
    def convolution(self) -> nn.Conv2d:
        """Its first part."""
        return cast("nn.Conv2d", self[0])
