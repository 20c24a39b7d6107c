"""What is left to do once a thing is projected: put pixels on the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jetseg_core.street.canvas import Canvas
from jetseg_core.street.texture import Texture


class Stroke(Protocol):
    """One thing, ready to be painted."""

    @property
    def order(self) -> float:
        """Strokes are painted from the largest down."""

    def paint(self, canvas: Canvas) -> None:
        """Paints picture and labels."""


@dataclass(frozen=True)
class Polygons:
    """Polygons that are painted one after the other."""

    order: float
    corners: list[np.ndarray]
    """(N, 2) each, from `fixed_point`."""
    colors: list[list[float]]
    labels: list[int]
    """Class id of each polygon, below 0 for details on what is labelled already."""
    rings: tuple[tuple[np.ndarray, np.ndarray, float, int], ...] = ()
    """What is stroked before, see `Canvas.ring`."""

    def paint(self, canvas: Canvas) -> None:
        """See `Stroke`."""
        for ring in self.rings:
            canvas.ring(*ring)
        canvas.polygons(self.corners, self.colors, self.labels)


@dataclass(frozen=True)
class Picture:
    """A texture laid on the canvas, see `Canvas.picture`."""

    order: float
    texture: Texture
    matrix: np.ndarray
    outline: np.ndarray
    scale: tuple[float, float]
    color: np.ndarray
    label: int
    solid_label: bool

    def paint(self, canvas: Canvas) -> None:
        """See `Stroke`."""
        canvas.picture(
            self.texture, self.matrix, self.outline, self.scale, self.color, self.label,
            solid_label=self.solid_label,
        )  # fmt: skip
