"""Pinhole camera above a flat road: intrinsics, pose and projection.

World axes: x to the right of the street's middle, y up from the road, z along the street, in metres.
Optical axes (REP 103): x right, y down, z forward. Pixel (0, 0) is the centre of the top left pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, sin

import cv2
import numpy as np

NEAR = 0.35
"""Distance of the near clipping plane in metres."""


@dataclass(frozen=True)
class PinholeCamera:
    """A camera without lens distortion."""

    size: tuple[int, int]
    """(height, width) of the picture in pixels."""
    focal: float
    """Focal length in pixels, the same for both axes."""
    position: np.ndarray
    """(3,) optical centre in the world; its y is the height above the road."""
    yaw: float = 0.0
    """Heading in radians; positive turns right, 0 looks along the street."""
    pitch: float = 0.0
    """Radians; positive looks up."""
    roll: float = 0.0
    """Radians; positive tilts the camera to the right."""

    @cached_property
    def intrinsics(self) -> np.ndarray:
        """(3, 3) camera matrix K."""
        y, x = (np.array(self.size) - 1) / 2
        return np.array([[self.focal, 0, x], [0, self.focal, y], [0, 0, 1.0]])

    @cached_property
    def rotation(self) -> np.ndarray:
        """(3, 3) rotation R from world to optical axes."""
        (cy, cp, cr), (sy, sp, sr) = (
            [f(angle) for angle in (self.yaw, self.pitch, self.roll)] for f in (cos, sin)
        )
        turn = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
        nod = np.array([[1, 0, 0], [0, -cp, sp], [0, sp, cp]])  # y now points down
        tilt = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
        return tilt @ nod @ turn

    @cached_property
    def right(self) -> np.ndarray:
        """(3,) level unit vector to the right of the heading, in the world."""
        return np.array([cos(self.yaw), 0, -sin(self.yaw)])

    @cached_property
    def projection(self) -> np.ndarray:
        """(3, 3) K R: vectors from the optical centre to homogeneous pixels (x w, y w, w), w = depth."""
        return self.intrinsics @ self.rotation

    def rays(self, points: np.ndarray) -> np.ndarray:
        """Homogeneous pixels (..., 3) of world points (..., 3)."""
        return (points - self.position) @ self.projection.T

    def polygon(self, points: np.ndarray) -> np.ndarray:
        """Pixels (M, 2) of a flat world polygon (N, 3), clipped at the near plane; M may be 0."""
        rays = self.rays(points)
        inside = rays[:, 2] > NEAR
        if not inside.all():
            following = np.roll(rays, -1, axis=0)
            crosses = inside != np.roll(inside, -1)
            depth = np.where(crosses, following[:, 2] - rays[:, 2], 1.0)
            share = ((NEAR - rays[:, 2]) / depth)[:, None]
            crossing = rays + share * (following - rays)
            rays = np.stack([rays, crossing], axis=1)[np.stack([inside, crosses], axis=1)]
        return rays[:, :2] / rays[:, 2:]

    @cached_property
    def ground_homography(self) -> np.ndarray:
        """(3, 3) matrix from pixels (x, y, 1) to road points (x, z, 1) relative to the camera's."""
        across, up, along = self.projection.T
        matrix = np.column_stack([across, along, -self.position[1] * up])
        return cv2.invert(matrix)[1]  # numpy's takes milliseconds where its library starts threads

    @cached_property
    def slope(self) -> np.ndarray:
        """(H, W) tangent of the angle by which each pixel looks down; negative above the horizon."""
        row, column = (n.astype(np.float32) for n in np.ogrid[: self.size[0], : self.size[1]])
        x, z, w = (
            a * column + b * row + c for a, b, c in self.ground_homography.astype(np.float32)
        )
        return np.float32(self.position[1]) * w / np.hypot(x, z)
