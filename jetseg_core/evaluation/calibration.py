"""Calibration of confidences: expected calibration error, and accuracy and coverage above a least confidence."""

from __future__ import annotations

import numpy as np

BINS = 15
"""Bins of equal width, as in the paper that made the measure common (Guo et al. 2017, arXiv 1706.04599)."""
THRESHOLDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Least confidences of the table."""


class CalibrationCounts:
    """Counts labelled pixels by their confidence, and of these the ones that are right.

    Pixels whose truth or prediction is no class (void, outside the network's view) do not count.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        # By value of the confidence, 0..255; row 0: all pixels, row 1: those that are right.
        self.counts = np.zeros((2, 256), np.int64)

    def update(self, prediction: np.ndarray, confidence: np.ndarray, truth: np.ndarray) -> None:
        """Add one or more frames.

        Args:
            prediction: uint8 class ids, any shape.
            confidence: uint8 of the same shape, probability times 255.
            truth: uint8 class ids of the same shape.
        """
        counted = (truth < self.num_classes) & (prediction < self.num_classes)
        right = counted & (prediction == truth)
        for row, chosen in enumerate((counted, right)):
            self.counts[row] += np.bincount(confidence[chosen], minlength=256)

    def ece(self) -> float:
        """Expected calibration error in percent: mean distance of accuracy from confidence; NaN without a pixel."""
        total, right = self.counts
        if not total.any():
            return float("nan")
        values = np.arange(256) / 255
        bins = np.minimum((values * BINS).astype(int), BINS - 1)
        gaps = np.bincount(bins, right - total * values, BINS)
        return 100 * float(np.abs(gaps).sum() / total.sum())

    def kept(self) -> list[dict[str, float | None]]:
        """For each of `THRESHOLDS`: share of pixels at least as confident, and share of those that is right, percent.

        The accuracy is None where no pixel is kept.
        """
        total, right = self.counts
        rows = []
        for threshold in THRESHOLDS:
            confident = np.arange(256) >= threshold * 255
            pixels = int(total[confident].sum())
            rows.append(
                {
                    "min_confidence": threshold,
                    "kept": 100 * pixels / max(int(total.sum()), 1),
                    "accuracy": 100 * int(right[confident].sum()) / pixels if pixels else None,
                }
            )
        return rows
