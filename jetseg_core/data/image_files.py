"""Images and label images in files."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, CAMVID32, UNLABELLED, ClassSet
from jetseg_core.classes.class_file import read_class_dict
from jetseg_core.data.camvid import CAMVID11_OF
from jetseg_core.data.label_decoding import decode_label
from jetseg_core.data.label_tally import LabelTally
from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import MONO16_BITS, decode_picture, explain_darkness

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"})
"""Suffixes of image files, in lower case."""


def list_images(folder: Path) -> list[Path]:
    """The image files of a folder, by suffix, in the order of their names; hidden files are left out."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    )


def read_image(file: Path, bits: int = MONO16_BITS) -> np.ndarray:
    """An image file as (H, W, 3) uint8 RGB, upright; gray is spread over the channels, alpha dropped.

    Args:
        file: its path.
        bits: those in use of the values of a 16-bit picture, the low ones; brighter values become white.

    Raises:
        JetSegError: the file is missing or not an image.
    """
    # Not cv2.imread: it cannot tell a missing file from a broken one, and warns on standard error.
    try:
        return decode_picture(np.frombuffer(_read_bytes(file), np.uint8), upright=True, bits=bits)
    except ValueError as error:
        raise JetSegError(f"{file}: {error}; replace or remove the file") from error


def explain_dark_file(file: Path, picture: np.ndarray, bits: int) -> str:
    """The reason why the picture read from a file is nearly black; see `explain_darkness`."""
    if file.suffix.lower() in (".jpg", ".jpeg"):  # of 8 bits: nothing to read again
        return ""
    return explain_darkness(picture, np.frombuffer(_read_bytes(file), np.uint8), bits)


class LabelReader:
    """Reads label images, gray or in colors, as ids of `classes`.

    Gray images hold ids of `classes`. The colors of others are those of ``class_dict.csv`` in the data set's root
    where there is one, otherwise of CamVid's 32 classes for CAMVID11, otherwise of `classes`. Classes of a color are
    found by name, those of CAMVID11 by the merge of the 32. Every other id and color is unlabelled.

    Args:
        classes: class set of the result.
        root: root folder of the data set; None: there is none.

    Raises:
        JetSegError: ``class_dict.csv`` cannot be read.
    """

    def __init__(self, classes: ClassSet, root: Path | None = None) -> None:
        self.classes = classes
        self.tally = LabelTally(classes)
        """The values of all images that were read."""
        self.painted = CAMVID32 if classes == CAMVID11 else classes
        """The classes whose colors label images have."""
        if root is not None and (root / "class_dict.csv").is_file():
            self.painted = read_class_dict(root / "class_dict.csv")

    def read(self, file: Path, size: tuple[int, ...]) -> np.ndarray:
        """A label image as (H, W) uint8 class ids, 255 = unlabelled.

        Args:
            file: 8 bits a channel; one channel or a palette (ids), or three or four channels (colors).
            size: (height, width) of the image that it belongs to.

        Raises:
            JetSegError: the file is missing, not an image, or of another form or size; or see `ids_of_colors`.
        """
        return self.from_bytes(_read_bytes(file), size, str(file))

    def from_bytes(self, encoded: bytes, size: tuple[int, ...], name: str) -> np.ndarray:
        """Decode an encoded label image, as `read` does; `name` is for errors."""
        labels = decode_label(encoded, set(self.painted.palette), name)
        if labels.shape[:2] != size:
            raise JetSegError(
                f"{name}: labels of shape {labels.shape}; expected class ids (one 8-bit channel) or 8-bit colors, of "
                f"the image's size {size}"
            )
        if labels.ndim == 3:
            return self.ids_of_colors(labels)
        return self.known_ids(labels)

    def known_ids(self, ids: np.ndarray) -> np.ndarray:
        """(H, W) uint8 ids with 255 in place of those of no class; changed in place."""
        self.tally.add_ids(ids)
        ids[ids >= len(self.classes)] = UNLABELLED
        return ids

    def ids_of_colors(self, image: np.ndarray) -> np.ndarray:
        """Class ids of a label image in colors.

        Args:
            image: (H, W, 3) or (H, W, 4) uint8 in OpenCV's order, blue first; alpha does not count.

        Returns:
            (H, W) uint8, 255 where a color is of no class.

        Raises:
            JetSegError: the class sets have nothing in common, or one color stands for two classes.
        """
        if image.shape[2] == 3:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
        colors = image.view("<u4")[..., 0] & 0xFFFFFF  # 0xAARRGGBB without alpha
        ids = self._id_of_color[colors]
        self.tally.add_colors(colors, ids)
        return ids

    @cached_property
    def _id_of_color(self) -> np.ndarray:
        """(2^24,) uint8: the id of every color, 0xRRGGBB. Built when the first image in colors comes."""
        ids = self.id_of_painted
        if not ids:
            raise JetSegError(
                f"the label images are painted in the classes {', '.join(self.painted.names)}; none of "
                f"them is in '{self.classes.name}': {', '.join(self.classes.names)}. Name the data's classes "
                "with --classes, for instance --classes class_dict.csv"
            )
        table = np.full(1 << 24, UNLABELLED, np.uint8)
        owners: dict[tuple[int, int, int], str] = {}
        for name, color in zip(self.painted.names, self.painted.palette, strict=True):
            owner = owners.setdefault(color, name)
            if owner != name:
                raise JetSegError(
                    f"class set '{self.painted.name}': color {color} stands for '{owner}' and '{name}'; label "
                    "images in colors need one color per class"
                )
            red, green, blue = color
            table[red << 16 | green << 8 | blue] = ids.get(name, UNLABELLED)
        return table

    @property
    def id_of_painted(self) -> dict[str, int]:
        """Id in `classes` of each painted class that has one; {} if the two sets have nothing in common."""
        merged = CAMVID11_OF if self.classes == CAMVID11 else {}
        position = {name: index for index, name in enumerate(self.classes.names)}
        names = {name: merged.get(name, name) for name in self.painted.names}
        return {name: position[own] for name, own in names.items() if own in position}


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise JetSegError(f"{file}: cannot be read ({error.strerror})") from error
