"""Labels and confidence at full resolution from logits at half of it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_NEAR_FAR = torch.tensor([[1.0, 3.0, 0.0], [0.0, 3.0, 1.0]]) / 4
PHASES = torch.einsum("ai,bj->abij", _NEAR_FAR, _NEAR_FAR).reshape(4, 3, 3)
"""Bilinear doubling as four 3x3 kernels: pixels of even rows and columns, even and odd, odd and even, odd and odd."""


def label(logits: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Last up-sampling of `JetSeg`, softmax and argmax, without class channels at full resolution.

    Bilinear doubling gives each pixel one of four sums of its neighbours. Each of the four is computed and reduced
    to a label at half the resolution, and the labels are interleaved. This saves memory traffic, the main cost.

    Args:
        logits: (N, C, ceil(H/2), ceil(W/2)), floating point.
        size: (H, W).

    Returns:
        labels (N, H, W) uint8; confidence (N, H, W) uint8, the largest softmax probability times 255, rounded.
    """
    n, classes, h, w = logits.shape
    logits = logits.float()
    kernels = PHASES.to(logits.device)
    # The border is padded with zeros. They shrink all classes of a pixel alike, so its label stays; its confidence
    # is computed after division by the share of the kernel inside the image.
    rows, columns = _shares(logits, h), _shares(logits, w)
    shares = [row[:, None] * column for row in rows for column in columns]  # (h, w) each
    labels, confidence = [], []
    for kernel, share in zip(kernels, shares, strict=True):
        phase = F.conv2d(logits, kernel.expand(classes, 1, 3, 3), padding=1, groups=classes)
        # One plane after another in memory: with the classes of a pixel side by side, the network's layout,
        # OpenVINO's argmax alone takes as long as the decoder.
        phase = phase.reshape(n, classes, h * w)
        # Both from one operation: in OpenVINO the maximum alone takes three times as long as the two together.
        highest, chosen = phase.topk(1, 1)  # (N, 1, h * w)
        labels.append(chosen[:, 0].to(torch.uint8))
        # The largest softmax probability without the others: exp(0) over the sum.
        excess = ((phase - highest) / share.reshape(1, 1, h * w)).exp().sum(1)
        confidence.append((255 / excess).round().to(torch.uint8))
    return _interleave(labels, (h, w), size), _interleave(confidence, (h, w), size)


def _shares(like: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Share of the kernel inside the image, for even and for odd pixels along one axis; (length,) each."""
    # No convolution of ones: OpenVINO 2026.4 folds it wrongly when it serves several callers at once.
    inside = like.new_ones(length - 1)
    return F.pad(inside, (1, 0), value=0.75), F.pad(inside, (0, 1), value=0.75)


def _interleave(phases: list[Tensor], half: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Four (N, h * w) in the order of `PHASES` -> (N, H, W), cut to `size`."""
    n, (h, w) = phases[0].shape[0], half  # Not len(), which would fix the batch in an export.
    doubled = torch.stack(phases, 1).reshape(n, 2, 2, h, w).permute(0, 3, 1, 4, 2)
    return doubled.reshape(n, 2 * h, 2 * w)[:, : size[0], : size[1]]
