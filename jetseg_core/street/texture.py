"""Pictures that are painted onto surfaces, with smaller copies of them for the distance."""

from __future__ import annotations

from functools import cached_property
from math import floor, log2

import cv2
import numpy as np

_SMALLEST = 4


class Texture:
    """A picture and its shrunk copies, so that far surfaces are averaged instead of sampled.

    A front seen at a flat angle is squeezed along one axis only; so there are copies for every pair of
    halvings along the two axes, made when first asked for.

    Args:
        picture: (H, W, 3) uint8, or (H, W, 4) with RGB premultiplied by the opacity.
    """

    def __init__(self, picture: np.ndarray) -> None:
        self.opaque = picture.shape[2] == 3
        whole = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA) if self.opaque else picture
        self._copies = {(0, 0): whole}
        height, width = whole.shape[:2]
        self._size = (width, height)
        self._most = tuple(max(0, floor(log2(n / _SMALLEST))) for n in (width, height))

    def fitted(self, width: float, height: float) -> np.ndarray:
        """The copy (h, w, 4) to use where the texture covers about (width, height) pixels on the screen."""
        across, down = (
            min(max(floor(log2(max(full / max(shown, 1.0), 1.0)) + 0.15), 0), most)
            for full, shown, most in zip(self._size, (width, height), self._most, strict=True)
        )
        return self._copy(across, down)

    @cached_property
    def mean(self) -> np.ndarray:
        """(3,) mean color."""
        return self._copies[(0, 0)][:, :, :3].mean((0, 1))

    def _copy(self, across: int, down: int) -> np.ndarray:
        if (across, down) not in self._copies:
            # Halve the copy that is one step larger along the axis that is ahead.
            step = (1, 0) if across >= down else (0, 1)
            larger = self._copy(across - step[0], down - step[1])
            size = (larger.shape[1] >> step[0], larger.shape[0] >> step[1])
            self._copies[(across, down)] = cv2.resize(larger, size, interpolation=cv2.INTER_AREA)
        return self._copies[(across, down)]
