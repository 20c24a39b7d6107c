"""Contract 4: the encodings, byte by byte."""

from __future__ import annotations

import array
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from jetseg_core.recording.image_decoding import (
    ENCODINGS,
    SIXTEEN_BIT,
    Fault,
    ImageError,
    decode_image,
    explain_dark_message,
)
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_ros.node.image_input import picture_of, working_cv_bridge
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
    if encoding in SIXTEEN_BIT:  # little endian: the low byte, here noise, first
        high = encode(SIXTEEN_BIT[encoding], rgb)
        return np.stack([np.full_like(high, 77), high], axis=-1).reshape(high.shape[0], -1)
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
    if encoding in ("nv12", "nv21", "i420", "yuv420"):
        return np.vstack([luma, neutral[: height // 2]])
    if encoding == "nv24":
        return np.vstack([luma, neutral, neutral])
    planes = {
        "rgb8": (red, green, blue),
        "bgr8": (blue, green, red),
        "rgba8": (red, green, blue, opaque),
        "bgra8": (blue, green, red, opaque),
        "mono8": (gray,),
        "8UC1": (gray,),
        "8UC3": (blue, green, red),
        "8UC4": (blue, green, red, opaque),
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


COLORS = [e for e in ENCODINGS if SIXTEEN_BIT.get(e, e) in ("rgb8", "bgr8", "rgba8", "bgra8")]
COLORS += ["8UC3", "8UC4"]
GRAYS = ["mono8", "mono16", "8UC1"]
PLANAR = ["nv12", "nv21", "nv24", "i420", "yuv420"]


def test_a_compressed_image_of_too_many_pixels_is_refused() -> None:
    image = CompressedImage(format="png")
    image.data = cv2.imencode(".png", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    assert picture_of(image, 16, 256).shape == (16, 16, 3)
    with pytest.raises(ImageError, match="16x16 pixels; expected 255 or less"):
        picture_of(image, 16, 255)


def test_the_names_of_ros_and_opencv_are_there() -> None:
    named = (
        "8UC1 8UC3 8UC4 rgb16 bgr16 rgba16 bgra16 nv21 nv24 i420 yuv420 bayer_rggb16 bayer_bggr16"
    )
    assert set(named.split()) <= set(ENCODINGS)
    assert not {"16UC1", "32FC1", "32SC1"} & set(ENCODINGS)  # depth, as a rule


@pytest.mark.parametrize("encoding", COLORS)
def test_color_encodings_are_exact(street: np.ndarray, encoding: str) -> None:
    decoded = decode_image(message(encoding, encode(encoding, street), *street.shape[:2]))
    np.testing.assert_array_equal(decoded, street)


@pytest.mark.parametrize("encoding", GRAYS)
def test_gray_encodings_are_exact(gray: np.ndarray, encoding: str) -> None:
    decoded = decode_image(message(encoding, encode(encoding, gray), *gray.shape[:2]))
    np.testing.assert_array_equal(decoded, gray)


def test_mono16_big_endian(gray: np.ndarray) -> None:
    swapped = encode("mono16", gray).reshape(*gray.shape[:2], 2)[..., ::-1]
    rows = np.ascontiguousarray(swapped).reshape(gray.shape[0], -1)
    decoded = decode_image(message("mono16", rows, *gray.shape[:2], is_bigendian=1))
    np.testing.assert_array_equal(decoded, gray)


@pytest.mark.parametrize("encoding", ["yuv422", "uyvy", "yuv422_yuy2", "yuyv", *PLANAR])
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


def test_planar_orders_differ_in_color() -> None:
    # Two red pixels beside two blue ones in BT.601: Y 82, U 90, V 240 and Y 41, U 240, V 110.
    luma = np.array([[82, 82, 41, 41]] * 2, np.uint8)
    chroma = {
        "nv12": [[90, 240, 240, 110]],
        "nv21": [[240, 90, 110, 240]],
        "i420": [[90, 240, 240, 110]],
        "yuv420": [[90, 240, 240, 110]],
        "nv24": [[90, 240, 90, 240], [240, 110, 240, 110]] * 2,
    }
    for encoding, rows in chroma.items():
        planes = np.vstack([luma, np.array(rows, np.uint8)])
        decoded = decode_image(message(encoding, planes, 2, 4)).astype(int)
        assert (abs(decoded[:, :2] - (255, 0, 0)) < 20).all(), encoding
        assert (abs(decoded[:, 2:] - (0, 0, 255)) < 20).all(), encoding


def test_padding_of_planes_is_that_of_their_rows() -> None:
    rng = np.random.default_rng(1)
    planes = rng.integers(0, 256, (6, 4), np.uint8)
    plain = decode_image(message("i420", planes, 4, 4))
    padded = np.full(8 * 4 + 4 * 4, 99, np.uint8)  # rows of 8 bytes of luma, of 4 of chroma
    padded[:32].reshape(4, 8)[:, :4] = planes[:4]
    padded[32:].reshape(4, 4)[:, :2] = planes[4:].reshape(4, 2)
    image = Image(encoding="i420", height=4, width=4, step=8, data=array.array("B", bytes(padded)))
    np.testing.assert_array_equal(decode_image(image), plain)


@pytest.mark.parametrize("big_endian", [0, 1])
def test_values_of_twelve_bits(gray: np.ndarray, big_endian: int) -> None:
    values = gray[..., 0].astype(">u2" if big_endian else "<u2") << 4 | 9
    rows = values.view(np.uint8).reshape(gray.shape[0], -1)
    image = message("mono16", rows, *gray.shape[:2], is_bigendian=big_endian)
    dark = decode_image(image)
    assert dark.max() < 16
    said = explain_dark_message(image, dark, 16, "input.mono16_bits")
    assert "no value is over 4095 of 65535" in said and "set input.mono16_bits to 12" in said
    png = cv2.imencode(".png", values.astype(np.uint16))[1].tobytes()
    compressed = CompressedImage(format="mono16; png compressed", data=array.array("B", png))
    assert explain_dark_message(compressed, picture_of(compressed), 16, "input.mono16_bits") == said
    np.testing.assert_array_equal(decode_image(image, bits=12), gray)
    assert decode_image(image, bits=10).max() == 255  # over the range is white, not wrapped
    assert explain_dark_message(image, decode_image(image, bits=12), 12) == ""
    assert (
        explain_dark_message(to_image(dark, Header()), dark, 16) == ""
    )  # rgb8: just a dark picture


CV_BRIDGE = """
import numpy as np
class CvBridge:
    def encoding_to_cvtype2(self, encoding):
        {trial}
    def imgmsg_to_cv2(self, message, encoding):
        if message.encoding != "yuv444":
            raise RuntimeError(f"[{{message.encoding}}] is not a color format")
        return np.full((message.height, message.width, 3), 7, np.uint8)
"""
"""Stands in for cv_bridge, which no package index has."""


@pytest.fixture
def install_cv_bridge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], None]]:
    """Puts a cv_bridge on the path whose trial runs this statement."""
    working_cv_bridge.cache_clear()

    def install(trial: str) -> None:
        (tmp_path / "cv_bridge.py").write_text(CV_BRIDGE.format(trial=trial))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")

    yield install
    working_cv_bridge.cache_clear()
    sys.modules.pop("cv_bridge", None)


def test_other_encodings_are_left_to_cv_bridge(
    install_cv_bridge: Callable[[str], None], street: np.ndarray
) -> None:
    image = to_image(street, Header())
    image.encoding = "yuv444"
    with pytest.raises(ImageError, match="'yuv444' cannot be decoded; expected one of"):
        picture_of(image, 16)
    working_cv_bridge.cache_clear()
    install_cv_bridge("return 16")
    assert (picture_of(image, 16) == 7).all()
    image.encoding = "32FC1"
    with pytest.raises(ImageError, match=r"either: \[32FC1\] is not a color format") as refusal:
        picture_of(image, 16)
    assert refusal.value.fault is Fault.ENCODING


@pytest.mark.parametrize("trial", ["raise ImportError('numpy')", "import os; os.abort()"])
def test_a_cv_bridge_that_does_not_load_is_passed_over(
    install_cv_bridge: Callable[[str], None], street: np.ndarray, trial: str
) -> None:
    install_cv_bridge(trial)
    image = to_image(street, Header())
    np.testing.assert_array_equal(picture_of(image, 16), street)
    image.encoding = "yuv444"
    with pytest.raises(ImageError, match="'yuv444' cannot be decoded"):
        picture_of(image, 16)


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_patterns(pattern: str) -> None:
    flat = np.empty((16, 16, 3), np.uint8)
    flat[:] = 200, 120, 40
    for encoding in (f"bayer_{pattern}8", f"bayer_{pattern}16"):
        decoded = decode_image(message(encoding, encode(encoding, flat), 16, 16))
        np.testing.assert_array_equal(decoded[2:-2, 2:-2], flat[2:-2, 2:-2])


@pytest.mark.parametrize("encoding", sorted({*ENCODINGS} - {"nv24", "i420", "yuv420"}))
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
        if encoding in COLORS:
            np.testing.assert_array_equal(labels(encoding, street), in_color)
        elif encoding in GRAYS:
            np.testing.assert_array_equal(labels(encoding, gray), in_gray)
        else:  # lossy: fewer steps of luma, or every pixel from its neighbours
            same = (labels(encoding, gray) == in_gray).mean()
            assert same > (0.75 if encoding.startswith("bayer_") else 0.97), encoding


@pytest.mark.parametrize("encoding", ["nv12", "yuv422", "bayer_rggb8"])
def test_odd_sizes_are_refused_where_they_cannot_be(encoding: str) -> None:
    with pytest.raises(ImageError, match="must be even"):
        decode_image(message(encoding, np.zeros((8, 32), np.uint8), 5, 5))


def test_refusals_name_the_value_and_the_expected_ones(street: np.ndarray) -> None:
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
