"""Soft labels: class probabilities of a frame as a small gray image, beside its labels or in place of them.

``ROOT/soft/NAME.png`` belongs to the frame NAME of the data set in ROOT. It is an 8-bit gray PNG of C + 1 planes
stacked from top to bottom, each of the same size, which may be smaller than the frame: plane k is the probability of
class k in steps of 1/31, the last plane that of no class at all.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from jetseg_core.atomic_file import replacing
from jetseg_core.classes import UNLABELLED
from jetseg_core.errors import JetSegError
from jetseg_core.output_places import mark_picture
from jetseg_core.picture_decoding import check_pixels

FOLDER = "soft"
"""Name of the folder, in the data set's root."""
STEPS = 31
"""The value that stands for a probability of 1."""
CERTAIN = 0.8
"""Probability from which on a class counts as certain, for `certain_labels`."""


def find_soft(root: Path, frame: str) -> Path | None:
    """The soft labels of a frame of this name (without suffix); None if there are none."""
    file = root / FOLDER / f"{frame}.png"
    return file if file.is_file() else None


def read_soft(file: Path, num_classes: int) -> np.ndarray:
    """Read soft labels as (C + 1, h, w) uint8, 0..31.

    Raises:
        JetSegError: the file cannot be read, or is not of this form.
    """
    try:
        return decode_soft(file.read_bytes(), num_classes, str(file))
    except OSError as error:
        raise JetSegError(f"{file}: cannot be read ({error.strerror})") from error


def decode_soft(encoded: bytes, num_classes: int, name: str) -> np.ndarray:
    """Decode soft labels, as `read_soft`, from an encoded image; `name` is for errors."""
    try:
        check_pixels(encoded)
    except ValueError as error:
        raise JetSegError(f"{name}: {error}; replace or remove the file") from error
    image = (
        cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED) if encoded else None
    )
    if image is None:
        raise JetSegError(f"{name}: not an image, or a damaged one; replace or remove the file")
    planes = num_classes + 1
    if image.ndim != 2 or image.dtype != np.uint8 or image.shape[0] % planes:
        raise JetSegError(
            f"{name}: {image.dtype} of shape {image.shape}; expected soft labels: 8-bit gray, {planes} planes of equal "
            f"height ({num_classes} classes and none of them) from top to bottom"
        )
    if image.max() > STEPS:
        raise JetSegError(
            f"{name}: a value of {image.max()}; expected probabilities in steps of 1/{STEPS}, 0 to {STEPS}"
        )
    return image.reshape(planes, -1, image.shape[1])


def write_soft(file: Path, probabilities: np.ndarray) -> None:
    """Write soft labels, complete or not at all.

    Args:
        file: path that ends in .png.
        probabilities: (C + 1, h, w) float, 0..1; the last plane is that of no class.
    """
    steps = np.rint(probabilities * STEPS).clip(0, STEPS).astype(np.uint8)
    stacked = steps.reshape(-1, steps.shape[2])
    with replacing(file) as partial:
        partial.write_bytes(mark_picture(cv2.imencode(".png", stacked)[1].tobytes()))


def certain_labels(soft: np.ndarray, size: tuple[int, int], certain: float = CERTAIN) -> np.ndarray:
    """The likeliest class of each pixel where it is certain.

    Args:
        soft: (C + 1, h, w) uint8, 0..31.
        size: (height, width) of the result.
        certain: probability from which on a class is.

    Returns:
        (height, width) uint8 class ids; 255 where no class is certain.
    """
    classes = soft[:-1]
    likeliest = classes.argmax(0).astype(np.uint8)
    labels = np.where(classes.max(0) >= certain * STEPS, likeliest, UNLABELLED).astype(np.uint8)
    return cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


def recording_of(name: str) -> str:
    """The recording that a frame is from, by its name (without suffix): all before the first underscore."""
    return name.partition("_")[0]
