"""How many pixels each class has in a training set, the ground of its weight in the loss."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from jetseg_core.atomic_file import replacing
from jetseg_core.data.data_set import DataSet


def class_pixels(data: DataSet, labels: Iterable[np.ndarray], cache: Path) -> np.ndarray:
    """Pixels of each class, counted in one pass and kept in a file; counted anew when the label files change.

    Args:
        data: the data set.
        labels: its label maps, (H, W) uint8 each.
        cache: JSON file that keeps the counts with the class names and the data set's fingerprint.

    Returns:
        (C,) int64.
    """
    fingerprint = data.fingerprint()
    if cache.is_file():
        kept = json.loads(cache.read_text(encoding="utf-8"))
        if kept["fingerprint"] == fingerprint:
            return np.array(list(kept["pixels"].values()), np.int64)
    counts = count_pixels(labels, len(data.classes))
    pixels = dict(zip(data.classes.names, counts.tolist(), strict=True))
    with replacing(cache) as partial:
        partial.write_text(json.dumps({"fingerprint": fingerprint, "pixels": pixels}, indent=2))
    return counts


def count_pixels(labels: Iterable[np.ndarray], num_classes: int) -> np.ndarray:
    """(C,) pixels of each class over all label maps; labels that are no class do not count."""
    counts = np.zeros(256, np.int64)
    for label in labels:
        counts += np.bincount(label.ravel(), minlength=256)
    return counts[:num_classes]
