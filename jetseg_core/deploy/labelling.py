"""From logits at half the frame's resolution to labels and confidence at all of it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F


def label(logits: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """What `JetSeg`'s last up-sampling, softmax and argmax give, without class channels at the full resolution.

    Bilinear doubling gives each pixel one of four sums of its neighbours; each of the four is computed, and
    reduced to a label, at half the resolution, and the labels are interleaved. Memory traffic is what this costs.

    Args:
        logits: (N, C, ceil(H/2), ceil(W/2)), floating point.
        size: (H, W).

    Returns:
        labels (N, H, W) uint8; confidence (N, H, W) uint8, the largest softmax probability times 255, rounded.
    """
    labels, confidence = [], []
    for phase in _doubling_phases(logits):
        labels.append(phase.argmax(1).to(torch.uint8))
        phase = phase.float()
        # The largest softmax probability without the others: exp(0) over the sum.
        excess = (phase - phase.amax(1, keepdim=True)).exp().sum(1)
        confidence.append((255 / excess).round().to(torch.uint8))
    return _interleave(labels, size), _interleave(confidence, size)


def _doubling_phases(x: Tensor) -> Iterator[Tensor]:
    """The pixels of the doubled x at even rows and columns, even and odd, odd and even, odd and odd."""
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")
    for above in (x[:, :, :-2], x[:, :, 2:]):
        rows = 0.75 * x[:, :, 1:-1] + 0.25 * above
        for beside in (rows[..., :-2], rows[..., 2:]):
            yield 0.75 * rows[..., 1:-1] + 0.25 * beside


def _interleave(phases: list[Tensor], size: tuple[int, int]) -> Tensor:
    """Inverse of `_doubling_phases` on (N, h, w) planes: (N, H, W), what is beyond `size` cut off."""
    n, h, w = phases[0].shape
    grid = torch.stack(phases, 1).reshape(n, 2, 2, h, w).permute(0, 3, 1, 4, 2)
    return grid.reshape(n, 2 * h, 2 * w)[:, : size[0], : size[1]]
