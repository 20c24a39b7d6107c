"""Label images in colors: the class that every color stands for."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, CAMVID32, UNLABELLED, ClassSet
from jetseg_core.data.camvid_merge import CAMVID11_OF
from jetseg_core.errors import JetSegError


class ColorTable:
    """Turns the colors of label images into ids of `classes`; every other color is unlabelled.

    Args:
        classes: the classes to count in.
        painted: the classes that the label images are painted in. None: CamVid's 32 for its 11 classes,
            otherwise `classes` themselves. Classes are the same by their name, for CAMVID11 by the merge of
            the 32; what has no counterpart is unlabelled.
    """

    def __init__(self, classes: ClassSet, painted: ClassSet | None = None) -> None:
        self.classes = classes
        self.painted = painted or (CAMVID32 if classes == CAMVID11 else classes)

    def ids(self, image: np.ndarray) -> np.ndarray:
        """Class ids of a label image.

        Args:
            image: (H, W, 3) or (H, W, 4) uint8 in OpenCV's order, blue first; alpha does not count.

        Returns:
            (H, W) uint8, 255 where a color is of no class.

        Raises:
            JetSegError: the class sets have nothing in common, or one color stands for two classes.
        """
        if image.shape[2] == 3:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
        packed = image.view("<u4")[..., 0]  # 0xAARRGGBB
        return self._id_of_color[packed & 0xFFFFFF]

    @cached_property
    def _id_of_color(self) -> np.ndarray:
        """(2^24,) uint8: the id of every color, 0xRRGGBB. Built when the first image in colors comes."""
        position = {name: index for index, name in enumerate(self.classes.names)}
        merged = CAMVID11_OF if self.classes == CAMVID11 else {}
        meant = {
            name: position[merged.get(name, name)]
            for name in self.painted.names
            if merged.get(name, name) in position
        }
        if not meant:
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
            table[red << 16 | green << 8 | blue] = meant.get(name, UNLABELLED)
        return table
