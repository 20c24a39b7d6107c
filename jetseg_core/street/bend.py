"""The course of the street: where its middle runs, and how the camera drives along it."""

from __future__ import annotations

from math import atan, cos, pi, sin

import numpy as np

from jetseg_core.street.noise import generator
from jetseg_core.street.pose import Pose


class Bend:
    """A street that winds gently: street coordinates (x right of its middle, s along it) to the world."""

    def __init__(self, seed: int) -> None:
        rng = generator(seed, 31)
        self._waves = [
            (float(rng.uniform(0.2, 1.0) * scale), 2 * pi / length, float(rng.uniform(0, 2 * pi)))
            for scale, length in ((7.0, 410.0), (2.2, 173.0))
        ]

    def offset(self, s: float) -> float:
        """World x of the middle of the street."""
        return sum(a * sin(k * s + p) for a, k, p in self._waves)

    def offsets(self, s: np.ndarray) -> np.ndarray:
        """World x of the middle of the street at many places."""
        return np.sum([a * np.sin(k * s + p) for a, k, p in self._waves], axis=0)

    def heading(self, s: float) -> float:
        """Direction of the street in radians; positive turns right."""
        return atan(sum(a * k * cos(k * s + p) for a, k, p in self._waves))

    def point(self, x: float, s: float, y: float = 0.0) -> np.ndarray:
        """World position (3,)."""
        return np.array([x + self.offset(s), y, s])

    def points(self, x: np.ndarray, s: np.ndarray, y: float = 0.0) -> np.ndarray:
        """World positions (N, 3)."""
        return np.stack([x + self.offsets(s), np.full(len(s), y), s], axis=1)

    def pose(self, x: float, s: float, heading: float = 0.0, y: float = 0.0) -> Pose:
        """Pose of an object whose heading is relative to the street's."""
        return Pose(x + self.offset(s), y, s, heading + self.heading(s))

    def strip(self, x0: float, x1: float, s0: float, s1: float, y: float = 0.0) -> np.ndarray:
        """Outline (N, 3) of the part of the street between two lateral and two lengthwise positions."""
        count = max(2, int((s1 - s0) / 8) + 1)
        s = np.linspace(s0, s1, count)
        left, right = np.full(count, float(x0)), np.full(count, float(x1))
        return np.concatenate([self.points(left, s, y), self.points(right, s, y)[::-1]])
