"""How much of an image, and of each named region of it, every class covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jetseg_core.classes import ClassSet
from jetseg_ros.histogram import joint_histogram
from jetseg_ros.message_fields import Fields
from jetseg_ros.regions import Region


@dataclass(frozen=True)
class Occupancy:
    """What each class covers in an image, or in one region of it."""

    total_pixels: int
    """Pixels of the image or region."""
    pixel_counts: np.ndarray
    """(C,) int64, pixels of each class; what is not a class is in none."""
    confidence_sums: np.ndarray
    """(C,) int64, sum over the pixels of each class of the softmax maximum x 255."""

    def fields(self, classes: ClassSet) -> Fields:
        """Those of jetseg/RegionOccupancy but its name, and of jetseg/ClassOccupancy but its regions."""
        counts = self.pixel_counts
        labelled = int(counts.sum())
        return {
            "total_pixels": self.total_pixels,
            "unlabelled_pixels": self.total_pixels - labelled,
            "class_ids": list(range(len(classes))),
            "class_names": list(classes.names),
            "pixel_counts": counts.tolist(),
            "fractions": (counts / max(1, labelled)).tolist(),
            "mean_confidence": (self.confidence_sums / 255.0 / np.maximum(1, counts)).tolist(),
        }


def measure_occupancy(
    labels: np.ndarray,
    confidence: np.ndarray,
    classes: ClassSet,
    regions: Sequence[Region] = (),
) -> tuple[Occupancy, ...]:
    """The occupancy of one segmented image, then that of each region.

    Args:
        labels: (H, W) uint8 class ids; what is not a class counts as unlabelled.
        confidence: (H, W) uint8, softmax maximum x 255.
        classes: every one of them is counted, in id order.
        regions: polygons for which the same figures are given.
    """
    masks = [None, *(region.mask(*labels.shape) for region in regions)]
    return tuple(_count(labels, confidence, len(classes), mask) for mask in masks)


def _count(
    labels: np.ndarray, confidence: np.ndarray, num_classes: int, mask: np.ndarray | None
) -> Occupancy:
    # One pass over the pixels counts every (class, confidence) pair; all figures are sums of the table.
    table = joint_histogram(labels, confidence, num_classes, mask)
    total = labels.size if mask is None else np.count_nonzero(mask)
    return Occupancy(int(total), table.sum(axis=1), table @ np.arange(256))
