"""JetLoss: recall, precision and batch soft IoU (section 2.4, Eq. 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jetseg_core.classes import UNLABELLED


class JetLoss(nn.Module):
    """Sum of three terms, each the mean over the classes present of W_c * (1 - ratio_c).

    Eq. 1 as printed grows with better predictions; this is the form of it that can be minimised. The counts
    are soft (softmax probabilities) and taken over the whole batch before the ratio (batch soft IoU,
    Huang et al., ref. 28).
    """

    weight: Tensor

    def __init__(
        self, weight: Tensor, ignore_index: int = UNLABELLED, epsilon: float = 1.0
    ) -> None:
        """
        Args:
            weight: (C,) W_c, see `class_balanced_weights`.
            ignore_index: label of pixels that do not count.
            epsilon: added to numerator and denominator of recall and precision, in pixels.
        """
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.epsilon = epsilon

    def terms(self, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The three terms ``recall``, ``precision``, ``iou``, each a scalar >= 0.

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
        present = actual > 0
        ratios = {
            "recall": (true_positives + self.epsilon) / (actual + self.epsilon),
            "precision": (true_positives + self.epsilon) / (predicted + self.epsilon),
            # Present classes alone are averaged, so the union is never 0 where it counts.
            "iou": true_positives / (predicted + actual - true_positives).clamp(min=1e-6),
        }
        number = present.sum().clamp(min=1)
        return {
            name: torch.where(present, self.weight * (1 - ratio), zeros).sum() / number
            for name, ratio in ratios.items()
        }

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Scalar loss, see `terms`; 0 for a perfect prediction."""
        return torch.stack(list(self.terms(logits, labels).values())).sum()
