"""Deployed form of JetNet: the same function in fewer and cheaper operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from jetseg_core.deploy.folding import convolution, norm_as_affine
from jetseg_core.network.encoder import JetNet
from jetseg_core.network.jet_block import InputBlock, JetBlock
from jetseg_core.network.jet_conv import CDDConv
from jetseg_core.network.jetseg import IMAGE_STD
from jetseg_core.network.kernels import (
    branch_matrices,
    depthwise_kernel,
    pointwise_matrix,
)

DENSE_CHANNELS = 64
"""Up to this many channels a dense 1x1 convolution is faster than a grouped one (OpenVINO, x86)."""


class DeployedEncoder(nn.Module):
    """(N, 3, H, W) float, RGB minus `IMAGE_MEAN` -> features at strides 2, 4, 8 and 32."""

    def __init__(self, encoder: JetNet) -> None:
        super().__init__()
        self.stride2 = nn.Sequential(_DeployedInput(encoder.s0), *_blocks(encoder.s0_residual))
        self.stride4 = nn.Sequential(*_blocks(encoder.s1))
        self.stride8 = nn.Sequential(*_blocks(encoder.s2_stride8))
        self.stride32 = nn.Sequential(*_blocks(encoder.s2_stride16), *_blocks(encoder.s3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        stride2 = self.stride2(x)
        stride4 = self.stride4(stride2)
        stride8 = self.stride8(stride4)
        return stride2, stride4, stride8, self.stride32(stride8)


class _DeployedInput(nn.Module):
    """`InputBlock` as a sum of convolutions of stride 2 that hold the norm and `IMAGE_STD` in their weights.

    A dilated pair stays a pair: k x 1 over each color, then 1 x k into the output's channels.
    """

    def __init__(self, block: InputBlock) -> None:
        super().__init__()
        self.activation = block.activation
        jet_conv = block.jet_conv
        scale, shift = norm_as_affine(block.norm)
        matrix = pointwise_matrix(jet_conv.pointwise) * scale[:, None]
        matrices = branch_matrices(matrix, len(jet_conv.branches))
        branches = cast("Iterable[CDDConv]", jet_conv.branches)
        self.branches = nn.ModuleList(
            _input_branch(branch, matrix / torch.tensor(IMAGE_STD), None if index else shift)
            for index, (branch, matrix) in enumerate(zip(branches, matrices, strict=True))
        )

    def forward(self, x: Tensor) -> Tensor:
        first, *rest = (branch(x) for branch in self.branches)
        return self.activation(sum(rest, first))


def _input_branch(branch: CDDConv, matrix: Tensor, shift: Tensor | None) -> nn.Module:
    """A branch and its (Co, Ci) share of the GPConv, with stride 2."""
    merged = depthwise_kernel(branch)
    assert merged is not None, "every combination's input branches are single kernels"
    kernel, dilation = merged  # (Ci, k, k)
    if dilation == 1:
        return convolution(matrix[:, :, None, None] * kernel, shift, 2)
    column, row, *rest = (part.weight[:, 0] for part in cast("Iterable[nn.Conv2d]", branch.parts))
    for factor in rest:  # 1 x 1 kernels, or the branch would not be a single kernel
        row = row * factor
    return nn.Sequential(
        convolution(torch.eye(len(column))[:, :, None, None] * column, None, (2, 1), dilation),
        convolution(matrix[:, :, None, None] * row, shift, (1, 2), dilation),
    )


class _DeployedBlock(nn.Module):
    """`JetBlock` with folded norms and merged kernels; with few channels also without shuffle and sums."""

    def __init__(self, block: JetBlock) -> None:
        super().__init__()
        jet_conv, expand = block.jet_conv, block.expand
        self.pool = block.pool
        scale, shift = norm_as_affine(block.norm)
        last_scale, last_shift = _last_norm(block)
        hidden = len(shift)
        dense = hidden <= DENSE_CHANNELS
        if dense:
            # The rows of a matrix may stand in any order, so the shuffle is free, and so are the branches' sums.
            order = block.shuffle(torch.arange(hidden).view(1, -1, 1, 1)).flatten()
            matrix = pointwise_matrix(expand) * scale[:, None]
            self.expand = convolution(matrix[order], shift[order], expand.stride)
            self.shuffle: nn.Module = nn.Identity()
            matrices = branch_matrices(pointwise_matrix(jet_conv.pointwise), len(jet_conv.branches))
            self.mix = convolution(torch.cat(matrices, 1))
            self.reduce = convolution(
                pointwise_matrix(block.reduce) * last_scale[:, None], last_shift
            )
        else:
            weight = expand.conv.weight * scale[:, None, None, None]
            self.expand = convolution(weight, shift, expand.stride, groups=expand.groups)
            self.shuffle = block.shuffle
            self.mix = jet_conv.pointwise.conv
            self.reduce = convolution(
                block.reduce.conv.weight * last_scale[:, None, None, None],
                last_shift,
                groups=block.reduce.groups,
            )
        self.sums_branches = not dense
        self.branches = nn.ModuleList(
            _merged(branch) for branch in cast("Iterable[CDDConv]", jet_conv.branches)
        )
        self.inner_skip, self.outer_skip = jet_conv.residual, block.residual
        self.attention, self.activation = block.attention, block.activation

    def forward(self, x: Tensor) -> Tensor:
        y = self.shuffle(self.activation(self.expand(self.pool(x))))
        branches = [branch(y) for branch in self.branches]
        if self.sums_branches:
            for index in range(1, len(branches)):
                branches[index] = branches[index] + branches[index - 1]
        mixed = self.mix(torch.cat(branches, 1) if len(branches) > 1 else branches[0])
        y = y + mixed if self.inner_skip else mixed
        y = self.reduce(self.activation(self.attention(y)))
        return x + y if self.outer_skip else y


def _blocks(stage: nn.Module) -> list[_DeployedBlock]:
    return [_DeployedBlock(block) for block in stage.modules() if isinstance(block, JetBlock)]


def _last_norm(block: JetBlock) -> tuple[Tensor, Tensor | None]:
    """The norm at the end of a block as (C,) scale and shift; 1 and None without a norm."""
    if isinstance(block.last_norm, nn.BatchNorm2d):
        return norm_as_affine(block.last_norm)
    return torch.ones(block.reduce.conv.out_channels), None


def _merged(branch: CDDConv) -> nn.Module:
    """A branch as one depthwise convolution if that is exact, else unchanged."""
    merged = depthwise_kernel(branch)
    if merged is None:
        return branch
    kernel, dilation = merged
    return convolution(kernel[:, None], dilation=dilation, groups=len(kernel))
