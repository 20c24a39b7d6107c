"""Share of each class in an image and in its named regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jetseg_core.classes import ClassSet
from jetseg_core.recording.message_fields import Fields
from jetseg_core.results.histogram import joint_histogram
from jetseg_core.results.regions import Region
from jetseg_core.runtime import Segmentation


@dataclass(frozen=True)
class Occupancy:
    """Pixels, share and confidence of each class, in an image or in one region of it."""

    total_pixels: int
    """Pixels of the image or region."""
    pixel_counts: np.ndarray
    """(C,) int64, pixels of each class; pixels of no class are not counted."""
    confidence_sums: np.ndarray
    """(C,) int64, sum over the pixels of each class of the softmax maximum x 255."""

    def fields(self, classes: ClassSet) -> Fields:
        """Fields of jetseg/RegionOccupancy without its name, and of jetseg/ClassOccupancy without its regions."""
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
    found: Segmentation, classes: ClassSet, regions: Sequence[Region] = ()
) -> tuple[Occupancy, ...]:
    """The occupancy of one segmented image, then that of each region.

    Args:
        found: labels with their confidence; values that are no class count as unlabelled.
        classes: every one of them is counted, in id order.
        regions: polygons for which the same figures are given.
    """
    masks = [region.mask(*found.labels.shape) for region in regions]
    return (_of_image(found, len(classes)), *(_of_region(found, len(classes), m) for m in masks))


def _of_image(found: Segmentation, num_classes: int) -> Occupancy:
    if (pixels := found.pixels_per_cell) is None:
        return _of_region(found, num_classes, None)
    # The same figures from the network's grid, in the time that its smaller size takes.
    assert found.grid.confidence is not None
    table = joint_histogram(found.grid.labels, found.grid.confidence, num_classes) * pixels
    return _occupancy(found.labels.size, table)


def _of_region(found: Segmentation, num_classes: int, mask: np.ndarray | None) -> Occupancy:
    assert found.confidence is not None
    table = joint_histogram(found.labels, found.confidence, num_classes, mask)
    return _occupancy(found.labels.size if mask is None else int(np.count_nonzero(mask)), table)


def _occupancy(total_pixels: int, table: np.ndarray) -> Occupancy:
    # One pass over the pixels counts every (class, confidence) pair; all figures are sums of the table.
    return Occupancy(total_pixels, table.sum(axis=1), table @ np.arange(256))
