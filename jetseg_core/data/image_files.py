"""Reading images and label images from files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.data.color_labels import ColorTable
from jetseg_core.errors import JetSegError

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"})
"""Endings of the names of image files, in lower case."""


def read_image(file: Path) -> np.ndarray:
    """An image file as (H, W, 3) uint8 RGB; gray is spread over the channels, alpha dropped.

    Raises:
        JetSegError: the file is missing or not an image.
    """
    return cv2.cvtColor(_decode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_labels(
    file: Path, classes: ClassSet, size: tuple[int, ...], colors: ColorTable | None = None
) -> np.ndarray:
    """A label image file as (H, W) uint8 class ids, 255 where its value or color is of no class.

    Args:
        file: one channel, 8 bits: class ids, everything else is void; or colors, where `colors` is given.
        classes: the classes that the file counts in.
        size: (height, width) of the image that it belongs to.
        colors: what the colors mean; None refuses them.

    Raises:
        JetSegError: the file is missing, not an image, or of another form or size.
    """
    labels = _decode(file, cv2.IMREAD_UNCHANGED)
    wanted = "class ids (one 8-bit channel)" + (" or 8-bit colors" if colors else "")
    in_colors = colors is not None and labels.ndim == 3
    if labels.shape[:2] != size or labels.dtype != np.uint8 or (labels.ndim == 3 and not in_colors):
        raise JetSegError(
            f"{file}: labels of shape {labels.shape}, {labels.dtype}; expected {wanted} of the "
            f"image's size {size}"
        )
    if colors is not None and in_colors:
        return colors.ids(labels)
    labels[labels >= len(classes)] = UNLABELLED
    return labels


def _decode(file: Path, flags: int) -> np.ndarray:
    # Not cv2.imread: it cannot tell a missing file from a broken one, and warns on standard error.
    try:
        encoded = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise JetSegError(f"{file}: cannot be read ({error.strerror})") from error
    image = cv2.imdecode(encoded, flags) if encoded.size else None
    if image is None:
        raise JetSegError(f"{file}: not an image, or a damaged one; replace or remove the file")
    return image
