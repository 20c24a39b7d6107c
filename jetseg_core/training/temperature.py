"""Temperature scaling: one number that makes a network as sure as it is right (Guo et al. 2017, arXiv 1706.04599)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from jetseg_core.classes.class_file import find_classes
from jetseg_core.data.data_set import DataSet
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint, save_checkpoint
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.output_places import check_apart
from jetseg_core.training.training_data import Frames
from jetseg_core.training.validate import sample_logits

PIXELS = 500_000
"""Approximate number of labelled pixels that the temperature is fitted to."""


def calibrate(
    checkpoint: str | Path,
    out: str | Path,
    data: str | Path,
    split: str = "val",
    beginnings: Sequence[str] = (),
) -> float:
    """Write a checkpoint whose confidence fits labelled frames that it was not trained on; its labels stay.

    The logits are divided by the temperature, in the weights of the classifier, so that every exported form has it.

    Args:
        checkpoint: path of a .pt file.
        out: path of the new one.
        data: root folder of the data set.
        split: split of the frames.
        beginnings: of the names of the frames to take; none = all.

    Returns:
        The temperature; above 1, the network was surer than it should have been.

    Raises:
        JetSegError: a file cannot be used, or no frame's name begins so.
    """
    check_apart([out], [checkpoint, data])
    start = load_checkpoint(checkpoint)
    labelled = DataSet(data, split, find_classes(start.classes.name))
    if labelled.classes.names != start.classes.names:
        raise JetSegError(
            f"'{checkpoint}' knows {', '.join(start.classes.names)}; the data's classes are "
            f"{', '.join(labelled.classes.names)}"
        )
    chosen = [
        index
        for index, file in enumerate(labelled.frames)
        if not beginnings or file.stem.startswith(tuple(beginnings))
    ]
    if not chosen:
        raise JetSegError(
            f"'{data}': no frame of {split} whose name begins with {' or '.join(beginnings)}; the first is "
            f"'{labelled.frames[0].stem}'"
        )
    frames = [labelled[index] for index in chosen]
    model = start.build()
    temperature = fit_temperature(model, frames, len(start.classes))
    divide_logits(model, temperature)
    drives = f", names from {', '.join(beginnings)}" if beginnings else ""
    earlier = start.provenance.get("temperature", 1.0)
    assert isinstance(earlier, float)
    facts: dict[str, object] = {
        "temperature": round(earlier * temperature, 4),
        "temperature_fitted_on": f"{len(frames)} frames of {split}{drives}",
    }
    save_checkpoint(out, model, start.classes, {**start.provenance, **facts})
    return temperature


@torch.inference_mode()
def fit_temperature(
    model: torch.nn.Module, frames: Frames, num_classes: int, pixels: int = PIXELS
) -> float:
    """The divisor of the logits under which the labels are likeliest.

    Args:
        model: images (1, 3, H, W) -> logits (1, C, H, W), in evaluation mode.
        frames: labelled frames that it was not trained on.
        num_classes: number of classes.
        pixels: approximate number of labelled pixels to use, spread over all frames.

    Raises:
        JetSegError: no pixel is labelled.
    """
    logits, labels = sample_logits(model, frames, num_classes, pixels, torch.device("cpu"))
    if not len(labels):
        raise JetSegError("no pixel of the frames is labelled; a temperature needs some")
    truth = torch.from_numpy(labels.astype(np.int64))

    def loss(temperature: float) -> float:
        return float(F.cross_entropy(logits / temperature, truth))

    # The loss is convex in 1 / temperature: a search over ever finer steps ends at its lowest point.
    best, step = 1.0, 2.0
    while step > 1.005:
        lowest = min((best / step, best, best * step), key=loss)
        if lowest == best:
            step **= 0.5
        elif not 0.05 < lowest < 20:
            break
        best = lowest
    return best


@torch.no_grad()
def divide_logits(model: JetSeg, temperature: float) -> Tensor:
    """Divide a network's logits by the temperature, in place; returns the classifier's new weights."""
    classifier = model.decoder.classifier
    assert classifier.bias is not None
    classifier.bias /= temperature
    classifier.weight /= temperature
    return classifier.weight
