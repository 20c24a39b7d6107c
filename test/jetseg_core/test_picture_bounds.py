"""Pictures that decode to far more than their bytes are refused by their headers."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11
from jetseg_core.data.image_files import LabelReader, read_image
from jetseg_core.data.soft_labels import decode_soft
from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import check_pixels
from jetseg_core.recording.image_decoding import Fault, ImageError, decode_message
from jetseg_core.sources.video import VideoSource


def picture(suffix: str, size: tuple[int, int] = (64, 96)) -> bytes:
    return cv2.imencode(suffix, np.zeros((*size, 3), np.uint8))[1].tobytes()


def bomb(suffix: str) -> bytes:
    """The header of a picture of 16,000 x 16,000 pixels."""
    data = bytearray(picture(suffix))
    if suffix == ".png":
        data[16:24] = struct.pack(">II", 16000, 16000)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif suffix == ".jpg":
        place = data.index(b"\xff\xc0") + 5
        data[place : place + 4] = struct.pack(">HH", 16000, 16000)
    elif suffix == ".bmp":
        data[18:26] = struct.pack("<ii", 16000, 16000)
    else:
        data = bytearray(b"P6\n16000 16000\n255\n") + bytes(100)
    return bytes(data)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".ppm"])
def test_too_many_pixels_are_refused_before_decoding(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(bomb(suffix))
    for decoder in ("cv2.imdecode", "simplejpeg.decode_jpeg"):
        monkeypatch.setattr(decoder, lambda *_, **__: pytest.fail("decoded"))
    refused = "16000x16000 pixels; expected 64000000 or less"
    with pytest.raises(JetSegError, match=refused):
        read_image(file)
    with pytest.raises(ImageError, match=refused) as raised:
        decode_message(SimpleNamespace(format=suffix, data=file.read_bytes()))
    assert raised.value.fault is Fault.COMPRESSED
    if suffix != ".jpg":
        with pytest.raises(JetSegError, match=refused):
            LabelReader(CAMVID11).read(file, (16000, 16000))
        with pytest.raises(JetSegError, match=refused):
            decode_soft(file.read_bytes(), 11, "soft")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".ppm", ".webp", ".tif"])
def test_the_bound_is_the_one_asked_for(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    message = SimpleNamespace(format="", data=picture(suffix))
    assert decode_message(message, max_pixels=64 * 96).shape == (64, 96, 3)
    with pytest.raises(ImageError, match="96x64 pixels; expected 6143 or less"):
        decode_message(message, max_pixels=64 * 96 - 1)
    monkeypatch.setenv("JETSEG_MAX_PIXELS", "6143")
    with pytest.raises(ValueError, match="96x64 pixels; expected 6143 or less"):
        check_pixels(message.data)
    monkeypatch.setenv("JETSEG_MAX_PIXELS", "many")
    with pytest.raises(JetSegError, match="JETSEG_MAX_PIXELS: 'many'"):
        check_pixels(message.data)


def test_a_video_s_pixels_are_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (96, 64))
    for _ in range(3):
        writer.write(np.full((64, 96, 3), 90, np.uint8))
    writer.release()
    with VideoSource(path) as source:
        assert len(list(source)) == 3
    monkeypatch.setenv("JETSEG_MAX_PIXELS", "6000")
    with pytest.raises(JetSegError), VideoSource(path) as source:
        list(source)
