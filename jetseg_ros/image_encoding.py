"""Arrays to sensor_msgs/Image and CompressedImage, by the path on which rclpy copies once."""

from __future__ import annotations

import array

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

_ENCODING_OF_CHANNELS = {1: "mono8", 3: "rgb8"}


def to_image(pixels: np.ndarray, header: Header) -> Image:
    """A sensor_msgs/Image without row padding.

    Args:
        pixels: (H, W) uint8, sent as mono8, or (H, W, 3) uint8 RGB, sent as rgb8.
        header: used as it is.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return Image(
        header=header,
        height=height,
        width=width,
        encoding=_ENCODING_OF_CHANNELS[channels],
        is_bigendian=0,
        step=width * channels,
        data=_as_data(pixels),
    )


def to_png(pixels: np.ndarray, header: Header) -> CompressedImage:
    """A lossless sensor_msgs/CompressedImage, in the form that image_transport's plug-in sends.

    Args:
        pixels: (H, W) uint8.
        header: used as it is.
    """
    # Labels are large flat areas: the lowest level is five times faster and hardly larger.
    _, encoded = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return CompressedImage(
        header=header, format="mono8; png compressed mono8", data=_as_data(encoded)
    )


def to_jpeg(pixels: np.ndarray, header: Header, quality: int = 80) -> CompressedImage:
    """A lossy sensor_msgs/CompressedImage for looking at.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        header: used as it is.
        quality: JPEG quality, 1..100.
    """
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return CompressedImage(
        header=header, format="rgb8; jpeg compressed bgr8", data=_as_data(encoded)
    )


def _as_data(pixels: np.ndarray) -> array.array[int]:
    # The generated setter takes an array.array('B') as it is; any other sequence it walks byte by
    # byte.
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(pixels).data.cast("B"))
    return data
