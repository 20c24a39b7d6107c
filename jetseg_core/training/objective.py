"""The loss that a run minimises: terms that compare with the labels, and one that compares with a teacher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.network.loss import JET_TERMS, JetLoss, class_balanced_weights, identity
from jetseg_core.training.train_config import loss_terms

HARD = 0.7
"""Probability of a pixel's class below which the pixel is a hard one. (arXiv 1605.06885, section 3.3, with a threshold
in place of a number of pixels: a pixel counts or not independently of the rest of the batch.)"""


class Objective(nn.Module):
    """Logits and labels -> the loss's terms by name; training minimises their sum."""

    weight: Tensor

    def __init__(
        self,
        loss: str,
        pixel_counts: np.ndarray,
        reduce: Callable[[Tensor], Tensor] = identity,
        beta: float = 0.999999,
    ) -> None:
        """
        Args:
            loss: terms to sum up, see `loss_terms`.
            pixel_counts: (C,) pixels of each class in the training set; rare classes weigh more.
            reduce: sums counts over the processes that share a batch.
            beta: how much more, see `class_balanced_weights`.
        """
        super().__init__()
        self.names = loss_terms(loss)
        self.reduce = reduce
        weight = class_balanced_weights(pixel_counts, beta)
        self.register_buffer("weight", torch.from_numpy(weight))
        jet_terms = [name for name in self.names if name in JET_TERMS]
        self.jet_loss = JetLoss(self.weight, names=jet_terms, reduce=reduce) if jet_terms else None

    def forward(self, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) and (N, H, W) int64 -> scalar terms."""
        terms = self.jet_loss.terms(logits, labels) if self.jet_loss else {}
        if "ce" in self.names:
            terms["ce"] = self._cross_entropy(logits, labels)
        if "ohem" in self.names:
            with torch.no_grad():
                target = labels.masked_fill(labels == UNLABELLED, 0)
                certainty = logits.float().softmax(1).gather(1, target.unsqueeze(1)).squeeze(1)
            terms["ohem"] = self._cross_entropy(
                logits, labels.masked_fill(certainty >= HARD, UNLABELLED)
            )
        return terms

    def _cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        # In float32, as JetLoss is: in half precision a rare class's weight would lose its digits.
        total = F.cross_entropy(
            logits.float(), labels, self.weight, ignore_index=UNLABELLED, reduction="sum"
        )
        # The weighted mean, and 0, not NaN, for a batch without a labelled pixel.
        of_label = F.pad(self.weight, (0, UNLABELLED + 1 - len(self.weight)))
        total, weights = self.reduce(torch.stack((total, of_label[labels].sum())))
        return total / weights.clamp(min=1e-6)


class SoftCrossEntropy(nn.Module):
    """Cross-entropy to soft labels, with the class weights of the one to labels.

    It differs from the divergence by what no network can change, the entropy of the soft labels. A pixel counts by the
    probability that is on the classes; one outside the frame or of no class does not count.

    Args:
        weight: (C,) weights of the classes.
        labelled: weight of a pixel that has a label, relative to one that has none.
        reduce: sums over the processes that share a batch.
    """

    weight: Tensor

    def __init__(
        self, weight: Tensor, labelled: float, reduce: Callable[[Tensor], Tensor] = identity
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight.float())
        self.labelled, self.reduce = labelled, reduce

    def forward(self, logits: Tensor, soft: Tensor, labels: Tensor) -> Tensor:
        """(N, C, H, W), (N, C, H, W) uint8 in any unit, and (N, H, W) int64 labels -> scalar, in nats."""
        known = torch.where(labels == UNLABELLED, 1.0, self.labelled)
        target = soft.float() * self.weight[:, None, None] * known[:, None]
        total = -(target * logits.float().log_softmax(1)).sum()
        total, weights = self.reduce(torch.stack((total, target.sum())))
        return total / weights.clamp(min=1e-6)


class Teacher:
    """A trained network whose class probabilities another one learns (knowledge distillation, arXiv 1503.02531).

    Args:
        path: checkpoint, of any size of network.
        classes: of the run; the teacher's must be the same.
        device: device to compute on.
        reduce: sums over the processes that share a batch.

    Raises:
        JetSegError: no such checkpoint, or one of other classes.
    """

    def __init__(
        self,
        path: str | Path,
        classes: ClassSet,
        device: torch.device,
        reduce: Callable[[Tensor], Tensor] = identity,
    ) -> None:
        checkpoint = load_checkpoint(path)
        if checkpoint.classes.names != classes.names:
            raise JetSegError(
                f"teacher: '{path}' knows {', '.join(checkpoint.classes.names)}; this run trains "
                f"{', '.join(classes.names)}; give a checkpoint of the same classes in the same order"
            )
        self.provenance, self.sha256 = dict(checkpoint.provenance), checkpoint.sha256
        self._model = checkpoint.build().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._reduce = reduce

    def loss(self, images: Tensor, logits: Tensor) -> Tensor:
        """KL divergence of a network from the teacher, in nats, mean over all pixels, unlabelled ones included.

        Args:
            images: (N, 3, H, W) normalised.
            logits: (N, C, H, W), the network's for them, or those at half the size.
        """
        full_size = logits.shape[-2:] == images.shape[-2:]
        with torch.no_grad():
            target = self._model(images, full_size).float().log_softmax(1)
        total = F.kl_div(logits.float().log_softmax(1), target, reduction="sum", log_target=True)
        pixels = total.new_tensor(logits[:, 0].numel())
        total, pixels = self._reduce(torch.stack((total, pixels)))
        return total / pixels
