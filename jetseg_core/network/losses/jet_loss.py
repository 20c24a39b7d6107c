"""JetLoss: recall, precision and batch soft IoU (section 2.4, Eq. 1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from jetseg_core.classes import UNLABELLED
from jetseg_core.errors import JetSegError

JET_TERMS = ("recall", "precision", "iou")
"""The terms of Eq. 1, all of which the paper sums up."""


def identity(x: Tensor) -> Tensor:
    """x: what a sum over the processes of a run is when there is one."""
    return x


class JetLoss(nn.Module):
    """Sum of up to three terms, each the mean over the classes present of W_c * (1 - ratio_c).

    Eq. 1 as printed grows with better predictions; this is the form of it that can be minimised. The counts
    are soft (softmax probabilities) and taken over the whole batch before the ratio (batch soft IoU,
    Huang et al., ref. 28).
    """

    weight: Tensor

    def __init__(
        self,
        weight: Tensor,
        ignore_index: int = UNLABELLED,
        epsilon: float = 1.0,
        names: Sequence[str] = JET_TERMS,
        reduce: Callable[[Tensor], Tensor] = identity,
    ) -> None:
        """
        Args:
            weight: (C,) W_c, see `class_balanced_weights`.
            ignore_index: label of pixels that do not count.
            epsilon: added to numerator and denominator of recall and precision, in pixels.
            names: which of `JET_TERMS` to sum up.
            reduce: sums the counts, (3, C), over the processes that share a batch.

        Raises:
            JetSegError: a name is not one of `JET_TERMS`.
        """
        super().__init__()
        if not names or not set(names) <= set(JET_TERMS):
            raise JetSegError(f"JetLoss: {list(names)} are not some of {', '.join(JET_TERMS)}")
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.epsilon = epsilon
        self.names = tuple(names)
        self.reduce = reduce

    def terms(self, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The chosen terms by name, each a scalar >= 0.

        Args:
            logits: (N, C, H, W), any floating dtype; the counts are taken in float32.
            labels: (N, H, W) int64, 0..C-1 or ignore_index.
        """
        classes = logits.shape[1]
        valid = labels != self.ignore_index
        target = labels.masked_fill(~valid, 0)
        probability = logits.float().softmax(1) * valid.unsqueeze(1)  # (N, C, H, W)
        of_truth = probability.gather(1, target.unsqueeze(1)).squeeze(1)  # (N, H, W)
        zeros = probability.new_zeros(classes)
        true_positives = zeros.scatter_add(0, target.flatten(), of_truth.flatten())
        predicted = probability.sum((0, 2, 3))  # TP + FP
        actual = zeros.scatter_add(0, target.flatten(), valid.flatten().float())  # TP + FN
        counts = self.reduce(torch.stack((true_positives, predicted, actual)))
        true_positives, predicted, actual = counts
        present = actual > 0
        ratios = {
            "recall": (true_positives + self.epsilon) / (actual + self.epsilon),
            "precision": (true_positives + self.epsilon) / (predicted + self.epsilon),
            # Present classes alone are averaged, so the union is never 0 where it counts.
            "iou": true_positives / (predicted + actual - true_positives).clamp(min=1e-6),
        }
        number = present.sum().clamp(min=1)
        return {
            name: torch.where(present, self.weight * (1 - ratios[name]), zeros).sum() / number
            for name in self.names
        }

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Scalar loss, see `terms`; 0 for a perfect prediction."""
        return torch.stack(list(self.terms(logits, labels).values())).sum()
