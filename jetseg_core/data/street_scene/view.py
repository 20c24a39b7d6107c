"""Painting of three-dimensional things: projection, light, haze and shadow brought together."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin, sqrt

import numpy as np

from jetseg_core.data.street_scene.camera import NEAR, Camera, clip_near, to_pixels
from jetseg_core.data.street_scene.canvas import Canvas, fixed_point
from jetseg_core.data.street_scene.figure import Figure, outlines
from jetseg_core.data.street_scene.light import Light
from jetseg_core.data.street_scene.mesh import Mesh
from jetseg_core.data.street_scene.texture import Texture

_RUBBER = np.array([24.0, 24.0, 26.0])
_UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])


@dataclass(frozen=True)
class Pose:
    """Where an object stands: world position of its origin, and heading (positive turns right)."""

    x: float
    y: float
    z: float
    heading: float = 0.0

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) object points to world points."""
        return self.turn(points) + (self.x, self.y, self.z)

    def turn(self, vectors: np.ndarray) -> np.ndarray:
        """(..., 3) object directions to world directions."""
        c, s = cos(self.heading), sin(self.heading)
        return vectors @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


@dataclass(frozen=True)
class View:
    """A camera, the light, and the canvas that is painted on."""

    camera: Camera
    light: Light
    canvas: Canvas

    def distance(self, pose: Pose) -> float:
        """Horizontal distance of an object from the camera, in metres."""
        return float(np.hypot(pose.x - self.camera.position[0], pose.z - self.camera.position[2]))

    def hazed(self, colors: np.ndarray, distance: float) -> np.ndarray:
        """Colors (..., 3), 0 to 255, as they look from a distance."""
        left = self.light.fade(distance)
        return colors.clip(0, 255) * left + self.light.haze * (1 - left)

    def mesh(self, mesh: Mesh, pose: Pose, palette: np.ndarray, lit: float = 1.0) -> None:
        """Paints a solid; the palette (S, 3) gives its color slots their RGB colors."""
        camera = self.camera
        distance = self.distance(pose)
        scale = camera.focal / max(distance, 1.0)
        world = pose.to_world(mesh.vertices)
        rays = camera.to_rays(world)
        nearest = rays[:, 2].min()
        if rays[:, 2].max() < NEAR or (nearest > NEAR and not self._seen(to_pixels(rays))):
            return
        normals = pose.turn(mesh.normals)
        towards = camera.position - world[mesh.starts[:-1]]
        faces = np.flatnonzero((normals * towards).sum(1) > 0)
        faces = faces[mesh.detail[faces] <= scale]
        shade = self.light.shade(normals[faces], lit)[:, None] * mesh.gloss[faces]
        colors = self.hazed(palette[mesh.slots[faces]] * shade + mesh.glow[faces], distance)
        spans = zip(mesh.starts[faces].tolist(), mesh.starts[faces + 1].tolist(), strict=True)
        labels = mesh.labels[faces].tolist()
        if nearest > NEAR:
            corners = fixed_point(to_pixels(rays))
            self.canvas.polygons((corners[a:b] for a, b in spans), colors, labels)
        else:
            for (a, b), color, label in zip(spans, colors, labels, strict=True):
                points = to_pixels(clip_near(rays[a:b]))
                self.canvas.polygon(points, color, label if label >= 0 else None)

    def figure(self, figure: Figure, pose: Pose, palette: np.ndarray, lit: float = 1.0) -> None:
        """Paints a body of rounded limbs, each in its palette color, far limbs first."""
        camera, light = self.camera, self.light
        distance = self.distance(pose)
        scale = camera.focal / max(distance, 1.0)
        chosen = np.flatnonzero(figure.detail <= scale)
        rays = camera.to_rays(pose.to_world(figure.ends[chosen].reshape(-1, 3)))
        if rays[:, 2].min() < NEAR or not self._seen(to_pixels(rays)):
            return
        depth = rays[:, 2].reshape(-1, 2)
        order = np.argsort(-depth.sum(1), kind="stable")
        chosen = chosen[order]
        centers = to_pixels(rays).reshape(-1, 2, 2)[order]
        radii = (figure.radii[chosen] * camera.focal) / depth[order]
        side = float(pose.turn(np.array([0.0, 0.0, 1.0])) @ light.sun)
        brightness = 0.8 * light.ambient + light.sunshine * lit * (0.32 + 0.2 * side)
        colors = self.hazed(palette[figure.slots[chosen]] * brightness, distance)
        for wheel in figure.wheels:
            ring = to_pixels(camera.to_rays(pose.to_world(wheel)))
            self.canvas.ring(ring, self.hazed(_RUBBER, distance), 0.045 * scale, figure.label)
        close = bool(radii.max() > 3.5)
        outline = fixed_point(outlines(centers, radii, 7 if close else 3))
        labels = [figure.label] * len(chosen)
        if not close:
            self.canvas.polygons(outline, colors, labels)
            return
        # Limbs are rounded: a paler core towards the sun, where they are large enough to show it.
        sunward = (camera.rotation @ light.sun)[:2] * 0.3
        cores = fixed_point(outlines(centers + radii[:, :, None] * sunward, radii * 0.55, 7))
        pale = (colors * (1.12 + 0.16 * lit * light.sunshine)).clip(0, 255)
        self.canvas.polygons(
            np.stack([outline, cores], 1).reshape(-1, *outline.shape[1:]),
            np.stack([colors, pale], 1).reshape(-1, 3),
            [label for part in labels for label in (part, -1)],
        )

    def _seen(self, pixels: np.ndarray) -> bool:
        """Whether the bounding box of points (N, 2) touches the picture."""
        height, width = self.canvas.size
        (x0, y0), (x1, y1) = pixels.min(0), pixels.max(0)
        return bool(x1 > -2 and y1 > -2 and x0 < width + 2 and y0 < height + 2)

    def ground(self, points: np.ndarray, color: np.ndarray, label: int | None) -> None:
        """Paints a flat world polygon (N, 3) that lies on the ground, in its color without haze."""
        self.canvas.polygon(self.camera.project(points), color, label)

    def wall(
        self, corner: np.ndarray, along: np.ndarray, up: np.ndarray, texture: Texture,
        label: int, tint: np.ndarray, *, lit: float = 1.0, outline: np.ndarray | None = None,
        solid_label: bool = False,
    ) -> None:  # fmt: skip
        """Paints a textured parallelogram.

        Args:
            corner: (3,) world position of the texture's lower left corner.
            along: (3,) world vector from there to the lower right corner.
            up: (3,) world vector from there to the upper left corner.
            texture: what is on it.
            label: class id.
            tint: (3,) factors on the texture's colors.
            lit: 1 in the sun, 0 in the shadow.
            outline: (N, 2) corners (u right, v down, 0 to 1) of the part to paint; None = all of it.
            solid_label: label transparent parts of the texture too.
        """
        camera = self.camera
        unit = _UNIT_SQUARE if outline is None else outline
        top = corner + up - camera.position
        matrix = camera.projection @ np.array([along, -up, top]).T
        rays = clip_near(unit @ matrix[:, :2].T + matrix[:, 2])
        if len(rays) < 3:
            return
        points = to_pixels(rays)
        if not self._seen(points):
            return
        nearest, farthest = max(float(rays[:, 2].min()), 1.0), max(float(rays[:, 2].max()), 1.0)
        middle = top + (along - up) / 2
        distance = sqrt(float(middle @ middle))
        normal = np.array(
            [
                up[1] * along[2] - up[2] * along[1],
                up[2] * along[0] - up[0] * along[2],
                up[0] * along[1] - up[1] * along[0],
            ]
        )
        normal *= -np.sign(normal @ middle) / sqrt(float(normal @ normal))
        left = self.light.fade(distance)
        color = np.zeros((3, 4))
        color[(0, 1, 2), (0, 1, 2)] = tint * (float(self.light.shade(normal[None], lit)[0]) * left)
        color[:, 3] = self.light.haze * (1 - left)
        spread = (points.max(0) - points.min(0))[0] / max(float(unit[:, 0].max() - unit[:, 0].min()), 0.01)
        tall = sqrt(float(up @ up)) * camera.focal / sqrt(nearest * farthest)
        self.canvas.picture(
            texture, matrix, points, (float(spread), tall), color, label, solid_label=solid_label
        )

    def sprite(
        self, pose: Pose, size: tuple[float, float], texture: Texture, label: int, tint: np.ndarray,
        lit: float = 1.0,
    ) -> None:  # fmt: skip
        """Paints an upright picture of (width, height) metres that always faces the camera."""
        position = np.array([pose.x, pose.y, pose.z])
        offset = position - self.camera.position
        length = max(float(np.hypot(offset[0], offset[2])), 1e-3)
        along = np.array([offset[2], 0, -offset[0]]) / length * size[0]
        up = np.array([0, size[1], 0.0])
        self.wall(position - along / 2, along, up, texture, label, tint, lit=lit, solid_label=False)
