"""Label images as common tools write them: ids stay ids, and what may be something else is refused."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, CAMVID32
from jetseg_core.classes.class_set import ClassSet
from jetseg_core.data.image_files import LabelReader
from jetseg_core.errors import JetSegError

IDS = np.arange(12, dtype=np.uint8).repeat(8).reshape(8, 12)
EXPECTED = np.where(IDS < 11, IDS, 255)
VOC = [
    tuple(sum((c >> 3 * k + b & 1) << 7 - k for k in range(3)) for b in range(3))
    for c in range(256)
]


def png(pixels: np.ndarray, depth: int, color_type: int, palette: bytes = b"") -> bytes:
    """A PNG of one channel, written by hand: OpenCV writes neither palettes nor 4-bit gray."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    rows = pixels if depth == 8 else pixels[:, ::2] << 4 | pixels[:, 1::2]
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], depth, color_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + (chunk(b"PLTE", palette) if palette else b"")
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def read(content: bytes, folder: Path, classes: ClassSet = CAMVID11) -> np.ndarray:
    file = folder / "label.png"
    file.write_bytes(content)
    return LabelReader(classes).read(file, (8, 12))


def encoded(image: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def test_the_indices_of_a_palette_are_ids(tmp_path: Path) -> None:
    palette = bytes(value for color in VOC for value in color)
    np.testing.assert_array_equal(read(png(IDS, 8, 3, palette), tmp_path), EXPECTED)
    few = np.minimum(IDS, 1)  # black and dark red, which are colors of CamVid, too
    np.testing.assert_array_equal(read(png(few, 8, 3, palette), tmp_path), few)


def test_a_palette_of_the_classes_own_colors_is_read_by_color(tmp_path: Path) -> None:
    palette = bytes(value for color in CAMVID32.palette for value in color)
    ids = np.full((8, 12), CAMVID32.names.index("Road"), np.uint8)
    assert (read(png(ids, 8, 3, palette), tmp_path) == CAMVID11.names.index("Road")).all()


def test_gray_of_four_bits(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(png(IDS, 4, 0), tmp_path), EXPECTED)


@pytest.mark.parametrize("alpha", [False, True])
def test_three_equal_channels_are_ids(alpha: bool, tmp_path: Path) -> None:
    channels = [IDS] * 3 + ([np.full_like(IDS, 255)] if alpha else [])
    np.testing.assert_array_equal(read(encoded(np.dstack(channels)), tmp_path), EXPECTED)


def test_gray_colors_of_classes_stay_colors(tmp_path: Path) -> None:
    sky = np.full((8, 12, 3), 128, np.uint8)
    sky[:2] = 0  # Void
    found = read(encoded(sky), tmp_path)
    assert (found[2:] == CAMVID11.names.index("Sky")).all() and (found[:2] == 255).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encoded(IDS.astype(np.uint16)), "16 bits a channel"),
        (encoded(IDS, ".jpg"), "a JPEG; it changes class ids"),
        (b"", "not an image"),
        (png(IDS, 8, 3)[:40], "not an image"),
    ],
    ids=["16 bits", "JPEG", "empty", "cut short"],
)
def test_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(JetSegError, match=reason):
        read(content, tmp_path)
