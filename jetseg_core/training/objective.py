"""The loss that a run minimises."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.classes import UNLABELLED
from jetseg_core.losses import JetLoss, class_balanced_weights


class Objective(nn.Module):
    """Logits and labels -> the loss's terms by name; training minimises their sum."""

    weight: Tensor

    def __init__(self, loss: str, pixel_counts: np.ndarray) -> None:
        super().__init__()
        self.names = loss.split("+")
        self.register_buffer("weight", torch.from_numpy(class_balanced_weights(pixel_counts)))
        self.jet_loss = JetLoss(self.weight)

    def forward(self, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) and (N, H, W) int64 -> scalar terms."""
        terms: dict[str, Tensor] = {}
        if "jet" in self.names:
            terms.update(self.jet_loss.terms(logits, labels))
        if "ce" in self.names:
            terms["ce"] = F.cross_entropy(logits, labels, self.weight, ignore_index=UNLABELLED)
        return terms


def count_pixels(labels: list[np.ndarray], num_classes: int) -> np.ndarray:
    """(C,) pixels of each class over all label maps, in one pass."""
    counts = np.zeros(256, np.int64)
    for label in labels:
        counts += np.bincount(label.ravel(), minlength=256)
    return counts[:num_classes]
