"""Contract 4: the encodings, byte by byte."""

from __future__ import annotations

import array
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from jetseg_core.recording.image_decoding import ENCODINGS, ImageError, decode_image
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_ros.node.messages import to_image
from test.jetseg_ros.conftest import any_image


def message(encoding: str, rows: np.ndarray, height: int, width: int, **fields: Any) -> Image:
    """An image message of (rows, bytes per row) uint8."""
    return Image(
        encoding=encoding,
        height=height,
        width=width,
        step=rows.shape[1],
        data=array.array("B", rows.tobytes()),
        **fields,
    )


def encode(encoding: str, rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB to the bytes of an encoding: (rows, bytes per row) uint8."""
    height, width = rgb.shape[:2]
    red, green, blue = (rgb[..., channel] for channel in range(3))
    opaque = np.full_like(red, 255)
    gray = red  # the tests' gray pictures have three equal channels
    neutral = np.full_like(gray, 128)
    # Gray in BT.601's video range, as YUV encodings have it.
    luma = np.rint(16 + gray * (219 / 255)).astype(np.uint8)
    mosaic = {"r": red, "g": green, "b": blue}
    if encoding.startswith("bayer_"):
        pattern = encoding[len("bayer_") : -1]
        rows = np.empty((height, width), np.uint8)
        for index, color in enumerate(pattern):
            y, x = divmod(index, 2)
            rows[y::2, x::2] = mosaic[color][y::2, x::2]
        return rows
    if encoding == "nv12":
        return np.vstack([luma, neutral[: height // 2]])
    planes = {
        "rgb8": (red, green, blue),
        "bgr8": (blue, green, red),
        "rgba8": (red, green, blue, opaque),
        "bgra8": (blue, green, red, opaque),
        "mono8": (gray,),
        "mono16": (np.full_like(gray, 77), gray),  # little endian: the low byte first
        "yuv422": (neutral, luma),
        "uyvy": (neutral, luma),
        "yuv422_yuy2": (luma, neutral),
        "yuyv": (luma, neutral),
    }[encoding]
    return np.stack(planes, axis=-1).reshape(height, -1)


@pytest.fixture
def gray(street: np.ndarray) -> np.ndarray:
    """A picture that every encoding can hold: gray, in three equal channels."""
    return np.repeat(cv2.cvtColor(street, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def test_every_encoding_is_tested() -> None:
    for encoding in ENCODINGS:
        assert encode(encoding, np.zeros((4, 4, 3), np.uint8)).size


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8"])
def test_color_encodings_are_exact(street: np.ndarray, encoding: str) -> None:
    decoded = decode_image(message(encoding, encode(encoding, street), *street.shape[:2]))
    np.testing.assert_array_equal(decoded, street)


@pytest.mark.parametrize("encoding", ["mono8", "mono16"])
def test_gray_encodings_are_exact(gray: np.ndarray, encoding: str) -> None:
    decoded = decode_image(message(encoding, encode(encoding, gray), *gray.shape[:2]))
    np.testing.assert_array_equal(decoded, gray)


def test_mono16_big_endian(gray: np.ndarray) -> None:
    swapped = encode("mono16", gray).reshape(*gray.shape[:2], 2)[..., ::-1]
    rows = np.ascontiguousarray(swapped).reshape(gray.shape[0], -1)
    decoded = decode_image(message("mono16", rows, *gray.shape[:2], is_bigendian=1))
    np.testing.assert_array_equal(decoded, gray)


@pytest.mark.parametrize("encoding", ["yuv422", "uyvy", "yuv422_yuy2", "yuyv", "nv12"])
def test_yuv_encodings(gray: np.ndarray, encoding: str) -> None:
    decoded = decode_image(message(encoding, encode(encoding, gray), *gray.shape[:2]))
    # 219 steps of luma for 255 of gray.
    assert np.abs(decoded.astype(int) - gray).max() <= 2


def test_yuv422_orders_differ_in_color() -> None:
    # One red pixel pair in BT.601: Y 82, U 90, V 240.
    uyvy = np.array([[90, 82, 240, 82]], np.uint8)
    yuyv = np.array([[82, 90, 82, 240]], np.uint8)
    for encoding, rows in (("yuv422", uyvy), ("yuv422_yuy2", yuyv)):
        red, green, blue = decode_image(message(encoding, rows, 1, 2))[0, 0].tolist()
        assert red > 240 and green < 15 and blue < 15


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_patterns(pattern: str) -> None:
    flat = np.empty((16, 16, 3), np.uint8)
    flat[:] = 200, 120, 40
    encoding = f"bayer_{pattern}8"
    decoded = decode_image(message(encoding, encode(encoding, flat), 16, 16))
    np.testing.assert_array_equal(decoded[2:-2, 2:-2], flat[2:-2, 2:-2])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_row_padding_is_skipped(gray: np.ndarray, encoding: str) -> None:
    rows = encode(encoding, gray)
    padded = np.pad(rows, ((0, 0), (0, 13)), constant_values=99)
    plain = decode_image(message(encoding, rows, *gray.shape[:2]))
    np.testing.assert_array_equal(decode_image(message(encoding, padded, *gray.shape[:2])), plain)


def test_the_same_scene_gives_the_same_labels(street: np.ndarray, gray: np.ndarray) -> None:
    runtime = create_runtime(RuntimeSettings())

    def labels(encoding: str, picture: np.ndarray) -> np.ndarray:
        rows = encode(encoding, picture)
        return runtime.segment(decode_image(message(encoding, rows, *picture.shape[:2]))).labels

    in_color, in_gray = labels("rgb8", street), labels("rgb8", gray)
    assert len(np.unique(in_color)) > 2 and len(np.unique(in_gray)) > 2
    for encoding in ENCODINGS:
        if encoding in ("rgb8", "bgr8", "rgba8", "bgra8"):
            np.testing.assert_array_equal(labels(encoding, street), in_color)
        elif encoding in ("mono8", "mono16"):
            np.testing.assert_array_equal(labels(encoding, gray), in_gray)
        else:  # lossy: fewer steps of luma, or every pixel from its neighbours
            same = (labels(encoding, gray) == in_gray).mean()
            assert same > (0.75 if encoding.startswith("bayer_") else 0.97), encoding


@pytest.mark.parametrize("encoding", ["nv12", "yuv422", "bayer_rggb8"])
def test_odd_sizes_are_refused_where_they_cannot_be(encoding: str) -> None:
    with pytest.raises(ImageError, match="must be even"):
        decode_image(message(encoding, np.zeros((8, 32), np.uint8), 5, 5))


def test_refusals_say_what_came_and_what_was_expected(street: np.ndarray) -> None:
    image = to_image(street, Header())
    image.encoding = "32FC1"
    with pytest.raises(ImageError, match=r"'32FC1' cannot be decoded.*bgr8.*mono16.*rgb8"):
        decode_image(image)
    image.encoding = "any\nthing"  # a log line it must remain
    with pytest.raises(ImageError, match=r"'any\\nthing' cannot be decoded"):
        decode_image(image)
    image = to_image(street, Header())
    image.data = image.data[:1000]
    with pytest.raises(
        ImageError, match=r"1000 bytes of data, but 360 rows of 1440 bytes are 518400"
    ):
        decode_image(image)


@settings(max_examples=500, deadline=None)
@given(any_image)
def test_any_message_is_decoded_or_refused(values: dict[str, Any]) -> None:
    image = Image(**values)
    try:
        decoded = decode_image(image)
    except ImageError:
        return
    assert decoded.shape == (image.height, image.width, 3) and decoded.dtype == np.uint8
