"""A picture and its labels, painted together from textured panels and flat-faced solids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from math import cos, hypot, log2, sin, sqrt
from typing import Any

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, UNLABELLED
from jetseg_core.street.daylight import HAZE, Light, clearness
from jetseg_core.street.pinhole_camera import NEAR, PinholeCamera

(SKY, BUILDING, POLE, ROAD, SIDEWALK, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST) = range(
    len(CAMVID11)
)
_COVERS = 50  # opacity from which a texel counts as covered: thin twigs belong to their tree
_SMALLEST = 4  # texels along an axis below which a texture is not shrunk
Span = tuple[float, float]


def fixed_point(pixels: np.ndarray) -> np.ndarray:
    """Pixel positions (..., 2) as OpenCV takes them with 4 fractional bits."""
    return np.rint(np.clip(pixels, -1e6, 1e6) * 16).astype(np.int32)


def stroke(picture: np.ndarray, pixels: np.ndarray, color: Any, width: float) -> None:
    """Draw a line of some width in pixels through pixel positions (N, 2)."""
    corners, thick = fixed_point(pixels), max(1, round(width))
    cv2.polylines(picture, [corners], False, color, thick, cv2.LINE_AA, 4)


class Texture:
    """A picture with copies shrunk along either axis, so that a distant one is averaged.

    Args:
        picture: (H, W, 3) uint8, or (H, W, 4) with colours premultiplied by the opacity.
    """

    def __init__(self, picture: np.ndarray) -> None:
        if picture.shape[2] == 3:
            picture = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
        self._shape = picture.shape[:2]
        self._copy = cache(lambda size: cv2.resize(picture, size, interpolation=cv2.INTER_AREA))

    def fitted(self, width: float, height: float) -> np.ndarray:
        """The smallest copy (h, w, 4) that has about a texel per pixel at (width, height) pixels."""
        rows, columns = self._shape
        copy: np.ndarray = self._copy(
            tuple(
                full
                >> max(0, min(int(log2(full / max(shown, 1)) + 0.3), int(log2(full / _SMALLEST))))
                for full, shown in ((columns, width), (rows, height))
            )
        )
        return copy


class Canvas:
    """A camera's view in some light: `image` (H, W, 3) uint8 RGB and `labels` (H, W) uint8."""

    def __init__(self, camera: PinholeCamera, light: Light) -> None:
        self.camera = camera
        self.light = light
        self.image = np.zeros((*camera.size, 3), np.uint8)
        self.labels = np.full(camera.size, UNLABELLED, np.uint8)

    def fill(self, corners: np.ndarray, color: Any, label: int) -> None:
        """Fill a polygon of `fixed_point` corners (N, 2): smooth edges in the picture, hard ones in the labels."""
        cv2.fillPoly(self.image, [corners], color, cv2.LINE_AA, 4)
        cv2.fillPoly(self.labels, [corners], label, shift=4)

    def fill_ground(self, x: Span, z: Span, color: Any, label: int) -> None:
        """Fill a rectangle on the ground between two positions across and along the street."""
        ends = np.array([(x[0], 0, z[0]), (x[0], 0, z[1]), (x[1], 0, z[1]), (x[1], 0, z[0])], float)
        pixels = self.camera.polygon(ends)
        if len(pixels):
            self.fill(fixed_point(pixels), np.asarray(color, float).tolist(), label)

    def warp(
        self, texture: Texture, corner: np.ndarray, along: np.ndarray, up: np.ndarray
    ) -> tuple[tuple[slice, slice], np.ndarray] | None:
        """A texture as it appears on a parallelogram in the world.

        `corner` (3,) is its lower left corner; `along` and `up` lead to the lower right and the upper left.

        Returns:
            Part of the picture, and RGBA (h, w, 4) uint8 there; None if nothing is seen.
        """
        camera, top = self.camera, corner + up
        outline = camera.polygon(np.array([top, top + along, corner + along, corner]))
        if not len(outline):
            return None
        low = np.maximum(outline.min(0).astype(int) - 1, 0)
        high = np.minimum(outline.max(0).astype(int) + 2, camera.size[::-1])
        if (high <= low).any():
            return None
        middle = corner + (along + up) / 2 - camera.position
        tall = camera.focal * sqrt((up @ up) / max(middle @ middle, 1.0))
        source = texture.fitted(np.ptp(outline[:, 0]), max(tall, np.ptp(outline[:, 1])))
        rows, columns = source.shape[:2]
        plane = np.column_stack([along / columns, -up / rows, top - camera.position])
        place = camera.projection @ plane
        place[:, 2] += (place[:, 0] + place[:, 1]) / 2  # from corners to centres of texels
        place[:2] -= place[2] * low[:, None]
        warped = cv2.warpPerspective(source, place, (high - low).tolist())
        return (slice(low[1], high[1]), slice(low[0], high[0])), warped


@dataclass(frozen=True)
class Panel:
    """A flat picture: a wall, a fence, or a tree or person that turns to the camera."""

    place: np.ndarray
    """(3,) world position of the lower left corner; middle of the foot where it turns to the camera."""
    along: np.ndarray
    """(3,) from there to the lower right corner."""
    height: float
    texture: Texture
    label: int
    tint: np.ndarray | float = 1.0
    """(3,) factors on the colours."""
    turns: bool = False
    """Turn to the camera."""
    nearer: float = 0.0
    """Metres by which it is painted as if it was nearer."""

    @property
    def order(self) -> float:
        """Far end along the street in metres; things are painted from the largest down."""
        return float(self.place[2] + max(self.along[2], 0.0)) - self.nearer

    @property
    def reach(self) -> float:
        """Distance in metres from which it is too small to be painted."""
        return 40 + 12 * self.height

    def paint(self, canvas: Canvas) -> None:
        """Paint picture and labels."""
        camera, light = canvas.camera, canvas.light
        corner, along, up = self.place, self.along, np.array([0, self.height, 0])
        if self.turns:
            along = camera.right * along[0]
            corner = corner - along / 2
        seen = canvas.warp(self.texture, corner, along, up)
        if seen is None:
            return
        part, warped = seen
        middle = corner + (along + up) / 2 - camera.position
        normal = np.array([along[2], 0, -along[0]]) / hypot(along[0], along[2])
        normal *= -1 if normal @ middle > 0 else 1
        shade = light.shade(np.array([0, 0.5, 0]) if self.turns else normal)  # those are round
        clear = clearness(sqrt(middle @ middle))
        # Haze comes in proportion to the opacity.
        own = np.diag(np.ones(3) * self.tint * shade * clear)
        lit = np.column_stack([own, HAZE * (1 - clear) / 255])
        opacity, image = cv2.extractChannel(warped, 3), canvas.image[part]
        behind = cv2.multiply(image, cv2.merge([cv2.bitwise_not(opacity)] * 3), scale=1 / 255)
        cv2.add(cv2.transform(warped, lit), behind, dst=image)
        canvas.labels[part][opacity > _COVERS] = self.label


CORNERS = 12
"""Corners of each face of a mesh; faces with fewer repeat the last one."""
_TURN = np.arange(CORNERS) * (2 * np.pi / CORNERS)
DISC = np.column_stack([np.cos(_TURN), np.sin(_TURN), np.zeros(CORNERS)])
"""Corners (CORNERS, 3) of an upright disc of radius 1 m."""


class Mesh:
    """Flat faces in the order in which they are painted; x right, y up, z forward, metres."""

    def __init__(self) -> None:
        self._rows: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]] = []

    def face(self, points: Any, outward: Any, color: Any, label: int) -> None:
        """Add a flat face (N, 3) whose visible side is the one that `outward` points to."""
        corners = np.asarray(points, float)
        around = corners - corners.mean(0)
        normal = np.cross(around, np.roll(around, -1, axis=0)).sum(0)  # Newell's method
        normal *= np.sign(normal @ np.asarray(outward, float)) / (np.linalg.norm(normal) + 1e-12)
        padded = np.concatenate([corners, np.repeat(corners[-1:], CORNERS - len(corners), axis=0)])
        self._rows.append((padded, normal, np.asarray(color, float), label))

    def box(self, low: Any, high: Any, color: Any, label: int) -> None:
        """Add the six sides of an upright box between two opposite corners."""
        ends = np.array([low, high], float)
        for axis in range(3):
            a, b = (axis + 1) % 3, (axis + 2) % 3
            for end in (0, 1):
                corners = np.tile(ends[end], (4, 1))
                corners[:, a], corners[:, b] = ends[[0, 1, 1, 0], a], ends[[0, 0, 1, 1], b]
                self.face(corners, np.eye(3)[axis] * (2 * end - 1), color, label)

    @cached_property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """Corners (F, CORNERS, 3), normals (F, 3), colours (F, 3) and labels (F,)."""
        return tuple(np.array(column) for column in zip(*self._rows, strict=True))


@dataclass(frozen=True)
class Solid:
    """A mesh put up in the street."""

    place: np.ndarray
    """(3,) world position of the mesh's origin."""
    mesh: Mesh
    heading: float = 0.0
    """Radians; positive turns right."""
    footprint: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """(half width, half length, height) of a vehicle."""
    reach: float = 120.0
    """Distance in metres from which it is too small to be painted."""

    @property
    def order(self) -> float:
        """As of `Panel`; of a vehicle the near end, since it hides the posts and people beyond it."""
        return float(self.place[2]) - self.footprint[1]

    def turned(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (..., 3) of the mesh in world axes."""
        c, s = cos(self.heading), sin(self.heading)
        return vectors @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])

    def paint(self, canvas: Canvas) -> None:
        """Paint picture and labels."""
        camera = canvas.camera
        faces, normals, colors, labels = self.mesh.arrays
        corners, normals = self.turned(faces) + self.place, self.turned(normals)
        seen = ((camera.position - corners[:, 0]) * normals).sum(1) > 0
        rays = camera.rays(corners[seen])
        if rays[..., 2].max(initial=0) <= NEAR:
            return
        # Behind the near plane, edges that lead ahead keep their direction.
        fixed = fixed_point(rays[..., :2] / rays[..., 2:].clip(NEAR))
        lit = (colors * canvas.light.shade(normals)[:, None])[seen].clip(0, 255)
        clear = clearness(float(np.linalg.norm(self.place - camera.position)))
        lit = lit * clear + HAZE * (1 - clear)
        for outline, color, label in zip(fixed, lit.tolist(), labels[seen].tolist(), strict=True):
            canvas.fill(outline, color, label)


Thing = Panel | Solid
