"""Temporal flicker: pixels whose label changes from one frame to the next."""

from __future__ import annotations

import numpy as np


class Flicker:
    """Compares each frame of one camera with the one before."""

    def __init__(self, num_classes: int) -> None:
        self._num_classes = num_classes
        self._previous: np.ndarray | None = None

    def update(self, labels: np.ndarray) -> tuple[list[int], list[int]] | None:
        """Count what changed since the previous frame.

        Args:
            labels: (H, W) uint8 class ids, 255 = unlabelled.

        Returns:
            For each class, then for "unlabelled": the pixels that carried it in the previous frame, and those of
            them that carry another label now. None for the first frame and after a change of size.
        """
        previous, self._previous = self._previous, labels
        if previous is None or previous.shape != labels.shape:
            return None
        before = np.minimum(previous, self._num_classes)
        was = np.bincount(before.ravel(), minlength=self._num_classes + 1)
        changed = np.bincount(before[previous != labels], minlength=self._num_classes + 1)
        return was.tolist(), changed.tolist()
