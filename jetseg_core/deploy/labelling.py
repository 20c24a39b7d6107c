"""From logits at half the frame's resolution to labels and confidence at all of it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_NEAR_FAR = torch.tensor([[1.0, 3.0, 0.0], [0.0, 3.0, 1.0]]) / 4
PHASES = torch.einsum("ai,bj->abij", _NEAR_FAR, _NEAR_FAR).reshape(4, 3, 3)
"""Bilinear doubling as four 3x3 kernels: pixels of even rows and columns, even and odd, odd and even, odd and odd."""


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
    logits = logits.float()
    kernels = PHASES.to(logits.device)
    # Beyond the border there are zeros. They shrink all classes of a pixel alike, so its label stays; for its
    # confidence the share of the kernel that fell inside is divided out.
    rows, columns = _shares(logits, h), _shares(logits, w)
    shares = [row[:, None] * column for row in rows for column in columns]  # (h, w) each
    labels, confidence = [], []
    for kernel, share in zip(kernels, shares, strict=True):
        phase = F.conv2d(logits, kernel.expand(classes, 1, 3, 3), padding=1, groups=classes)
        # One plane after another in memory: with the classes of a pixel side by side, as the network leaves
        # them, OpenVINO's argmax alone takes as long as the decoder.
        phase = phase.reshape(n, classes, h * w)
        # Both of one operation: the maximum alone takes OpenVINO three times as long as the two together.
        highest, chosen = phase.topk(1, 1)  # (N, 1, h * w)
        labels.append(chosen[:, 0].to(torch.uint8))
        # The largest softmax probability without the others: exp(0) over the sum.
        excess = ((phase - highest) / share.reshape(1, 1, h * w)).exp().sum(1)
        confidence.append((255 / excess).round().to(torch.uint8))
    return _interleave(labels, (h, w), size), _interleave(confidence, (h, w), size)


def _shares(like: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Of the kernels of even and of odd pixels along one axis, the share inside the image; (length,) each."""
    # Not as a convolution of ones, which OpenVINO 2026.4 folds wrongly where it serves several callers at once.
    inside = like.new_ones(length - 1)
    return F.pad(inside, (1, 0), value=0.75), F.pad(inside, (0, 1), value=0.75)


def _interleave(phases: list[Tensor], half: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Four (N, h * w) in the order of `PHASES` -> (N, H, W), what is beyond `size` cut off."""
    n, (h, w) = phases[0].shape[0], half  # Not len(), which would fix the batch in an export.
    doubled = torch.stack(phases, 1).reshape(n, 2, 2, h, w).permute(0, 3, 1, 4, 2)
    return doubled.reshape(n, 2 * h, 2 * w)[:, : size[0], : size[1]]
