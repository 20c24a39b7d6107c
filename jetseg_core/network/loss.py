"""JetLoss: recall, precision and batch soft IoU (section 2.4, Eq. 1), and the weights of classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from jetseg_core.classes import UNLABELLED
from jetseg_core.errors import JetSegError

JET_TERMS = ("recall", "precision", "iou")
"""The terms of Eq. 1; the paper sums up all of them."""


def class_balanced_weights(pixel_counts: np.ndarray, beta: float = 0.999999) -> np.ndarray:
    """Class-balanced weights by the effective number of samples (section 2.4; Cui et al., arXiv 1901.05555).

    W_c = (1 - beta) / (1 - beta^n_c), normalised to mean 1 over the classes that occur.

    Args:
        pixel_counts: (C,) pixels of each class in the training set, 0 or more.
        beta: 0 <= beta < 1; pixels beyond about 1 / (1 - beta) add little. With 0 all classes weigh the same.

    Returns:
        (C,) float32; 0 for a class that does not occur.
    """
    counts = np.asarray(pixel_counts, np.float64)
    present = counts > 0
    weights = np.zeros(counts.shape)
    # 1 - beta^n by expm1 and log1p: the direct form loses all digits when beta is near 1.
    effective = -np.expm1(counts[present] * np.log1p(beta - 1)) if beta else np.ones(present.sum())
    weights[present] = (1 - beta) / effective
    return (weights / weights[present].mean()).astype(np.float32)


def identity(x: Tensor) -> Tensor:
    """x: the sum over the processes of a run that has only one."""
    return x


class JetLoss(nn.Module):
    """Sum of up to three terms, each the mean over the classes present of W_c * (1 - ratio_c).

    Eq. 1 as printed grows with better predictions; this form can be minimised. The counts are soft
    (softmax probabilities) and taken over the whole batch before the ratio (batch soft IoU, Huang et al., ref. 28).
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
        """Choose the terms and their weights.

        Args:
            weight: (C,) W_c, see `class_balanced_weights`.
            ignore_index: label of unlabelled pixels, which are left out.
            epsilon: added to numerator and denominator of recall and precision, in pixels.
            names: terms to sum up, of `JET_TERMS`.
            reduce: sums the counts, (3, C), over the processes that share a batch.

        Raises:
            JetSegError: a name is not one of `JET_TERMS`.
        """
        super().__init__()
        if not names or not set(names) <= set(JET_TERMS):
            raise JetSegError(f"JetLoss: {list(names)} are not among {', '.join(JET_TERMS)}")
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.epsilon = epsilon
        self.names = tuple(names)
        self.reduce = reduce

    def terms(self, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The chosen terms by name, each a scalar of 0 or more.

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
