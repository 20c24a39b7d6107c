"""Masks, and ids of Autoware's class table, from class names.

A label image becomes another plane by one look-up of 256 values, which is made once for a set of names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import cv2
import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_fields import Fields

AUTOWARE_CLASSES = (
    "UNKNOWN", "BUILDING", "WALL", "OBSTACLE", "TRAFFIC_LIGHT", "TRAFFIC_SIGN", "PERSON", "VEHICLE", "BIKE", "ROAD",
    "SIDEWALK", "ROAD_PAINT", "CURBSTONE", "CROSSWALK", "VEGETATION", "SKY",
)  # fmt: skip
"""The table of Autoware's segmentation_pointcloud_fusion (`filter_semantic_label_target`), in id order."""

AUTOWARE_OF: Mapping[str, str] = {
    # camvid11
    "Sky": "SKY", "Building": "BUILDING", "Pole": "OBSTACLE", "Road": "ROAD", "Sidewalk": "SIDEWALK",
    "Tree": "VEGETATION", "SignSymbol": "TRAFFIC_SIGN", "Fence": "WALL", "Car": "VEHICLE", "Pedestrian": "PERSON",
    "Bicyclist": "BIKE",
    # cityscapes19, those that are not named above
    "wall": "WALL", "traffic light": "TRAFFIC_LIGHT", "traffic sign": "TRAFFIC_SIGN", "vegetation": "VEGETATION",
    "terrain": "VEGETATION", "person": "PERSON", "rider": "PERSON", "truck": "VEHICLE", "bus": "VEHICLE",
    "train": "VEHICLE", "motorcycle": "BIKE", "bicycle": "BIKE",
}  # fmt: skip
"""Autoware's class by class name of camvid11 and cityscapes19; names are compared without regard to case."""

_RUN = np.dtype([("id", "u1"), ("length", "<i4")])  # packed: 5 bytes


def check_class_names(option: str, given: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a class that the model does not have.

    Args:
        option: name of the option that lists the classes, for the message.
        given: compared without regard to case.
        names: classes of the model.

    Raises:
        JetSegError: lists the model's classes.
    """
    known = {name.casefold() for name in names}
    unknown = [name for name in given if name.casefold() not in known]
    if unknown:
        raise JetSegError(
            f"{option}: the model has no class {', '.join(map(repr, unknown))}; it has {', '.join(names)}"
        )


def parse_autoware(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Autoware's class by class name, from entries such as 'Tree: VEGETATION'; empty texts are passed over.

    Args:
        option: name of the option that lists the entries, for the message.
        texts: the entries.

    Raises:
        JetSegError: an entry is not of that form.
    """
    found: dict[str, str] = {}
    for text in filter(str.strip, texts):
        name, _, target = (part.strip() for part in text.rpartition(":"))
        if not name or target.upper() not in AUTOWARE_CLASSES:
            raise JetSegError(
                f"{option}: '{text}': expected 'CLASS: AUTOWARE_CLASS' with one of {', '.join(AUTOWARE_CLASSES)}"
            )
        found[name] = target.upper()
    return found


@lru_cache(maxsize=16)
def mask_table(names: tuple[str, ...], masked: tuple[str, ...], value: int) -> np.ndarray:
    """(256,) uint8: `value` for the label values of the masked classes, 0 for all others."""
    wanted = {name.casefold() for name in masked}
    table = np.zeros(256, np.uint8)
    table[[number for number, name in enumerate(names) if name.casefold() in wanted]] = value
    return table


@lru_cache(maxsize=16)
def autoware_table(names: tuple[str, ...], entries: tuple[str, ...] = ()) -> np.ndarray:
    """(256,) uint8: Autoware's id for each label value; 0, UNKNOWN, for classes without one, and for 255.

    Args:
        names: classes of the model, in id order.
        entries: see `parse_autoware`; they come before `AUTOWARE_OF`.
    """
    given = {**AUTOWARE_OF, **parse_autoware("output.autoware_classes", entries)}
    targets = {name.casefold(): target for name, target in given.items()}
    table = np.zeros(256, np.uint8)
    for number, name in enumerate(names):
        table[number] = AUTOWARE_CLASSES.index(targets.get(name.casefold(), "UNKNOWN"))
    return table


def run_length_fields(plane: np.ndarray, table: np.ndarray) -> Fields:
    """sensor_msgs/Image in the form of Autoware's masks: run lengths under the encoding mono8.

    Row by row, runs of equal ids without regard to the ends of rows: one byte of id, then the length as a little-endian
    int32. Together they are exactly as long as the image has pixels, since Autoware's decoder checks nothing.

    Args:
        plane: (H, W) uint8 label values.
        table: (256,) uint8, the id of each.
    """
    height, width = plane.shape
    flat = cv2.LUT(plane, table).reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    runs = np.empty(len(starts), _RUN)
    runs["id"] = flat[starts]
    runs["length"] = np.diff(starts, append=flat.size)
    return {
        "height": height,
        "width": width,
        "encoding": "mono8",
        "is_bigendian": 0,
        "step": width,
        "data": runs.view(np.uint8),
    }
