"""What is added to each class's logits in the end, so that IoU, and not the likelihood, is best.

A network trained with cross-entropy gives likelihoods, and the likeliest class is the best choice for pixel
accuracy. For IoU it is not: a class that is seldom right should be chosen from a lower likelihood on (for the F1
score, whose best is IoU's, from half the score that it reaches; Lipton et al., arXiv 1402.1892), and weights in the
loss have moved the likelihoods already. Shifts of the logits, as in arXiv 2007.07314, are found by trying.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from jetseg_core.network.jetseg import normalise
from jetseg_core.training.batches import Frames

STEPS = (0.8, 0.4, 0.2, 0.1)
ROUNDS = 3


@torch.inference_mode()
def fit_logit_offsets(
    model: nn.Module, frames: Frames, num_classes: int, pixels: int, device: torch.device
) -> Tensor:
    """The shifts with the highest mIoU over the frames, by coordinate ascent.

    Args:
        model: images (1, 3, H, W) -> logits (1, C, H, W), in evaluation mode.
        frames: labelled frames; the training split, never the one that is reported.
        pixels: about how many labelled pixels to look at, spread over all frames.

    Returns:
        (C,) float32 to add to the logits, with mean 0.
    """
    logits, labels = _sample(model, frames, num_classes, pixels, device)
    offsets = torch.zeros(num_classes)
    best = _miou(logits, labels)
    for step in STEPS:
        for _ in range(ROUNDS):
            before = best
            for index in range(num_classes):
                for move in (step, -step):
                    moved = offsets.clone()
                    moved[index] += move
                    while (reached := _miou(logits + moved, labels)) > best:
                        offsets, best = moved.clone(), reached
                        moved[index] += move
            if best == before:
                break
    return offsets - offsets.mean()


def _sample(
    model: nn.Module, frames: Frames, num_classes: int, pixels: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Logits (P, C) float32 and labels (P,) int64 of labelled pixels, drawn anew but alike in every run."""
    share = min(1.0, pixels / sum(label.size for _, label in frames))
    logits, labels = [], []
    for index, (image, label) in enumerate(tqdm(frames, "logit offsets", leave=False)):
        drawn = np.random.default_rng(index).random(label.shape) < share
        chosen = torch.from_numpy(drawn & (label < num_classes))
        found = model(normalise(torch.from_numpy(image)[None].to(device)))[0].cpu()
        logits.append(found[:, chosen].T.float())
        labels.append(torch.from_numpy(label)[chosen].long())
    return torch.cat(logits), torch.cat(labels)


def _miou(logits: Tensor, labels: Tensor) -> float:
    """Mean IoU over the classes that occur, 0..1."""
    classes = logits.shape[1]
    cells = torch.bincount(labels * classes + logits.argmax(1), minlength=classes**2)
    counts = cells.reshape(classes, classes).double()
    hits = counts.diagonal()
    present = counts.sum(1) > 0
    return float((hits / (counts.sum(0) + counts.sum(1) - hits))[present].mean())
