"""Camera calibration for the image after resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from jetseg_core.recording.message_fields import Fields
from jetseg_core.runtime.geometry import View, stretch

ASPECT_TOLERANCE = 0.01
"""Largest relative difference of the aspect ratios of an image and its calibration: rounding of odd sizes."""

_REGION = ("x_offset", "y_offset", "height", "width", "do_rectify")


def calibrated_size(info: Any) -> tuple[int, int]:
    """(height, width) in pixels of the image that a sensor_msgs/CameraInfo describes, after region and binning."""
    height, width = info.roi.height or info.height, info.roi.width or info.width
    return height // max(1, info.binning_y), width // max(1, info.binning_x)


def fits(info: Any, size: tuple[int, int]) -> bool:
    """True if a calibration holds for an image of this (height, width), after scaling at most."""
    height, width = calibrated_size(info)
    if not (height and width):
        return True  # an uncalibrated camera states no size
    return abs(size[1] * height / (size[0] * width) - 1) <= ASPECT_TOLERANCE


def camera_info_fields(info: Any, view: View) -> Fields | None:
    """Fields of sensor_msgs/CameraInfo, without the header, for an image fitted into another grid.

    A calibration of another size than the image is scaled to it. None if their aspect ratios differ.

    Focal lengths and centers scale with the image, as image_geometry's PinholeCameraModel does for
    binning, and centers move with cropping and padding. Distortion, in normalised
    coordinates, stays. Binning and region of interest of the source are folded in: the result
    describes an image without either.

    Args:
        info: sensor_msgs/CameraInfo of the source; zeros mean "not calibrated", and stay.
        view: position of the source image in the grid.
    """
    if not fits(info, view.frame):
        return None
    fields = {
        "height": info.height,
        "width": info.width,
        "distortion_model": info.distortion_model,
        "d": info.d,
        "k": np.array(info.k, float),
        "r": info.r,
        "p": np.array(info.p, float),
        "binning_x": info.binning_x,
        "binning_y": info.binning_y,
        "roi": {name: getattr(info.roi, name) for name in _REGION},
    }
    calibrated = calibrated_size(info)
    same = (info.height, info.width) == calibrated == view.frame
    if same and view == stretch(view.frame, view.frame):
        return fields
    seen, shown = view.seen, view.shown
    offset = np.array((info.roi.x_offset, info.roi.y_offset), float)
    binning = np.maximum(1, (info.binning_x, info.binning_y))
    scale = np.array((shown.width, shown.height)) / (seen.width, seen.height)
    to_image = np.array(view.frame[::-1]) / np.maximum(1, calibrated[::-1])
    shift = np.array((shown.left, shown.top)) - scale * (seen.left, seen.top)
    for matrix in (fields["k"], fields["p"]):
        rows = matrix.reshape(3, -1)  # a view: writes into the field
        if rows[0, 0]:
            rows[:2, 2] -= offset
            rows[:2] *= (scale * to_image / binning)[:, None]
            rows[:2, 2] += shift
    height, width = view.grid
    unused = {
        "binning_x": 0,
        "binning_y": 0,
        "roi": dict.fromkeys(_REGION, 0) | {"do_rectify": False},
    }
    return fields | {"height": height, "width": width} | unused
