"""Camera calibration for an image of another size."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest


def resize_camera_info(
    info: CameraInfo, source: tuple[int, ...], target: tuple[int, ...]
) -> CameraInfo:
    """The calibration that holds after an image was stretched from `source` to `target` size.

    Focal lengths and centers scale with the image, as image_geometry's PinholeCameraModel does for
    binning; distortion, in normalised coordinates, stays. Binning and region of interest of the
    source are folded in, so that the result describes an image that is all there is.

    Args:
        info: the calibration of the source; zeros mean "not calibrated" (sensor_msgs/CameraInfo),
            and stay.
        source: (height, width) of the image that `info` belongs to, pixels.
        target: (height, width) of the image wanted, pixels.
    """
    resized = deepcopy(info)
    if source == target:
        return resized
    offset = np.array((info.roi.x_offset, info.roi.y_offset), float)
    binning = np.maximum(1, (info.binning_x, info.binning_y))
    scale = np.array(target[::-1]) / source[::-1] / binning
    for matrix in (resized.k, resized.p):
        rows = matrix.reshape(3, -1)  # a view: writes into the message
        if rows[0, 0]:
            rows[:2, 2] -= offset
            rows[:2] *= scale[:, None]
    resized.height, resized.width = target
    resized.binning_x = resized.binning_y = 0
    resized.roi = RegionOfInterest()
    return resized
