"""Encoded pictures (JPEG, PNG and all else that OpenCV reads) as arrays; a damaged one is refused, not filled in."""

from __future__ import annotations

import io
import os
import re

import cv2
import numpy as np
import simplejpeg
from PIL import Image

from jetseg_core.errors import JetSegError

MAX_PIXELS = 64_000_000
"""Largest picture that is decoded, pixels, unless the environment's JETSEG_MAX_PIXELS says otherwise."""
_JPEG, _END = b"\xff\xd8", b"\xff\xd9"
MONO16_BITS = 16
"""Bits in use of a 16-bit value, unless the user says otherwise."""
FEWEST_MONO16_BITS = 8
LIKELY_BITS = (10, 12, 14)
"""Usual numbers of bits of cameras that send more than 8."""
_APPENDED_BYTES = 2
"""Bytes of any value that a whole JPEG may have before its end, as some webcams write it; zeros may be more."""
_EXIF = b"Exif\x00\x00"
_HEADER_BYTES = 1 << 16
"""A JPEG's Exif block begins before this and is no longer."""


# Pillow, of which only the readers of headers are used, has a limit of its own, which warns.
Image.MAX_IMAGE_PIXELS = None


def pixel_limit() -> int:
    """Largest number of pixels of a picture in a file.

    Raises:
        JetSegError: JETSEG_MAX_PIXELS is not a positive number.
    """
    text = os.environ.get("JETSEG_MAX_PIXELS", str(MAX_PIXELS))
    if not re.fullmatch(r"[1-9]\d{0,17}", text):
        raise JetSegError(f"JETSEG_MAX_PIXELS: '{text:.40}'; expected a number of pixels above 0")
    return int(text)


def check_mono16_bits(bits: int) -> None:
    """Raise if a number of bits in use of 16-bit values is out of range.

    Raises:
        JetSegError: it is.
    """
    if not FEWEST_MONO16_BITS <= bits <= MONO16_BITS:
        raise JetSegError(
            f"--mono16-bits: {bits} is out of range; expected {FEWEST_MONO16_BITS} to {MONO16_BITS}"
        )


def to_eight_bits(values: np.ndarray, bits: int) -> np.ndarray:
    """(...) uint16 to uint8: the highest 8 of the low `bits` that are in use; brighter values become white."""
    return np.minimum(values >> (bits - 8), 255).astype(np.uint8)


def explain_darkness(
    picture: np.ndarray, encoded: np.ndarray | None, bits: int, setting: str = "--mono16-bits"
) -> str:
    """The reason why a picture of 16-bit values is nearly black, and the remedy; "" if it is not, or has 8-bit values.

    Args:
        picture: (H, W, 3) uint8.
        encoded: (N,) uint8, the file that it was decoded from; None if it had 16-bit values without any.
        bits: those in use of 16-bit values when it was decoded.
        setting: name of the option or parameter for them.
    """
    if bits != MONO16_BITS or (encoded is not None and encoded[:2].tobytes() == _JPEG):
        return ""
    brightest = int(picture.max()) << 8 | 255
    fitting = [number for number in LIKELY_BITS if brightest < 1 << number]
    if not fitting:
        return ""
    if encoded is not None:
        values = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
        if values is None or values.dtype != np.uint16:
            return ""
    return (
        f"16-bit images are nearly black: no value is over {brightest} of 65535; if the camera fills the low "
        f"{fitting[0]} bits only, set {setting} to {fitting[0]}"
    )


def check_pixels(encoded: bytes, most: int | None = None) -> None:
    """Raise if a picture has too many pixels by its header; a kilobyte can decode to gigabytes.

    Args:
        encoded: bytes of the file.
        most: number of pixels; None = `pixel_limit`.

    Raises:
        ValueError: not a picture, or one of more pixels.
    """
    most = pixel_limit() if most is None else most
    try:
        if encoded.startswith(_JPEG):
            height, width, *_ = simplejpeg.decode_jpeg_header(encoded, strict=False)
        else:
            with Image.open(io.BytesIO(encoded)) as head:
                width, height = head.size
    except Exception as error:  # damaged headers raise anything
        raise ValueError("not an image, or a damaged one") from error
    if width * height > most:
        raise ValueError(
            f"{width}x{height} pixels; expected {most} or less (the node's parameter input.max_pixels, or for files "
            "JETSEG_MAX_PIXELS in the environment)"
        )


def decode_picture(
    encoded: np.ndarray,
    upright: bool = False,
    max_pixels: int | None = None,
    bits: int = MONO16_BITS,
) -> np.ndarray:
    """Decode a picture; gray is spread over the channels, alpha dropped.

    OpenCV fills the missing part of a damaged JPEG with gray, and says so on standard error alone. simplejpeg, of the
    same pixels, reports it.

    Args:
        encoded: (N,) uint8.
        upright: turn a photograph by the orientation in its Exif block, as viewers do.
        max_pixels: see `check_pixels`.
        bits: those in use of the values of a 16-bit picture, see `to_eight_bits`.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ValueError: not a picture, a damaged one, or one of too many pixels.
    """
    data = encoded.tobytes()
    check_pixels(data, max_pixels)
    if data.startswith(_JPEG):
        picture = _decode_jpeg(data)
        if picture is not None and not (upright and _EXIF in data[:_HEADER_BYTES]):
            return picture
    turned = cv2.IMREAD_COLOR if upright else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = None
        if bits != MONO16_BITS:
            image = cv2.imdecode(encoded, turned | cv2.IMREAD_ANYDEPTH)
        if image is not None and image.dtype == np.uint16:
            image = to_eight_bits(image, bits)
        else:
            image = cv2.imdecode(encoded, turned)
    except cv2.error as error:  # such as a size over its limit
        raise ValueError(f"OpenCV refuses it: {' '.join(str(error).split())[:200]}") from error
    if image is None:
        raise ValueError("not an image, or a damaged one")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _decode_jpeg(data: bytes) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB; None for a JPEG of a kind that simplejpeg does not decode, such as CMYK."""
    try:
        return simplejpeg.decode_jpeg(data, "RGB", strict=True)
    except ValueError as error:
        complaint = str(error)
    try:
        filled_in = simplejpeg.decode_jpeg(data, "RGB", strict=False)
    except ValueError:
        return None
    if _is_damage(complaint, data):
        raise ValueError(f"a damaged JPEG: {complaint}")
    return filled_in


def _is_damage(complaint: str, data: bytes) -> bool:
    """False for what libjpeg remarks on in whole pictures: unknown revisions, and bytes that webcams append."""
    appended = re.search(r"(\d+) extraneous bytes before marker 0xd9", complaint)
    if appended is not None:
        count = int(appended[1])
        tail = data[: data.rfind(_END)][-count:]
        return count > _APPENDED_BYTES and bool(tail.strip(b"\x00\xff"))
    return (
        re.search(r"Corrupt JPEG data|Premature end|Inconsistent progression", complaint)
        is not None
    )
