"""Soft labels written by a model, as a teacher of other networks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.data.soft_labels import write_soft
from jetseg_core.output_places import check_pictures
from jetseg_core.runtime import Runtime
from jetseg_core.sources.frame import Frame

WIDTH = 240
"""Width of the soft labels, in pixels; the height is in the frame's proportions."""


def soften(runtime: Runtime, image: np.ndarray, width: int = WIDTH) -> np.ndarray:
    """A model's class probabilities of a frame and of its mirror image, averaged.

    Every backend gives the likeliest class and its probability; the rest is counted as no class, so that a pixel in
    doubt weighs little.

    Args:
        runtime: the model.
        image: (H, W, 3) uint8 RGB.
        width: width of the result, in pixels.

    Returns:
        (C + 1, h, width) float32, 0..1; the last plane is that of no class.
    """
    size = (width, max(1, round(image.shape[0] * width / image.shape[1])))
    classes = len(runtime.description.classes)
    direct = _probabilities(runtime, image, size, classes)
    mirrored = _probabilities(runtime, np.ascontiguousarray(image[:, ::-1]), size, classes)
    mean = (direct + mirrored[..., ::-1]) / 2
    return np.concatenate((mean, 1 - mean.sum(0, keepdims=True)))


def write_softened(
    runtime: Runtime, frames: Iterable[Frame], folder: Path, width: int = WIDTH
) -> int:
    """Write the soft labels of all frames; returns how many there were.

    Raises:
        JetSegError: they would replace something else than soft labels; see `check_replaceable`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for frame in frames:
        check_pictures(folder, [f"{frame.name}.png"])
        write_soft(folder / f"{frame.name}.png", soften(runtime, frame.image, width))
        count += 1
    return count


def _probabilities(
    runtime: Runtime, image: np.ndarray, size: tuple[int, int], classes: int
) -> np.ndarray:
    """(C, h, w) float32 for a size (w, h)."""
    found = runtime.segment(image, confidence=True)
    assert found.confidence is not None
    sure = found.confidence.astype(np.float32) / 255
    planes = [
        cv2.resize(np.where(found.labels == k, sure, 0), size, interpolation=cv2.INTER_AREA)
        for k in range(classes)
    ]
    return np.stack(planes)
