"""A camera's messages as pictures: decoded here, or by cv_bridge for rare encodings."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from jetseg_core.recording.image_decoding import Fault, ImageError, decode_message

if TYPE_CHECKING:  # the doctor looks for cv_bridge where there may be no ROS
    from sensor_msgs.msg import CompressedImage, Image

CV_BRIDGE_TRIAL = (
    "from cv_bridge import CvBridge; CvBridge().encoding_to_cvtype2('rgb8')"  # loads its C++ part
)


@cache
def working_cv_bridge() -> Any | None:
    """A CvBridge, or None where it is not installed or does not load.

    A separate process tries it first, since a module compiled for another NumPy may crash.
    """
    if find_spec("cv_bridge") is None:
        return None
    tried = subprocess.run([sys.executable, "-c", CV_BRIDGE_TRIAL], capture_output=True)
    if tried.returncode:
        return None
    from cv_bridge import CvBridge

    return CvBridge()


def picture_of(
    message: Image | CompressedImage, bits: int = 16, max_pixels: int | None = None
) -> np.ndarray:
    """The picture in a message; an encoding unknown to `decode_image` is left to cv_bridge, where that works.

    Args:
        message: an image.
        bits: those in use of 16-bit values.
        max_pixels: largest compressed picture that is decoded; None = `pixel_limit`.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ImageError: see `decode_message`; or cv_bridge cannot convert it either.
    """
    try:
        return decode_message(message, bits, max_pixels)
    except ImageError as error:
        bridge = working_cv_bridge() if error.fault is Fault.ENCODING else None
        if bridge is None:
            raise
        try:
            picture = np.asarray(bridge.imgmsg_to_cv2(message, "rgb8"))
        except Exception as refusal:
            raise ImageError(
                Fault.ENCODING, f"{error}; cv_bridge cannot convert it either: {refusal}"
            ) from refusal
        if picture.shape != (message.height, message.width, 3) or picture.dtype != np.uint8:
            raise
        return np.ascontiguousarray(picture)
