"""Receptive field of the encoder's features, from kernels, dilations and strides alone."""

from __future__ import annotations

import math

from torch import nn

from jetseg_core.network.encoder import JetNet
from jetseg_core.network.jet_conv import GPConv, JetConv
from jetseg_core.network.layers import ECA, ChannelAttention, MeanPool


def encoder_receptive_fields(encoder: JetNet) -> dict[str, int]:
    """Side, in pixels of the frame, of the square that one feature at the end of each stage depends on.

    Counts every convolution, that of spatial attention included. Leaves out CBAM's channel attention and ECA, which
    weigh channels by means over the whole frame.
    """
    fields, reach, jump = {}, 0, 1
    for name, modules in encoder.stages().items():
        for module in modules:
            reach += jump * _reach(module)
            jump *= _stride(module)
        fields[name] = reach + 1
    return fields


def _reach(module: nn.Module) -> int:
    """Pixels of its input in a row or column that an output depends on, less one."""
    if isinstance(module, nn.Conv2d):
        return int(module.dilation[0]) * (module.kernel_size[0] - 1)
    if isinstance(module, MeanPool):
        return 1
    if isinstance(module, JetConv):
        # Its branches are parallel; a 1x1 convolution follows them.
        return max(_reach(branch) for branch in module.branches)
    if isinstance(module, ChannelAttention | ECA):
        return 0
    reach, jump = 0, 1
    for child in module.children():  # All others run their parts one after the other.
        reach += jump * _reach(child)
        jump *= _stride(child)
    return reach


def _stride(module: nn.Module) -> int:
    """Pixels of its input between neighbours of its output; only means and 1x1 convolutions have strides."""
    if isinstance(module, MeanPool):
        return 2
    if isinstance(module, GPConv):
        return module.stride
    return math.prod(_stride(child) for child in module.children())
