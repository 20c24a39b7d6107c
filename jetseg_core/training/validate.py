"""Validation of a network in training, and the shifts of its logits at the end of a run.

A network trained with cross-entropy gives likelihoods, and the likeliest class is the best choice for pixel accuracy.
For IoU it is not: a class that is seldom right should be chosen from a lower likelihood on (for the F1 score, whose
best choice is also IoU's, from half the score that is reached; Lipton et al., arXiv 1402.1892), and weights in the loss
have moved the likelihoods already. The shifts of the logits, as in arXiv 2007.07314, are found by search.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.network.checkpoint import load_checkpoint, save_checkpoint
from jetseg_core.network.jetseg import normalise
from jetseg_core.training.training_data import Frames, TrainingData

STEPS = (0.8, 0.4, 0.2, 0.1)
ROUNDS = 3


@torch.inference_mode()
def validate(
    model: nn.Module, frames: Frames, num_classes: int, device: torch.device
) -> ConfusionMatrix:
    """Compare predictions with the labels of all frames, one at a time at its own size."""
    confusion = ConfusionMatrix(num_classes)
    for image, truth in frames:
        logits = model(normalise(torch.from_numpy(image)[None].to(device)))
        confusion.update(_likeliest(logits[0], 0), truth)
    return confusion


def val_figures(confusion: ConfusionMatrix) -> dict[str, object]:
    """Accuracy on the validation split, in percent, for a checkpoint's provenance."""
    return {"val_miou": confusion.miou(), "val_pixel_accuracy": confusion.pixel_accuracy()}


def source_agreement(
    model: nn.Module, data: TrainingData, device: torch.device
) -> dict[str, float]:
    """Share of the held-out recordings' certain pixels that a network names alike, in percent, by recording."""
    return {
        name: validate(model, frames, len(data.classes), device).pixel_accuracy()
        for name, frames in data.sources.items()
    }


def shift_logits(path: Path, data: TrainingData, pixels: int, device: torch.device) -> None:
    """Add the shifts that are best for the training split to the classifier's bias in a checkpoint, once."""
    checkpoint = load_checkpoint(path)
    provenance = dict(checkpoint.provenance)
    if "logit_offsets" in provenance:
        return
    model, count = checkpoint.build().to(device), len(data.classes)
    offsets = fit_logit_offsets(model, data.labelled(), count, pixels, device)
    bias = model.decoder.classifier.bias
    assert bias is not None
    bias.data += offsets.to(device)
    confusion = validate(model, data.val, count, device)
    shifts = ", ".join(
        f"{name} {shift:+.1f}"
        for name, shift in zip(data.classes.names, offsets.tolist(), strict=True)
    )
    tqdm.write(
        f"logits shifted for the training split's mIoU: {shifts}; on val {provenance['val_miou']:.2f} -> "
        f"{confusion.miou():.2f}"
    )
    provenance |= {
        "logit_offsets": [round(shift, 2) + 0.0 for shift in offsets.tolist()],
        "val_miou_before_offsets": provenance["val_miou"],
    }
    save_checkpoint(path, model, checkpoint.classes, provenance | val_figures(confusion))


@torch.inference_mode()
def fit_logit_offsets(
    model: nn.Module, frames: Frames, num_classes: int, pixels: int, device: torch.device
) -> Tensor:
    """The shifts with the highest mIoU over the frames, by coordinate ascent.

    Args:
        model: images (1, 3, H, W) -> logits (1, C, H, W), in evaluation mode.
        frames: labelled frames; the training split, never the one whose accuracy is reported.
        pixels: approximate number of labelled pixels to use, spread over all frames.

    Returns:
        (C,) float32 to add to the logits, with mean 0.
    """
    logits, labels = sample_logits(model, frames, num_classes, pixels, device)

    def miou(offsets: Tensor) -> float:
        confusion = ConfusionMatrix(num_classes)
        confusion.update(_likeliest(logits + offsets, 1), labels)
        return confusion.miou()

    offsets = torch.zeros(num_classes)
    best = miou(offsets)
    for step in STEPS:
        for _ in range(ROUNDS):
            before = best
            for index in range(num_classes):
                for move in (step, -step):
                    moved = offsets.clone()
                    moved[index] += move
                    while (reached := miou(moved)) > best:
                        offsets, best = moved.clone(), reached
                        moved[index] += move
            if best == before:
                break
    return offsets - offsets.mean()


def sample_logits(
    model: nn.Module, frames: Frames, num_classes: int, pixels: int, device: torch.device
) -> tuple[Tensor, np.ndarray]:
    """Logits (P, C) float32 and labels (P,) uint8 of random labelled pixels, the same ones in every run."""
    share = min(1.0, pixels / sum(label.size for _, label in frames))
    logits, labels = [], []
    for index, (image, label) in enumerate(tqdm(frames, "logit offsets", leave=False)):
        drawn = np.random.default_rng(index).random(label.shape) < share
        chosen = drawn & (label < num_classes)
        found = model(normalise(torch.from_numpy(image)[None].to(device)))[0].cpu()
        logits.append(found[:, torch.from_numpy(chosen)].T.float())
        labels.append(label[chosen])
    return torch.cat(logits), np.concatenate(labels)


def _likeliest(logits: Tensor, axis: int) -> np.ndarray:
    """The class of the highest logit along an axis, as uint8."""
    return logits.argmax(axis).cpu().numpy().astype(np.uint8)
