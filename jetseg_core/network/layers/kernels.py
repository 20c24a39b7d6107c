"""Linear layers as plain kernels: what exact reformulations are computed from. Gradients flow through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from jetseg_core.network.layers.cddc import CDDConv
from jetseg_core.network.layers.jet_conv import JetConv
from jetseg_core.network.layers.pointwise import GPConv


def depthwise_kernel(cddc: CDDConv) -> tuple[Tensor, int] | None:
    """A whole CDDC as one depthwise kernel (C, k, k) and its dilation; None where it is not exactly one.

    A dilated k x 1 and 1 x k pair with zero padding is one k x k convolution, borders included, also with a
    1 x 1 behind it. With a larger square behind the pair the borders would differ.
    """
    first, *rest = cast("Iterable[nn.Conv2d]", cddc.parts)
    kernel, dilation = first.weight[:, 0], first.dilation[0]  # (C, kh, kw)
    for part in rest:
        height, width = part.kernel_size
        if (height, width) != (1, 1) and not (kernel.shape[2] == height == 1):
            return None
        kernel = kernel * part.weight[:, 0]
    return kernel, dilation


def pointwise_matrix(layer: GPConv) -> Tensor:
    """A grouped pointwise convolution as the (Co, Ci) matrix that it multiplies each pixel by."""
    blocks = layer.conv.weight[:, :, 0, 0].chunk(layer.groups)
    return torch.block_diag(*blocks)


def branch_matrices(matrix: Tensor, branches: int) -> list[Tensor]:
    """What a JetConv's pointwise step multiplies each branch by, its hierarchical sums and concatenation undone.

    Args:
        matrix: (Co, branches * Ci), that of the pointwise step.
        branches: how many sums were concatenated; sum i holds the branches 0 to i.

    Returns:
        One (Co, Ci) matrix a branch.
    """
    of_sums = matrix.chunk(branches, dim=1)
    return [torch.stack(of_sums[branch:]).sum(0) for branch in range(branches)]


def dense_kernels(jet_conv: JetConv) -> list[tuple[Tensor, int]] | None:
    """A whole JetConv without its skip as a sum of ordinary convolutions, one a branch.

    Returns:
        (Co, Ci, k, k) kernels and their dilations, the stride being that of the pointwise step; None where a
        branch is not exactly one kernel.
    """
    kernels = []
    matrices = branch_matrices(pointwise_matrix(jet_conv.pointwise), len(jet_conv.branches))
    branches = cast("Iterable[CDDConv]", jet_conv.branches)
    for branch, matrix in zip(branches, matrices, strict=True):
        merged = depthwise_kernel(branch)
        if merged is None:
            return None
        kernel, dilation = merged
        kernels.append((matrix[:, :, None, None] * kernel, dilation))
    return kernels
