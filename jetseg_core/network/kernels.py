"""Linear layers as plain kernels, from which faster forms of the same function are computed. Differentiable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from jetseg_core.network.jet_conv import CDDConv, GPConv, JetConv


def depthwise_kernel(cddc: CDDConv) -> tuple[Tensor, int] | None:
    """A whole CDDC as one depthwise kernel (C, k, k) and its dilation; None if no single kernel equals it.

    A dilated k x 1 and 1 x k pair with zero padding is one k x k convolution, borders included, also with a
    1 x 1 after it. With a larger square after the pair the borders would differ.
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
    """The (Co, Ci) matrix by which a grouped 1x1 convolution multiplies each pixel."""
    blocks = layer.conv.weight[:, :, 0, 0].chunk(layer.groups)
    return torch.block_diag(*blocks)


def branch_matrices(matrix: Tensor, branches: int) -> list[Tensor]:
    """Matrices by which a JetConv multiplies each branch: its GPConv without the hierarchical sums before it.

    Args:
        matrix: (Co, branches * Ci), that of the GPConv.
        branches: number of concatenated sums; sum i holds the branches 0 to i.

    Returns:
        One (Co, Ci) matrix per branch.
    """
    of_sums = matrix.chunk(branches, dim=1)
    return [torch.stack(of_sums[branch:]).sum(0) for branch in range(branches)]


def dense_kernels(jet_conv: JetConv) -> list[tuple[Tensor, int]] | None:
    """A whole JetConv without its skip as a sum of ordinary convolutions, one per branch.

    Returns:
        (Co, Ci, k, k) kernels and their dilations, for the stride of the GPConv; None if no single kernel equals
        one of the branches.
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
