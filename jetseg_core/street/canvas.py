"""A picture and its labels, painted together from flat faces and textured panels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, hypot, log2, sin, sqrt
from typing import Any

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, UNLABELLED
from jetseg_core.street.daylight import Light
from jetseg_core.street.pinhole_camera import NEAR, PinholeCamera

(SKY, BUILDING, POLE, ROAD, SIDEWALK, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST) = range(
    len(CAMVID11)
)
NOTHING = UNLABELLED

_SHIFT = 4  # corners are fixed-point numbers: sixteenths of a pixel
_COVERS = 50  # opacity from which a texel counts as covered: thin twigs belong to their tree
_SMALLEST = 4  # texels along an axis below which a texture is not shrunk


class Texture:
    """A picture with copies shrunk along either axis, so that a distant one is averaged.

    Args:
        picture: (H, W, 3) uint8, or (H, W, 4) with colours premultiplied by the opacity.
    """

    def __init__(self, picture: np.ndarray) -> None:
        self.opaque = picture.shape[2] == 3
        whole = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA) if self.opaque else picture
        self.mean = picture[:, :, :3].mean((0, 1)).astype(np.uint8)
        self._copies = {(0, 0): np.ascontiguousarray(whole)}

    def fitted(self, width: float, height: float) -> np.ndarray:
        """The smallest copy (h, w, 4) that has about a texel per pixel at (width, height) pixels."""
        rows, columns = self._copies[(0, 0)].shape[:2]
        across, down = (
            max(0, min(int(log2(full / max(shown, 1.0)) + 0.3), int(log2(full / _SMALLEST))))
            for full, shown in ((columns, width), (rows, height))
        )
        return self._copy(across, down)

    def _copy(self, across: int, down: int) -> np.ndarray:
        if (across, down) not in self._copies:
            step = (1, 0) if across >= down else (0, 1)
            larger = self._copy(across - step[0], down - step[1])
            size = (larger.shape[1] >> step[0], larger.shape[0] >> step[1])
            self._copies[(across, down)] = cv2.resize(larger, size, interpolation=cv2.INTER_AREA)
        return self._copies[(across, down)]


class Canvas:
    """What a camera sees in some light: `image` (H, W, 3) uint8 RGB and `labels` (H, W) uint8."""

    def __init__(self, camera: PinholeCamera, light: Light) -> None:
        self.camera = camera
        self.light = light
        self.image = np.zeros((*camera.size, 3), np.uint8)
        self.labels = np.full(camera.size, NOTHING, np.uint8)

    def fill(self, pixels: np.ndarray, color: np.ndarray, label: int) -> None:
        """Fill a polygon (N, 2) in pixels: smooth edges in the picture, whole pixels in the labels."""
        if len(pixels) > 2:
            corners = fixed_point(pixels)
            cv2.fillPoly(self.image, [corners], np.asarray(color).tolist(), cv2.LINE_AA, _SHIFT)
            cv2.fillPoly(self.labels, [corners], label, shift=_SHIFT)

    def fill_ground(self, x: tuple[float, float], z: tuple[float, float], color: np.ndarray,
                    label: int) -> None:  # fmt: skip
        """Fill a rectangle on the ground between two positions across and along the street."""
        self.fill(self.camera.polygon(ground_rectangle(x, z)), color, label)

    def misses(self, x: float, half_width: float, z: float) -> bool:
        """True if nothing can be seen of a thing at `x` whose far end is at `z`, both in metres."""
        camera = self.camera
        aside = abs(x - float(camera.position[0])) - half_width
        ahead = z - float(camera.position[2])
        return aside > 0.55 * hypot(*camera.size) / camera.focal * ahead + 0.3

    def warp(
        self, texture: Texture, corner: np.ndarray, along: np.ndarray, up: np.ndarray
    ) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray] | None:
        """A texture as it appears on a parallelogram in the world.

        Args:
            texture: the picture.
            corner: (3,) its lower left corner.
            along: (3,) from there to the lower right corner.
            up: (3,) from there to the upper left corner.

        Returns:
            Part of the picture, RGBA (h, w, 4) uint8 and coverage (h, w) uint8 there; None if unseen.
        """
        camera = self.camera
        outline = camera.polygon(
            np.array([corner + up, corner + up + along, corner + along, corner])
        )
        if not len(outline):
            return None
        height, width = camera.size
        low, high = outline.min(0), outline.max(0)
        x0, y0 = (max(0, int(v) - 1) for v in low)
        x1, y1 = (min(n, int(v) + 2) for n, v in zip((width, height), high, strict=True))
        if x1 <= x0 or y1 <= y0:
            return None
        middle = corner + (along + up) / 2 - camera.position
        tall = camera.focal * sqrt((up @ up) / max(middle @ middle, 1.0))
        source = texture.fitted(float(high[0] - low[0]), max(tall, float(high[1] - low[1])))
        rows, columns = source.shape[:2]
        plane = np.column_stack([along / columns, -up / rows, corner + up - camera.position])
        place = camera.projection @ plane
        place[:, 2] += (place[:, 0] + place[:, 1]) / 2  # from corners to centres of texels
        place[:2] -= place[2] * ((x0,), (y0,))
        border = cv2.BORDER_REPLICATE if texture.opaque else cv2.BORDER_CONSTANT
        size = (x1 - x0, y1 - y0)
        if np.abs(place[2, :2]).max() < 1e-9 * abs(place[2, 2]):  # parallel to the picture: quicker
            warped = cv2.warpAffine(source, place[:2] / place[2, 2], size, borderMode=border)
        else:
            warped = cv2.warpPerspective(source, place, size, borderMode=border)
        if texture.opaque:
            covered = np.zeros(size[::-1], np.uint8)
            cv2.fillPoly(covered, [fixed_point(outline - (x0, y0))], 255, cv2.LINE_AA, _SHIFT)
        else:
            covered = cv2.extractChannel(warped, 3)
        return (slice(y0, y1), slice(x0, x1)), warped, covered


@dataclass(frozen=True)
class Panel:
    """A flat picture: a wall, a fence, or a tree or person that turns to the camera."""

    order: float
    """Far end along the street in metres; things are painted from the largest down."""
    corner: np.ndarray
    """(3,) lower left corner; middle of the foot where it turns to the camera."""
    along: np.ndarray
    """(3,) from there to the lower right corner."""
    up: np.ndarray
    """(3,) from there to the upper left corner."""
    texture: Texture
    label: int
    sun: float = 1.0
    """Share of the sun that reaches it, 0 to 1."""
    tint: np.ndarray | float = 1.0
    """(3,) factors on the colours."""
    turns: bool = False
    """Turn to the camera."""

    @property
    def reach(self) -> float:
        """Distance in metres from which it is too small to be painted."""
        return 40.0 + 12.0 * float(self.up[1])

    @cached_property
    def normal(self) -> np.ndarray:
        """(3,) unit vector out of the picture, to either side."""
        normal = np.cross(self.along, self.up)
        return normal / np.linalg.norm(normal)

    def paint(self, canvas: Canvas) -> None:
        """Paint picture and labels."""
        camera, light = canvas.camera, canvas.light
        corner, along, up = self.corner, self.along, self.up
        if canvas.misses(corner[0], along[0] / 2 if self.turns else 0.0, self.order):
            return
        if self.turns:
            right, down, _ = camera.rotation
            along, up = right * along[0], -down * up[1]
            corner = corner - along / 2
        seen = canvas.warp(self.texture, corner, along, up)
        if seen is None:
            return
        part, warped, covered = seen
        middle = corner + (along + up) / 2 - camera.position
        facing = self.normal * (-1 if self.normal @ middle > 0 else 1)
        shade = light.round_shade(self.sun) if self.turns else float(light.shade(facing, self.sun))
        left = float(light.fade(sqrt(middle @ middle)))
        lit = np.zeros((3, 4))  # haze comes in proportion to the opacity
        lit[[0, 1, 2], [0, 1, 2]] = self.tint * np.float64(shade * left)
        lit[:, 3] = light.haze * ((1 - left) / 255)
        shown, weight = cv2.transform(warped, lit), cv2.merge([covered] * 3)
        if self.texture.opaque:
            shown = cv2.multiply(shown, weight, scale=1 / 255)
        image = canvas.image[part]
        cv2.add(shown, cv2.multiply(image, cv2.bitwise_not(weight), scale=1 / 255), dst=image)
        canvas.labels[part][covered > (127 if self.texture.opaque else _COVERS)] = self.label


CORNERS = 12
"""Corners of each face of a mesh; faces with fewer repeat the last one."""
_TURN = np.arange(CORNERS) * (2 * np.pi / CORNERS)
DISC = np.column_stack([np.cos(_TURN), np.sin(_TURN), np.zeros(CORNERS)])
"""Corners (CORNERS, 3) of an upright disc of radius 1 m."""


class Mesh:
    """Flat faces in the order in which they are painted; x right, y up, z forward, metres."""

    def __init__(self) -> None:
        self._rows: list[tuple[np.ndarray, np.ndarray, np.ndarray, int, float]] = []

    def face(self, points: Any, outward: Any, color: Any, label: int, detail: float = 0) -> None:
        """Add a flat face (N, 3) whose visible side is the one that `outward` points to.

        `detail` is the number of pixels per metre below which the face is left out.
        """
        corners = np.asarray(points, float)
        around = corners - corners.mean(0)
        normal = np.cross(around, np.roll(around, -1, axis=0)).sum(0)  # Newell's method
        normal *= np.sign(normal @ np.asarray(outward, float)) / (np.linalg.norm(normal) + 1e-12)
        padded = np.concatenate([corners, np.repeat(corners[-1:], CORNERS - len(corners), axis=0)])
        self._rows.append((padded, normal, np.asarray(color, float), label, detail))

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
        """Corners (F, CORNERS, 3), normals (F, 3), colours (F, 3), labels (F,) and detail (F,)."""
        return tuple(np.array(column) for column in zip(*self._rows, strict=True))


@dataclass(frozen=True)
class Solid:
    """A mesh put up in the street."""

    order: float
    """As of `Panel`; the near end of a vehicle, which hides the posts and people beyond it."""
    mesh: Mesh
    place: np.ndarray
    """(3,) world position of the mesh's origin."""
    heading: float = 0.0
    """Radians; positive turns right."""
    sun: float = 1.0
    """Share of the sun that reaches it, 0 to 1."""
    footprint: tuple[float, float, float] | None = None
    """(half width, half length, height) of a vehicle, for its shadow."""
    reach: float = 120.0
    """Distance in metres from which it is too small to be painted."""

    def turned(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (..., 3) of the mesh in world axes."""
        c, s = cos(self.heading), sin(self.heading)
        return vectors @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])

    def paint(self, canvas: Canvas) -> None:
        """Paint picture and labels."""
        camera, light = canvas.camera, canvas.light
        if canvas.misses(self.place[0], 3.0, self.order + 5.0):
            return
        faces, normals, colors, labels, detail = self.mesh.arrays
        distance = float(np.linalg.norm(self.place - camera.position))
        corners, normals = self.turned(faces) + self.place, self.turned(normals)
        seen = ((camera.position - corners[:, 0]) * normals).sum(1) > 0
        seen &= detail <= camera.focal / max(distance, 1.0)
        corners, labels = corners[seen], labels[seen].tolist()
        lit = light.hazed(colors[seen] * light.shade(normals[seen], self.sun)[:, None], distance)
        rays = camera.rays(corners)
        if rays[..., 2].min(initial=np.inf) <= NEAR:
            for points, color, label in zip(corners, lit, labels, strict=True):
                canvas.fill(camera.polygon(points), color, label)
            return
        fixed = fixed_point(rays[..., :2] / rays[..., 2:])
        for outline, color, label in zip(fixed, lit.tolist(), labels, strict=True):
            cv2.fillPoly(canvas.image, [outline], color, cv2.LINE_AA, _SHIFT)
            cv2.fillPoly(canvas.labels, [outline], label, shift=_SHIFT)


Thing = Panel | Solid


def ground_rectangle(x: tuple[float, float], z: tuple[float, float]) -> np.ndarray:
    """(4, 3) corners of a rectangle on the ground."""
    return np.array([(x[0], 0, z[0]), (x[0], 0, z[1]), (x[1], 0, z[1]), (x[1], 0, z[0])], float)


def fixed_point(pixels: np.ndarray) -> np.ndarray:
    """Pixel positions (..., 2) as the integers that OpenCV's polygon fill takes."""
    return np.rint(np.clip(pixels, -1e6, 1e6) * (1 << _SHIFT)).astype(np.int32)
