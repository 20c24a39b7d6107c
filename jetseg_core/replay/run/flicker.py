"""Temporal flicker: pixels whose label changes from one frame to the next."""

from __future__ import annotations

import cv2
import numpy as np

from jetseg_core.results.histogram import histogram


class Flicker:
    """Compares each frame of one camera with the one before."""

    def __init__(self) -> None:
        self._previous: tuple[np.ndarray, list[int]] | None = None

    def update(
        self, labels: np.ndarray, pixel_counts: np.ndarray
    ) -> tuple[list[int], list[int]] | None:
        """Count what changed since the previous frame.

        Args:
            labels: (H, W) uint8 class ids; what is not a class is unlabelled.
            pixel_counts: (C,) how many pixels of each class it has.

        Returns:
            For each class, then for "unlabelled": the pixels that carried it in the previous frame, and those of
            them that carry another label now. None for the first frame and after a change of size.
        """
        before = self._previous
        counts = pixel_counts.tolist()
        self._previous = labels, [*counts, labels.size - sum(counts)]
        if before is None or before[0].shape != labels.shape:
            return None
        previous, was = before
        # What has not changed counts as none: in a third of the time of counting under a mask.
        same = cv2.compare(previous, labels, cv2.CMP_EQ)
        left = histogram(cv2.bitwise_or(previous, same), len(counts)).tolist()
        changed = labels.size - cv2.countNonZero(same)
        return was, [*left, changed - sum(left)]
