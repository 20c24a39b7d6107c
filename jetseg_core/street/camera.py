"""Pinhole camera: world points to pixels.

World and object axes: x right, y up, z forward along the street, in metres. View axes: x right, y down,
z forward. Pixel (0, 0) is the centre of the top left pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, sin

import numpy as np

NEAR = 0.35
"""Distance of the near clipping plane, in metres."""


@dataclass(frozen=True)
class Camera:
    """A camera at a place, looking somewhere."""

    size: tuple[int, int]
    """(height, width) of the picture in pixels."""
    focal: float
    """Focal length in pixels."""
    position: np.ndarray
    """(3,) world position of the optical centre."""
    yaw: float
    """Heading in radians; positive turns right."""
    pitch: float
    """Positive looks up, in radians."""
    roll: float
    """Positive tilts the camera to the right, in radians."""

    @cached_property
    def rotation(self) -> np.ndarray:
        """(3, 3) rotation from world to view axes."""
        cy, sy = cos(self.yaw), sin(self.yaw)
        cp, sp = cos(self.pitch), sin(self.pitch)
        cr, sr = cos(self.roll), sin(self.roll)
        turn = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
        nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        to_view = np.array([[1, 0, 0], [0, -1, 0], [0, 0, 1]])
        tilt = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
        return tilt @ to_view @ nod @ turn

    @cached_property
    def projection(self) -> np.ndarray:
        """(3, 3) matrix from camera-relative world vectors to pixels (x w, y w, w); w is the depth."""
        cx, cy = self.center
        intrinsic = np.array([[self.focal, 0, cx], [0, self.focal, cy], [0, 0, 1]])
        return intrinsic @ self.rotation

    @property
    def center(self) -> tuple[float, float]:
        """Principal point (x, y) in pixels."""
        return (self.size[1] - 1) / 2, (self.size[0] - 1) / 2

    def to_rays(self, points: np.ndarray) -> np.ndarray:
        """World points (N, 3) to homogeneous pixels (N, 3): (x w, y w, w) with w the depth in metres."""
        return (points - self.position) @ self.projection.T

    def project(self, points: np.ndarray) -> np.ndarray:
        """A world polygon (N, 3), clipped at the near plane, as (M, 2) pixels; M is 0 behind it."""
        return to_pixels(clip_near(self.to_rays(points)))

    def ground_homography(self, height: float = 0.0) -> np.ndarray:
        """(3, 3) matrix from pixels (x, y, 1) to camera-relative ground (x, z, 1) at that height."""
        across, up, along = self.projection.T
        return np.linalg.inv(np.column_stack([across, along, up * (height - self.position[1])]))

    def horizon(self) -> np.ndarray:
        """(2,) rows at which the horizon crosses the left and right picture border."""
        up = self.rotation[:, 1]  # pixels with up . ray = 0 are the horizon
        cx, cy = self.center
        x = np.array([0.0, self.size[1] - 1.0])
        return cy - (up[0] * (x - cx) + up[2] * self.focal) / up[1]


def to_pixels(rays: np.ndarray) -> np.ndarray:
    """Homogeneous pixels (N, 3) beyond the near plane to pixels (N, 2)."""
    return rays[:, :2] / rays[:, 2:]


def clip_near(polygon: np.ndarray) -> np.ndarray:
    """The part of a polygon of homogeneous pixels (N, 3) beyond the near plane, (M, 3)."""
    inside = polygon[:, 2] > NEAR
    if inside.all():
        return polygon
    if not inside.any():
        return polygon[:0]
    following = np.roll(polygon, -1, axis=0)
    crosses = inside != np.roll(inside, -1)
    depth = np.where(crosses, following[:, 2] - polygon[:, 2], 1.0)
    share = (NEAR - polygon[:, 2]) / depth
    crossing = polygon + share[:, None] * (following - polygon)
    return np.stack([polygon, crossing], axis=1)[np.stack([inside, crosses], axis=1)]
