"""How much of an image, and of each named region of it, every class covers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jetseg.msg import ClassOccupancy, RegionOccupancy
from std_msgs.msg import Header

from jetseg_core.classes import ClassSet
from jetseg_ros.regions import Region


def measure_occupancy(
    labels: np.ndarray,
    confidence: np.ndarray,
    classes: ClassSet,
    header: Header,
    regions: Sequence[Region] = (),
) -> ClassOccupancy:
    """The occupancy message of one segmented image.

    Args:
        labels: (H, W) uint8 class ids; what is not a class counts as unlabelled.
        confidence: (H, W) uint8, softmax maximum x 255.
        classes: every one of them is in the message, in id order.
        header: of the input image, used as it is.
        regions: polygons for which the same figures are given.
    """
    joint = (labels.astype(np.uint16) << 8) | confidence  # (H, W), label in the high byte
    message = ClassOccupancy(header=header)
    _fill(message, joint, classes)
    for region in regions:
        part = RegionOccupancy(name=region.name)
        _fill(part, joint[region.mask(*labels.shape)], classes)
        message.regions.append(part)
    return message


def _fill(message: ClassOccupancy | RegionOccupancy, joint: np.ndarray, classes: ClassSet) -> None:
    # One pass over the pixels counts every (class, confidence) pair; all figures are sums of the
    # table.
    table = np.bincount(joint.ravel(), minlength=1 << 16).reshape(256, 256)[: len(classes)]
    counts = table.sum(axis=1)
    labelled = int(counts.sum())
    confidence_sums = table @ np.arange(256)
    message.total_pixels = joint.size
    message.unlabelled_pixels = joint.size - labelled
    message.class_ids = list(range(len(classes)))
    message.class_names = list(classes.names)
    message.pixel_counts = counts.tolist()
    message.fractions = (counts / max(1, labelled)).tolist()
    message.mean_confidence = (confidence_sums / 255.0 / np.maximum(1, counts)).tolist()
