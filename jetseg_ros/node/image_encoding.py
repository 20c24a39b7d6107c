"""Arrays to sensor_msgs/Image and CompressedImage, by the path on which rclpy copies once."""

from __future__ import annotations

import array

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from jetseg_core.recording.message_fields import Fields, image_fields, jpeg_fields, png_fields


def to_image(pixels: np.ndarray, header: Header) -> Image:
    """A sensor_msgs/Image without row padding.

    Args:
        pixels: (H, W) uint8, sent as mono8, or (H, W, 3) uint8 RGB, sent as rgb8.
        header: used as it is.
    """
    return Image(header=header, **_with_fast_data(image_fields(pixels)))


def to_png(pixels: np.ndarray, header: Header) -> CompressedImage:
    """A lossless sensor_msgs/CompressedImage, in the form that image_transport's plug-in sends.

    Args:
        pixels: (H, W) uint8.
        header: used as it is.
    """
    return CompressedImage(header=header, **_with_fast_data(png_fields(pixels)))


def to_jpeg(pixels: np.ndarray, header: Header, quality: int = 80) -> CompressedImage:
    """A lossy sensor_msgs/CompressedImage for looking at.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        header: used as it is.
        quality: JPEG quality, 1..100.
    """
    return CompressedImage(header=header, **_with_fast_data(jpeg_fields(pixels, quality)))


def _with_fast_data(fields: Fields) -> Fields:
    # The generated setter takes an array.array('B') as it is; any other sequence it walks byte by
    # byte.
    data = array.array("B")
    data.frombytes(fields["data"].data)
    return fields | {"data": data}
