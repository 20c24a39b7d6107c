"""Labels and confidence at full resolution from class scores at stride 2 or 4."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.deploy.folding import convolution

_NEAR_FAR = torch.tensor([[1.0, 3.0, 0.0], [0.0, 3.0, 1.0]]) / 4
PHASES = torch.einsum("ai,bj->abij", _NEAR_FAR, _NEAR_FAR).reshape(4, 3, 3)
"""Bilinear doubling as four 3x3 kernels: pixels of even rows and columns, even and odd, odd and even, odd and odd."""


class Labelling(nn.Module):
    """Bilinear doubling, softmax and argmax. Labels that are at half the frame's size then are doubled as they are.

    Scores (N, classes, ceil(H/s), ceil(W/s)), floating point, and (H, W) -> labels (N, H, W) uint8; confidence
    (N, H, W) uint8, the largest softmax probability times 255, rounded. Both are computed in floating point and cast
    once, as outputs: TensorRT takes uint8 at a graph's inputs and outputs alone, cast from or to a float.

    Args:
        classes: number of score channels.
        stride: s, pixels of the frame per score along each axis, 2 or 4.
    """

    def __init__(self, classes: int, stride: int = 2) -> None:
        super().__init__()
        self.classes, self.stride = classes, stride
        # A kernel for each class: an expanded view would leave a node in place of weights in the exported graph.
        kernels = PHASES[:, None, None].repeat(1, classes, 1, 1, 1)
        self.phases = nn.ModuleList(convolution(kernel, groups=classes) for kernel in kernels)

    def forward(self, scores: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        outputs = self._doubled(scores.float())
        if self.stride == 4:
            outputs = tuple(F.interpolate(x, scale_factor=2, mode="nearest") for x in outputs)
        labels, confidence = (x[:, 0, : size[0], : size[1]].to(torch.uint8) for x in outputs)
        return labels, confidence

    def _doubled(self, scores: Tensor) -> tuple[Tensor, ...]:
        """Scores (N, classes, h, w) -> labels and confidence (N, 1, 2h, 2w), floating point.

        Doubling gives each pixel one of four sums of its neighbours. Each of the four is computed and reduced to a
        label at the scores' resolution, and the labels are interleaved. This saves memory traffic, the main cost.
        """
        n, _, h, w = scores.shape
        # The border is padded with zeros. They shrink all classes of a pixel alike, so its label stays; its
        # confidence is computed after division by the share of the kernel inside the image.
        rows, columns = _shares(scores, h), _shares(scores, w)
        shares = [row[:, None] * column for row in rows for column in columns]  # (h, w) each
        labels, excess = [], []
        for phase, share in zip(self.phases, shares, strict=True):
            # One plane after another in memory: with the classes of a pixel side by side, the network's layout,
            # OpenVINO's argmax alone takes as long as the decoder.
            planes = phase(scores).reshape(n, self.classes, h * w)
            # Both from one operation: in OpenVINO the maximum alone takes three times as long as the two together.
            highest, chosen = planes.topk(1, 1)  # (N, 1, h * w)
            labels.append(chosen)
            # The largest softmax probability without the others: exp(0) over the sum.
            excess.append(
                ((planes - highest) / share.reshape(1, 1, h * w)).exp().sum(1, keepdim=True)
            )
        four = (torch.cat(labels, 1).float(), _share_of(torch.cat(excess, 1)))  # (N, 4, h * w)
        return tuple(F.pixel_shuffle(x.reshape(n, 4, h, w), 2) for x in four)


def _share_of(excess: Tensor) -> Tensor:
    return (255 / excess).round()


def _shares(like: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Share of the kernel inside the image, for even and for odd pixels along one axis; (length,) each."""
    # No convolution of ones: OpenVINO 2026.4 folds it wrongly when it serves several callers at once.
    inside = like.new_ones(length - 1)
    return F.pad(inside, (1, 0), value=0.75), F.pad(inside, (0, 1), value=0.75)
