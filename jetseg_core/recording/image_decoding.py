"""sensor_msgs/Image and CompressedImage to RGB arrays, with every field of the message checked.

cv2 and numpy are used directly and cv_bridge is not: the fields must be checked before any library
touches the data anyway, padded rows and byte order are array views, and cv_bridge is neither
installable everywhere nor the same under NumPy 1 and 2. Types of OpenCV (8UC3) mean what RViz and
cv_bridge show: blue first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import cv2
import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import (
    MONO16_BITS,
    decode_picture,
    explain_darkness,
    to_eight_bits,
)


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
    chroma: _Chroma | None = None
    """Planes of a planar encoding; `to_rgb` then takes (rows, width) uint8, with the chroma in further rows."""


@dataclass(frozen=True)
class _Chroma:
    """Chroma rows that follow the rows of luma."""

    rows: float
    """Chroma rows for each row of luma."""
    length: float
    """Width of a chroma row and of its padding, in those of luma."""


_HALF = _Chroma(rows=0.5, length=1.0)
"""4:2:0 in pairs, as in nv12."""
_HALF_PLANES = _Chroma(rows=1.0, length=0.5)
"""4:2:0 in two planes, as in i420."""
_FULL = _Chroma(rows=1.0, length=2.0)
"""4:4:4 in pairs."""


def _through(code: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda pixels: cv2.cvtColor(pixels, code)


def _nv24_to_rgb(planes: np.ndarray) -> np.ndarray:
    """OpenCV has no such conversion: decoded as nv12 of twice the size, of which every second pixel is taken."""
    height = planes.shape[0] // 3
    luma = planes[:height].repeat(2, axis=0).repeat(2, axis=1)
    larger = np.vstack([luma, planes[height:].reshape(height, -1)])
    return np.ascontiguousarray(cv2.cvtColor(larger, cv2.COLOR_YUV2RGB_NV12)[::2, ::2])


_ENCODINGS = {
    "rgb8": _Encoding(3, lambda pixels: pixels),
    "bgr8": _Encoding(3, _through(cv2.COLOR_BGR2RGB)),
    "rgba8": _Encoding(4, _through(cv2.COLOR_RGBA2RGB)),
    "bgra8": _Encoding(4, _through(cv2.COLOR_BGRA2RGB)),
    "mono8": _Encoding(1, _through(cv2.COLOR_GRAY2RGB)),
    "8UC1": _Encoding(1, _through(cv2.COLOR_GRAY2RGB)),
    "8UC3": _Encoding(3, _through(cv2.COLOR_BGR2RGB)),
    "8UC4": _Encoding(4, _through(cv2.COLOR_BGRA2RGB)),
    # UYVY under its old and new name, YUYV likewise (sensor_msgs/image_encodings.hpp).
    "yuv422": _Encoding(2, _through(cv2.COLOR_YUV2RGB_UYVY), even_width=True),
    "uyvy": _Encoding(2, _through(cv2.COLOR_YUV2RGB_UYVY), even_width=True),
    "yuv422_yuy2": _Encoding(2, _through(cv2.COLOR_YUV2RGB_YUYV), even_width=True),
    "yuyv": _Encoding(2, _through(cv2.COLOR_YUV2RGB_YUYV), even_width=True),
    "nv12": _Encoding(1, _through(cv2.COLOR_YUV2RGB_NV12), True, True, _HALF),
    "nv21": _Encoding(1, _through(cv2.COLOR_YUV2RGB_NV21), True, True, _HALF),
    "nv24": _Encoding(1, _nv24_to_rgb, chroma=_FULL),
    "i420": _Encoding(1, _through(cv2.COLOR_YUV2RGB_I420), True, True, _HALF_PLANES),
    "yuv420": _Encoding(1, _through(cv2.COLOR_YUV2RGB_I420), True, True, _HALF_PLANES),
    # OpenCV names a Bayer pattern by its second row and column, ROS by its first.
    "bayer_rggb8": _Encoding(1, _through(cv2.COLOR_BayerBG2RGB), True, True),
    "bayer_bggr8": _Encoding(1, _through(cv2.COLOR_BayerRG2RGB), True, True),
    "bayer_gbrg8": _Encoding(1, _through(cv2.COLOR_BayerGR2RGB), True, True),
    "bayer_grbg8": _Encoding(1, _through(cv2.COLOR_BayerGB2RGB), True, True),
}
SIXTEEN_BIT = {
    name.removesuffix("8") + "16": name
    for name in _ENCODINGS
    if name.startswith("bayer_") or name in ("mono8", "rgb8", "bgr8", "rgba8", "bgra8")
} | {"16UC3": "bgr8", "16UC4": "bgra8"}
"""Encodings of two bytes a value, with the one that has the same layout of one byte."""
ENCODINGS = (*_ENCODINGS, *SIXTEEN_BIT)
"""The encodings that `decode_image` accepts."""


def decode_image(message: ImageMessage, bits: int = MONO16_BITS) -> np.ndarray:
    """The picture in a sensor_msgs/Image.

    Padded rows (`step`) and `is_bigendian` are honoured. For rgb8 the result is a view of the
    message.

    Args:
        message: its fields are all checked.
        bits: those in use of a 16-bit value, the low ones, 8 to 16; brighter values become white.

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        ImageError: zero size, unknown encoding, a step too short for the width, or too little data.
    """
    height, width = message.height, message.width
    if height == 0 or width == 0:
        raise ImageError(Fault.SIZE, f"image of {width}x{height} pixels; expected at least 1x1")
    encoding = _ENCODINGS.get(SIXTEEN_BIT.get(message.encoding, message.encoding))
    if encoding is None:
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
    bytes_per_value = 2 if message.encoding in SIXTEEN_BIT else 1
    pixels = _rows(message, encoding, bytes_per_value)
    if bytes_per_value == 2:
        pixels = _high_bits(pixels, message.is_bigendian, bits)
    return encoding.to_rgb(pixels)


def _rows(message: ImageMessage, encoding: _Encoding, bytes_per_value: int) -> np.ndarray:
    """The message's data without row padding: (rows, width, bytes per pixel) uint8, or (rows, width) if planar."""
    height, step = message.height, message.step
    row_bytes = message.width * encoding.bytes_per_pixel * bytes_per_value
    if step < row_bytes:
        raise ImageError(
            Fault.STEP,
            f"step is {step} bytes, but {message.width} pixels of {message.encoding} take "
            f"{row_bytes}",
        )
    chroma = encoding.chroma or _Chroma(0.0, 0.0)
    chroma_rows, chroma_step = int(height * chroma.rows), int(step * chroma.length)
    expected = step * height + chroma_step * chroma_rows
    data = np.frombuffer(message.data, np.uint8)
    if data.size < expected:
        raise ImageError(
            Fault.TRUNCATED,
            f"{data.size} bytes of data, but {height} rows of {step} bytes"
            + (f" and {chroma_rows} of {chroma_step}" if chroma_rows else "")
            + f" are {expected}",
        )
    pixels = data[: step * height].reshape(height, step)[:, :row_bytes]
    if encoding.chroma is None:
        shape = height, message.width, encoding.bytes_per_pixel * bytes_per_value
        return np.ascontiguousarray(pixels.reshape(shape))
    rest = data[step * height : expected].reshape(chroma_rows, chroma_step)
    rest = rest[:, : int(row_bytes * chroma.length)]
    return np.concatenate([pixels.ravel(), rest.ravel()]).reshape(-1, message.width)


def _high_bits(pixels: np.ndarray, big_endian: int, bits: int) -> np.ndarray:
    """(rows, width, 2 * n) uint8 of two-byte values to (rows, width, n) uint8: the highest 8 of the bits in use."""
    if bits == MONO16_BITS:  # the high byte; the low byte is below 8-bit precision
        return np.ascontiguousarray(pixels[..., 0 if big_endian else 1 :: 2])
    return to_eight_bits(pixels.view(">u2" if big_endian else "<u2"), bits)


def decode_compressed(
    message: CompressedMessage, max_pixels: int | None = None, bits: int = MONO16_BITS
) -> np.ndarray:
    """The picture in a sensor_msgs/CompressedImage (JPEG, PNG and any other format that OpenCV reads).

    Args:
        message: its data are checked.
        max_pixels: see `check_pixels`.
        bits: those in use of the values of a 16-bit PNG, as in `decode_image`.

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        ImageError: no data, data that is not an image, a damaged one, or one of too many pixels.
    """
    data = np.frombuffer(message.data, np.uint8)
    try:
        return decode_picture(data, max_pixels=max_pixels, bits=bits)
    except ValueError as error:
        raise ImageError(
            Fault.COMPRESSED,
            f"{data.size} bytes marked {message.format[:40]!r} do not decode ({error}); expected a "
            "JPEG or PNG",
        ) from error


def decode_message(
    message: Any, bits: int = MONO16_BITS, max_pixels: int | None = None
) -> np.ndarray:
    """The picture in a sensor_msgs/Image or CompressedImage; see `decode_image`, `decode_compressed`.

    `max_pixels` bounds a compressed picture, see `check_pixels`. A raw one is as large as its message.
    """
    if hasattr(message, "encoding"):
        return decode_image(message, bits)
    return decode_compressed(message, max_pixels, bits)


def explain_dark_message(
    message: Any, picture: np.ndarray, bits: int, setting: str = "--mono16-bits"
) -> str:
    """The reason why the picture decoded from a message is nearly black; see `explain_darkness`."""
    if not hasattr(message, "encoding"):
        encoded = np.frombuffer(message.data, np.uint8)
        return explain_darkness(picture, encoded, bits, setting)
    if message.encoding not in SIXTEEN_BIT:
        return ""
    return explain_darkness(picture, None, bits, setting)
