"""Exact counts of pixel values, by OpenCV's fast path."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

EXACT_PIXELS = 1 << 24
"""OpenCV gives counts in float32, which holds every whole number up to this one."""


def joint_histogram(
    planes: Sequence[np.ndarray], bins: Sequence[int], mask: np.ndarray | None = None
) -> np.ndarray:
    """How many pixels have each combination of values.

    Args:
        planes: (H, W) uint8 each.
        bins: for each plane, how many values count, from 0 on; a pixel with another one is left out.
        mask: (H, W) bool, the pixels to look at; None = all.

    Returns:
        Counts, int64, of the shape `bins`.
    """
    height, width = planes[0].shape
    counts = np.zeros(tuple(bins), np.int64)
    ranges = [edge for number in bins for edge in (0, number)]
    rows = max(1, EXACT_PIXELS // width)
    for start in range(0, height, rows):
        part = slice(start, start + rows)
        inside = None if mask is None else mask[part].view(np.uint8)
        found = cv2.calcHist(
            [plane[part] for plane in planes], list(range(len(planes))), inside, list(bins), ranges
        )
        counts += found.reshape(counts.shape).astype(np.int64)
    return counts
