"""Compressed images as other programs read them."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from jetseg_core.recording.message_fields import jpeg_fields, png_fields


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1), (97, 131), (300, 4000)])
def test_labels_survive_in_every_reader(shape: tuple[int, int]) -> None:
    labels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    labels[: shape[0] // 2] = 3
    for pixels in (labels, np.asfortranarray(labels), labels[::-1, ::-1]):
        message = png_fields(pixels)
        assert message["format"] == "mono8; png compressed mono8"
        encoded = message["data"]
        assert (cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) == pixels).all()
        with Image.open(io.BytesIO(encoded.tobytes())) as image:
            image.load()
            assert image.mode == "L"
            assert (np.array(image) == pixels).all()


def test_flat_labels_become_small() -> None:
    labels = np.repeat(np.arange(11, dtype=np.uint8), 100)[:, None].repeat(1920, 1)
    assert png_fields(labels)["data"].size < labels.size / 100


@pytest.mark.parametrize("shape", [(1, 1, 3), (97, 131, 3)])
def test_pictures_keep_their_colors(shape: tuple[int, int, int]) -> None:
    pixels = np.zeros(shape, np.uint8)
    pixels[..., 0], pixels[..., 1] = 200, 40
    for picture in (pixels, pixels[:, ::-1]):
        shown = cv2.imdecode(jpeg_fields(picture)["data"], cv2.IMREAD_COLOR)[..., ::-1]
        assert np.abs(shown.astype(int) - picture).max() <= 4
