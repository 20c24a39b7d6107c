"""Fields of published messages as plain data.

The node fills messages of rclpy with them and replay those of rosbags, so both publish the same.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import simplejpeg

from jetseg_core.runtime import Runtime

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
IMAGE_TYPES = (IMAGE, COMPRESSED_IMAGE)
Fields = dict[str, Any]
"""Values by name of field: numbers, text, lists of them, and (N,) uint8 arrays for `data`."""

_ENCODING_OF_CHANNELS = {1: "mono8", 3: "rgb8"}


def image_fields(pixels: np.ndarray) -> Fields:
    """sensor_msgs/Image without row padding.

    Args:
        pixels: (H, W) uint8, sent as mono8, or (H, W, 3) uint8 RGB, sent as rgb8.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return {
        "height": height,
        "width": width,
        "encoding": _ENCODING_OF_CHANNELS[channels],
        "is_bigendian": 0,
        "step": width * channels,
        "data": np.ascontiguousarray(pixels).reshape(-1),
    }


def png_fields(pixels: np.ndarray) -> Fields:
    """A lossless sensor_msgs/CompressedImage, in the form of image_transport's plug-in.

    Args:
        pixels: (H, W) uint8.
    """
    # Written here, since OpenCV's encoder takes three times as long or more for a label image of 1920x1080, at any of
    # its levels: labels, large flat areas, need none of PNG's filters.
    height, width = pixels.shape
    rows = np.zeros((height, 1 + width), np.uint8)  # a row begins with its filter, 0 = none
    rows[:, 1:] = pixels
    deflate = zlib.compressobj(1, strategy=zlib.Z_RLE)
    encoded = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
            _png_chunk(b"IDAT", deflate.compress(rows.data) + deflate.flush()),
            _png_chunk(b"IEND", b""),
        )
    )
    return {"format": "mono8; png compressed mono8", "data": np.frombuffer(encoded, np.uint8)}


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def jpeg_fields(pixels: np.ndarray, quality: int = 80) -> Fields:
    """A lossy sensor_msgs/CompressedImage, for viewing.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        quality: JPEG quality, 1..100.
    """
    encoded = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, "RGB", "420")
    return {"format": "rgb8; jpeg compressed bgr8", "data": np.frombuffer(encoded, np.uint8)}


def model_fields(runtime: Runtime) -> Fields:
    """jetseg/ModelInfo of a runtime, without the header."""
    model = runtime.description
    height, width = runtime.input_size
    return {
        "model_name": model.name,
        "preset": model.preset,
        "combination": model.combination,
        "checkpoint_sha256": model.sha256,
        "class_ids": list(range(len(model.classes))),
        "class_names": list(model.classes.names),
        "palette": [value for color in model.classes.palette for value in color],
        "backend": runtime.backend,
        "precision": runtime.precision,
        "device": runtime.device,
        "input_height": height,
        "input_width": width,
    }
