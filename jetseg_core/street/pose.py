"""Where an object stands."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np


@dataclass(frozen=True)
class Pose:
    """World position of an object's origin in metres, and its heading (positive turns right)."""

    x: float
    y: float
    z: float
    heading: float = 0.0

    @property
    def origin(self) -> np.ndarray:
        """(3,) world position."""
        return np.array([self.x, self.y, self.z])

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) object points to world points."""
        return self.turn(points) + self.origin

    def turn(self, vectors: np.ndarray) -> np.ndarray:
        """(..., 3) object directions to world directions."""
        c, s = cos(self.heading), sin(self.heading)
        return vectors @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
