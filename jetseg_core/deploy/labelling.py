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
    n, classes, h, w = logits.shape
    # One plane after another in memory: with the classes of a pixel side by side, as the network leaves them,
    # OpenVINO's argmax alone takes as long as the decoder.
    planes = logits.float().reshape(n * classes, h, w)
    labels, confidence = [], []
    for phase in _doubling_phases(planes):
        phase = phase.reshape(n, classes, h * w)
        labels.append(phase.argmax(1).to(torch.uint8))
        # The largest softmax probability without the others: exp(0) over the sum.
        excess = ((phase - phase.amax(1, keepdim=True)) / 16).exp().sum(1)
        confidence.append((255 / excess).round().to(torch.uint8))
    return _interleave(labels, (h, w), size), _interleave(confidence, (h, w), size)


def _doubling_phases(planes: Tensor) -> Iterator[Tensor]:
    """16 times the doubled planes at even rows and columns, even and odd, odd and even, odd and odd."""
    padded = F.pad(planes, (1, 1, 1, 1), mode="replicate")  # (P, h + 2, w + 2)
    for beyond in (padded[:, :-2], padded[:, 2:]):
        rows = 3 * padded[:, 1:-1] + beyond
        for beside in (rows[..., :-2], rows[..., 2:]):
            yield 3 * rows[..., 1:-1] + beside


def _interleave(phases: list[Tensor], half: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Four (N, h * w) in the order of `_doubling_phases` -> (N, H, W), what is beyond `size` cut off."""
    n, (h, w) = phases[0].shape[0], half  # Not len(), which would fix the batch in an export.
    doubled = torch.stack(phases, 1).reshape(n, 2, 2, h, w).permute(0, 3, 1, 4, 2)
    return doubled.reshape(n, 2 * h, 2 * w)[:, : size[0], : size[1]]
