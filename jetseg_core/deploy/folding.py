"""Fold linear layers and batch norm into plain convolutions, and put those in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Kind = TypeVar("Kind", bound=nn.Module)


def norm_as_affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Batch norm in evaluation as (C,) scale and (C,) shift."""
    assert norm.running_var is not None and norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def convolution(
    kernel: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    dilation: int = 1,
    groups: int = 1,
) -> nn.Conv2d:
    """A convolution with these weights, padded so that only its stride changes the size.

    Args:
        kernel: (Co, Ci / groups, kh, kw) with odd sides, or (Co, Ci / groups) for 1x1.
        bias: (Co,).
        stride: one for both axes, or (rows, columns).
    """
    if kernel.ndim == 2:
        kernel = kernel[:, :, None, None]
    height, width = kernel.shape[2:]
    layer = nn.Conv2d(
        kernel.shape[1] * groups,
        kernel.shape[0],
        (height, width),
        stride=stride,
        padding=(dilation * (height // 2), dilation * (width // 2)),
        dilation=dilation,
        groups=groups,
        bias=bias is not None,
    )
    layer.weight.data = kernel.detach().clone()
    if bias is not None:
        assert layer.bias is not None
        layer.bias.data = bias.detach().clone()
    return layer


def fold_norm(convolved: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """A 1x1 convolution without bias and the norm after it, as one convolution."""
    scale, shift = norm_as_affine(norm)
    return convolution(
        convolved.weight * scale[:, None, None, None], shift, groups=convolved.groups
    )


def replace_modules(module: nn.Module, kind: type[Kind], make: Callable[[Kind], nn.Module]) -> None:
    """Replace all layers of a kind below a module, in place."""
    for name, child in module.named_children():
        if isinstance(child, kind):
            setattr(module, name, make(child))
        else:
            replace_modules(child, kind, make)
