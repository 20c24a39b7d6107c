"""Damaged JPEGs are refused: libjpeg itself fills them with gray."""

from __future__ import annotations

from binascii import crc32

import cv2
import numpy as np
import pytest

from jetseg_core.picture_decoding import decode_picture


@pytest.fixture(scope="module")
def jpeg(street: tuple[np.ndarray, np.ndarray]) -> bytes:
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(street[0], cv2.COLOR_RGB2BGR))
    return bytes(encoded)


def decode(data: bytes, upright: bool = False) -> np.ndarray:
    return decode_picture(np.frombuffer(data, np.uint8), upright)


def test_a_whole_one_has_opencv_s_pixels(jpeg: bytes) -> None:
    expected = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode(jpeg), cv2.cvtColor(expected, cv2.COLOR_BGR2RGB))
    gray = cv2.imencode(".jpg", np.full((9, 7), 50, np.uint8))[1].tobytes()
    assert decode(gray).shape == (9, 7, 3)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_cut_short(jpeg: bytes, share: float) -> None:
    cut = jpeg[: int(share * len(jpeg))]
    for data in (cut, cut + jpeg[-2:]):  # with an end of its own, OpenCV fills in the rest
        with pytest.raises(ValueError, match=r"a damaged JPEG: .*[Pp]remature end"):
            decode(data)


def test_bytes_lost_in_the_middle(jpeg: bytes) -> None:
    middle = len(jpeg) // 2
    with pytest.raises(ValueError, match="a damaged JPEG: Corrupt JPEG data"):
        decode(jpeg[:middle] + bytes(200) + jpeg[middle + 200 :])


@pytest.mark.parametrize("appended", [b"\x17", bytes(64)], ids=["one byte", "zeros"])
def test_bytes_that_webcams_append_are_no_damage(jpeg: bytes, appended: bytes) -> None:
    np.testing.assert_array_equal(decode(jpeg[:-2] + appended + jpeg[-2:]), decode(jpeg))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff" + bytes(99), b"no picture"])
def test_no_picture(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an image, or a damaged one"):
        decode(data)


def test_a_photograph_is_turned_where_that_is_asked_for(jpeg: bytes) -> None:
    """Orientation 6 of Exif: held upright."""
    tag = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    block = b"Exif\0\0" + tag
    photo = jpeg[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:]
    np.testing.assert_array_equal(decode(photo), decode(jpeg))
    np.testing.assert_array_equal(decode(photo, upright=True), np.rot90(decode(jpeg), -1))


def test_a_size_that_no_memory_holds() -> None:
    """60,000 x 60,000 in the header of a PNG of some dozen bytes."""
    png = bytearray(cv2.imencode(".png", np.zeros((1, 1), np.uint8))[1].tobytes())
    png[16:24] = (60_000).to_bytes(4, "big") * 2
    png[29:33] = crc32(png[12:29]).to_bytes(4, "big")
    with pytest.raises(ValueError, match=r"60000x60000 pixels"):
        decode(bytes(png))
