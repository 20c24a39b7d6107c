"""Exact counts of pixel values, by OpenCV's fast path."""

from __future__ import annotations

import cv2
import numpy as np

EXACT_PIXELS = 1 << 24
"""OpenCV gives counts in float32, which holds every whole number up to this one."""


def histogram(values: np.ndarray, bins: int, mask: np.ndarray | None = None) -> np.ndarray:
    """Number of pixels of each value.

    Args:
        values: (H, W) uint8 or uint16.
        bins: number of values, from 0 on; pixels with other ones are left out.
        mask: (H, W) bool, the pixels to look at; None = all.

    Returns:
        (bins,) int64.
    """
    height, width = values.shape
    counts = np.zeros(bins, np.int64)
    rows = max(1, EXACT_PIXELS // width)
    for start in range(0, height, rows):
        part = slice(start, start + rows)
        inside = None if mask is None else mask[part].view(np.uint8)
        found = cv2.calcHist([values[part]], [0], inside, [bins], [0, bins])
        counts += found.reshape(-1).astype(np.int64)
    return counts


def joint_histogram(
    first: np.ndarray, second: np.ndarray, bins: int, mask: np.ndarray | None = None
) -> np.ndarray:
    """Number of pixels of each pair of values.

    Args:
        first: (H, W) uint8.
        second: (H, W) uint8.
        bins: number of values of the first, from 0 on; pixels with other ones are left out.
        mask: (H, W) bool, the pixels to look at; None = all.

    Returns:
        (bins, 256) int64, by the value of the first and that of the second.
    """
    # As numbers of 16 bits, the first's above the second's: half the time of OpenCV's own counting of pairs.
    pairs = cv2.merge((second, first)).view("<u2")[..., 0]
    return histogram(pairs, 256 * bins, mask).reshape(bins, 256)
