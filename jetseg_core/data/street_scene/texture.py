"""Pictures that are painted onto surfaces, with smaller copies of them for the distance."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log2

import cv2
import numpy as np


@dataclass(frozen=True)
class Texture:
    """A picture and its halved copies, so that far surfaces are averaged instead of sampled."""

    levels: tuple[np.ndarray, ...]
    """(H, W, 4) uint8, each half the size of the one before; RGB is premultiplied by the opacity."""
    opaque: bool
    """Whether the opacity is 255 everywhere."""

    @classmethod
    def of(cls, picture: np.ndarray) -> Texture:
        """A texture of a picture (H, W, 3) uint8, or (H, W, 4) with RGB premultiplied by the opacity."""
        opaque = picture.shape[2] == 3
        levels = [cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA) if opaque else picture]
        while min(levels[-1].shape[:2]) >= 8 and len(levels) < 7:
            height, width = levels[-1].shape[:2]
            half = (max(1, width // 2), max(1, height // 2))
            levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
        return cls(tuple(levels), opaque)

    def fitted(self, width: float, height: float) -> np.ndarray:
        """The copy to use where the texture covers about (width, height) pixels on the screen."""
        full_height, full_width = self.levels[0].shape[:2]
        across, down = full_width / max(width, 1), full_height / max(height, 1)
        level = min(max(floor(log2(max(min(across, down), 1)) + 0.3), 0), len(self.levels) - 1)
        picture = self.levels[level]
        # A facade seen at a flat angle is squeezed along one axis only: average along that one.
        target = (
            min(picture.shape[1], max(2, round(width * 1.2))),
            min(picture.shape[0], max(2, round(height * 1.2))),
        )
        if picture.shape[1] > 1.6 * target[0] or picture.shape[0] > 1.6 * target[1]:
            picture = cv2.resize(picture, target, interpolation=cv2.INTER_AREA)
        return picture
