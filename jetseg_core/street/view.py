"""A camera, the light, and the canvas that is painted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jetseg_core.street.camera import Camera
from jetseg_core.street.canvas import Canvas
from jetseg_core.street.light import Light


@dataclass(frozen=True)
class View:
    """What it takes to paint three-dimensional things."""

    camera: Camera
    light: Light
    canvas: Canvas

    def ground(self, points: np.ndarray, color: np.ndarray, label: int) -> None:
        """Paints a flat world polygon (N, 3) that lies on the ground, in its color without light."""
        self.canvas.polygon(self.camera.project(points), color, label)

    def on_canvas(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Whether boxes between pixels (N, 2) and (N, 2) touch the picture, (N,) bool."""
        height, width = self.canvas.size
        return (high > -2).all(1) & (low[:, 0] < width + 2) & (low[:, 1] < height + 2)

    def distances(self, points: np.ndarray) -> np.ndarray:
        """(N,) horizontal distances in metres of world points (N, 3)."""
        away = points - self.camera.position
        return np.hypot(away[:, 0], away[:, 2])
