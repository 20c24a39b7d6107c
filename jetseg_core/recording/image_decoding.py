"""sensor_msgs/Image and CompressedImage to RGB arrays, with every field of the message checked.

cv2 and numpy are used directly and cv_bridge is not: the fields must be checked before any library
touches the data anyway, padded rows and byte order are array views, and cv_bridge is neither
installable everywhere nor the same under NumPy 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import cv2
import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import decode_picture


class ImageMessage(Protocol):
    """The fields of sensor_msgs/Image in messages of rclpy and of rosbags."""

    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: Any


class CompressedMessage(Protocol):
    """The fields of sensor_msgs/CompressedImage."""

    format: str
    data: Any


class Fault(Enum):
    """Reason for refusing an image; the value is its text in diagnostics and reports."""

    ENCODING = "unknown encoding"
    SIZE = "zero size"
    STEP = "row shorter than width"
    TRUNCATED = "truncated data"
    COMPRESSED = "undecodable compressed data"


class ImageError(JetSegError):
    """An image message that cannot be decoded; `fault` is its kind."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True)
class _Encoding:
    """Layout of an encoding; `to_rgb` takes (rows, width, bytes per pixel) uint8, unpadded."""

    bytes_per_pixel: int
    to_rgb: Callable[[np.ndarray], np.ndarray]
    even_width: bool = False
    even_height: bool = False
    chroma_rows: bool = False
    """True if height / 2 rows of chroma follow the image's own rows (planar 4:2:0)."""


def _through(code: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda pixels: cv2.cvtColor(pixels, code)


_ENCODINGS = {
    "rgb8": _Encoding(3, lambda pixels: pixels),
    "bgr8": _Encoding(3, _through(cv2.COLOR_BGR2RGB)),
    "rgba8": _Encoding(4, _through(cv2.COLOR_RGBA2RGB)),
    "bgra8": _Encoding(4, _through(cv2.COLOR_BGRA2RGB)),
    "mono8": _Encoding(1, _through(cv2.COLOR_GRAY2RGB)),
    # UYVY under its old and new name, YUYV likewise (sensor_msgs/image_encodings.hpp).
    "yuv422": _Encoding(2, _through(cv2.COLOR_YUV2RGB_UYVY), even_width=True),
    "uyvy": _Encoding(2, _through(cv2.COLOR_YUV2RGB_UYVY), even_width=True),
    "yuv422_yuy2": _Encoding(2, _through(cv2.COLOR_YUV2RGB_YUYV), even_width=True),
    "yuyv": _Encoding(2, _through(cv2.COLOR_YUV2RGB_YUYV), even_width=True),
    "nv12": _Encoding(1, _through(cv2.COLOR_YUV2RGB_NV12), True, True, chroma_rows=True),
    # OpenCV names a Bayer pattern by its second row and column, ROS by its first.
    "bayer_rggb8": _Encoding(1, _through(cv2.COLOR_BayerBG2RGB), True, True),
    "bayer_bggr8": _Encoding(1, _through(cv2.COLOR_BayerRG2RGB), True, True),
    "bayer_gbrg8": _Encoding(1, _through(cv2.COLOR_BayerGR2RGB), True, True),
    "bayer_grbg8": _Encoding(1, _through(cv2.COLOR_BayerGB2RGB), True, True),
}
MONO16 = "mono16"
ENCODINGS = (*_ENCODINGS, MONO16)
"""The encodings that `decode_image` accepts."""


def decode_image(message: ImageMessage) -> np.ndarray:
    """The picture in a sensor_msgs/Image.

    Padded rows (`step`) and `is_bigendian` are honoured. For rgb8 the result is a view of the
    message.

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        ImageError: zero size, unknown encoding, a step too short for the width, or too little data.
    """
    height, width = message.height, message.width
    if height == 0 or width == 0:
        raise ImageError(Fault.SIZE, f"image of {width}x{height} pixels; expected at least 1x1")
    if message.encoding == MONO16:
        # The high byte is the 8-bit value; the low byte is below 8-bit precision.
        encoding = _Encoding(2, _through(cv2.COLOR_GRAY2RGB))
    elif message.encoding in _ENCODINGS:
        encoding = _ENCODINGS[message.encoding]
    else:
        raise ImageError(
            Fault.ENCODING,
            f"encoding {message.encoding[:40]!r} cannot be decoded; expected one of "
            f"{', '.join(sorted(ENCODINGS))}",
        )
    if (encoding.even_width and width % 2) or (encoding.even_height and height % 2):
        raise ImageError(
            Fault.SIZE,
            f"{message.encoding} image of {width}x{height} pixels; its size must be even",
        )
    pixels = _rows(message, encoding)
    if message.encoding == MONO16:
        pixels = np.ascontiguousarray(pixels[..., 0 if message.is_bigendian else 1])
    return encoding.to_rgb(pixels)


def _rows(message: ImageMessage, encoding: _Encoding) -> np.ndarray:
    """The message's data without row padding: (rows, width, bytes per pixel) uint8."""
    row_bytes = message.width * encoding.bytes_per_pixel
    rows = message.height * 3 // 2 if encoding.chroma_rows else message.height
    if message.step < row_bytes:
        raise ImageError(
            Fault.STEP,
            f"step is {message.step} bytes, but {message.width} pixels of {message.encoding} take "
            f"{row_bytes}",
        )
    data = np.frombuffer(message.data, np.uint8)
    if data.size < message.step * rows:
        raise ImageError(
            Fault.TRUNCATED,
            f"{data.size} bytes of data, but {rows} rows of {message.step} bytes are "
            f"{message.step * rows}",
        )
    padded = data[: message.step * rows].reshape(rows, message.step)
    pixels = padded[:, :row_bytes].reshape(rows, message.width, encoding.bytes_per_pixel)
    return np.ascontiguousarray(pixels)


def decode_compressed(message: CompressedMessage) -> np.ndarray:
    """The picture in a sensor_msgs/CompressedImage (JPEG, PNG and any other format that OpenCV reads).

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        ImageError: no data, data that is not an image, or a damaged one.
    """
    data = np.frombuffer(message.data, np.uint8)
    try:
        return decode_picture(data)
    except ValueError as error:
        raise ImageError(
            Fault.COMPRESSED,
            f"{data.size} bytes marked {message.format[:40]!r} do not decode ({error}); expected a "
            "JPEG or PNG",
        ) from error


def decode_message(message: Any) -> np.ndarray:
    """The picture in a sensor_msgs/Image or CompressedImage; see `decode_image`, `decode_compressed`."""
    if hasattr(message, "encoding"):
        return decode_image(message)
    return decode_compressed(message)
