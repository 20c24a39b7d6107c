"""Camera calibration for an image of another size."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from jetseg_core.runtime.geometry import View, stretch


def resize_camera_info(info: CameraInfo, view: View) -> CameraInfo:
    """The calibration that holds for an image after it was fitted into another grid.

    Focal lengths and centers scale with the image, as image_geometry's PinholeCameraModel does for
    binning, and centers move with what is cut off or added around it; distortion, in normalised
    coordinates, stays. Binning and region of interest of the source are folded in, so that the
    result describes an image that is all there is.

    Args:
        info: the calibration of the source; zeros mean "not calibrated" (sensor_msgs/CameraInfo),
            and stay.
        view: how the image that `info` belongs to lies in the grid wanted.
    """
    resized = deepcopy(info)
    if view == stretch(view.frame, view.frame):
        return resized
    seen, shown = view.seen, view.shown
    offset = np.array((info.roi.x_offset, info.roi.y_offset), float)
    binning = np.maximum(1, (info.binning_x, info.binning_y))
    scale = np.array((shown.width, shown.height)) / (seen.width, seen.height)
    shift = np.array((shown.left, shown.top)) - scale * (seen.left, seen.top)
    for matrix in (resized.k, resized.p):
        rows = matrix.reshape(3, -1)  # a view: writes into the message
        if rows[0, 0]:
            rows[:2, 2] -= offset
            rows[:2] *= (scale / binning)[:, None]
            rows[:2, 2] += shift
    resized.height, resized.width = view.grid
    resized.binning_x = resized.binning_y = 0
    resized.roi = RegionOfInterest()
    return resized
