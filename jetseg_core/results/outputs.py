"""The table of outputs: the node publishes each of them, and replay writes some into its bag.

To add an output, add an entry here. Topics and messages of the node and of the bag follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2

from jetseg_core.recording.message_fields import (
    COMPRESSED_IMAGE,
    IMAGE,
    Fields,
    image_fields,
    jpeg_fields,
    png_fields,
)
from jetseg_core.results.camera_info import camera_info_fields
from jetseg_core.results.class_mask import autoware_table, mask_table, run_length_fields
from jetseg_core.results.segmented_frame import SegmentedFrame


@dataclass(frozen=True)
class Output:
    """One topic of a camera's results."""

    topic: str
    """Name under ``<camera>/segmentation/``."""
    message_type: str
    """ROS name of the message type, which must have a header: that of the input image is sent."""
    fields: Callable[[SegmentedFrame], Fields | None]
    """Fields without the header; nested messages as dictionaries. None if the frame has no such output."""
    needs_confidence: bool = False
    """True if the confidence of the labels must be computed for it."""
    first: bool = False
    """True if it is published before any other output of the frame is computed."""
    hint: str = ""
    """Reason why a frame may have no such output; logged once if the topic has a subscriber."""
    in_bag: bool = False
    """True if replay writes it into its bag."""


def occupancy_fields(frame: SegmentedFrame) -> Fields:
    """Fields of jetseg/ClassOccupancy without the header."""
    whole, *parts = frame.occupancy
    return whole.fields(frame.classes) | {
        "regions": [
            {"name": region.name} | part.fields(frame.classes)
            for region, part in zip(frame.regions, parts, strict=True)
        ]
    }


def _camera_info(frame: SegmentedFrame) -> Fields | None:
    return None if frame.calibration is None else camera_info_fields(frame.calibration, frame.view)


def _mask(frame: SegmentedFrame) -> Fields | None:
    if not frame.mask_classes:
        return None
    table = mask_table(frame.classes.names, frame.mask_classes, frame.mask_value)
    return image_fields(cv2.LUT(frame.labels, table))


def _autoware(frame: SegmentedFrame) -> Fields:
    table = autoware_table(frame.classes.names, frame.autoware_classes)
    return run_length_fields(frame.labels, table)


OUTPUTS: dict[str, Output] = {
    output.topic: output
    for output in (
        Output("label", IMAGE, lambda frame: image_fields(frame.labels), first=True, in_bag=True),
        Output(
            "occupancy",
            "jetseg/msg/ClassOccupancy",
            occupancy_fields,
            needs_confidence=True,
            in_bag=True,
        ),
        Output(
            "confidence",
            IMAGE,
            lambda frame: image_fields(frame.confidence),
            needs_confidence=True,
        ),
        Output("mask", IMAGE, _mask, hint="output.mask_classes names no class", in_bag=True),
        Output("autoware", IMAGE, _autoware),
        Output("camera_info", "sensor_msgs/msg/CameraInfo", _camera_info),
        Output("color", IMAGE, lambda frame: image_fields(frame.colors)),
        Output("overlay", IMAGE, lambda frame: image_fields(frame.overlay)),
        Output("label/compressed", COMPRESSED_IMAGE, lambda frame: png_fields(frame.labels)),
        Output(
            "overlay/compressed",
            COMPRESSED_IMAGE,
            lambda frame: jpeg_fields(frame.overlay),
            in_bag=True,
        ),
    )
}
"""Outputs by topic, in the order of publication."""
