"""The pixels of a label image file as they were written: ids stay ids."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import check_pixels

_PNG = b"\x89PNG\r\n\x1a\n"
_GRAY, _PALETTE = 0, 3
"""Color types of PNG (its specification, section 11.2.1)."""

Color = tuple[int, int, int]


def decode_label(encoded: bytes, palette: set[Color], name: str) -> np.ndarray:
    """Decode a label image without changing an id.

    OpenCV scales gray of fewer than 8 bits and replaces the indices of a palette by their colors; both would be other
    ids. Three equal channels, with or without alpha, are the ids of one, unless all their grays are colors of
    `palette`.

    Args:
        encoded: bytes of the file.
        palette: colors of the classes, red first, that labels in colors may have.
        name: for errors.

    Returns:
        (H, W) uint8 ids, or (H, W, 3) or (H, W, 4) uint8 colors, blue first.

    Raises:
        JetSegError: not an image, more than 8 bits a channel, JPEG (which changes ids), or a PNG with the class colors
            as its palette whose indices are not the ids.
    """
    if encoded[:2] == b"\xff\xd8":
        raise JetSegError(f"{name}: a JPEG; it changes class ids, so write labels as PNG")
    try:
        check_pixels(encoded)
    except ValueError as error:
        raise JetSegError(f"{name}: {error}; replace or remove the file") from error
    image = (
        cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED) if encoded else None
    )
    if image is None:
        raise JetSegError(f"{name}: not an image, or a damaged one; replace or remove the file")
    if image.dtype != np.uint8:
        raise JetSegError(
            f"{name}: {8 * image.itemsize} bits a channel; expected class ids in one channel of 8 bits"
        )
    if encoded.startswith(_PNG) and len(encoded) > 26:
        depth, color_type = encoded[24], encoded[25]
        if color_type == _PALETTE and {c for c in _palette(encoded) if any(c)} - palette:
            return _indices(encoded)
        if color_type == _GRAY and depth < 8:  # scaled to 0..255, exactly
            return (image // (255 // (2**depth - 1))).astype(np.uint8)
    if image.ndim == 3 and (image[..., :1] == image[..., 1:3]).all():
        grays = np.unique(image[..., 0]).tolist()
        if any((gray, gray, gray) not in palette for gray in grays) and grays != [0]:
            return np.ascontiguousarray(image[..., 0])
    return image


def _palette(encoded: bytes) -> list[Color]:
    """Colors of a PNG's palette, red first."""
    place = len(_PNG)
    while place + 8 <= len(encoded):
        length, kind = struct.unpack_from(">I4s", encoded, place)
        if kind == b"PLTE":
            content = encoded[place + 8 : place + 8 + length]
            return [(content[i], content[i + 1], content[i + 2]) for i in range(0, length - 2, 3)]
        place += 12 + length
    return []


def _indices(encoded: bytes) -> np.ndarray:
    """(H, W) uint8 palette indices of a PNG."""
    import av  # where used: it takes long to load

    with av.open(io.BytesIO(encoded), "r") as container:
        frame = next(container.decode(video=0))
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(frame.height, plane.line_size)
        return np.ascontiguousarray(rows[:, : frame.width])
