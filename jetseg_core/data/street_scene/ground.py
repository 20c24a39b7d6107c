"""Road, pavements, lawns, markings, and the shadows that lie on them."""

from __future__ import annotations

import cv2
import numpy as np

from jetseg_core.data.street_scene.bend import Bend
from jetseg_core.data.street_scene.camera import Camera
from jetseg_core.data.street_scene.houses import DEPTH
from jetseg_core.data.street_scene.ids import ROAD, SIDEWALK, TREE
from jetseg_core.data.street_scene.noise import generator, smooth_noise
from jetseg_core.data.street_scene.profile import BLOCK, SIDES, Block
from jetseg_core.data.street_scene.street import Street
from jetseg_core.data.street_scene.things import Growth, Solid, Thing
from jetseg_core.data.street_scene.view import View

_TILE = 512
_OCTAVES = ((56.0, 0.045), (9.0, 0.030), (1.3, 0.040))
"""(pixels per metre, strength) of the tiled noise on the ground, fine to coarse."""
_JOINT_DENSITY = 32.0
"""Pixels per metre of the tiled joints between paving slabs."""


class Ground:
    """Paints the ground; holds its noise."""

    def __init__(self, street: Street) -> None:
        self.street = street
        rng = generator(street.seed, 61)
        self._noise = [
            smooth_noise(rng, (_TILE, _TILE), cells, 0.8)
            for cells in ((128, 256), (40, 90, 200), (20, 45, 100))
        ]
        self._joints = _slab_joints(rng)
        self._asphalt = np.array([100, 104, 109]) * rng.uniform(0.85, 1.1)
        self._slabs = np.array([104, 102, 101]) * rng.uniform(0.8, 1.1)
        self._grass = np.array([86, 96, 58]) * rng.uniform(0.85, 1.15)
        self._paint = np.array([214, 214, 208.0])
        self._yellow = bool(rng.random() < 0.6)

    def paint(
        self, view: View, bend: Bend, here: float, reach: float, blocks: list[Block],
        things: list[Thing],
    ) -> None:  # fmt: skip
        """Paints everything below the horizon that is flat, in light and shadow."""
        self._areas(view, bend, here, here + reach, blocks)
        self._markings(view, bend, here, here + min(reach, 90.0))
        self._finish(view, self._shadows(view, bend, blocks, things))

    def _areas(
        self, view: View, bend: Bend, low: float, high: float, blocks: list[Block]
    ) -> None:
        profile = self.street.profile
        # A second of nearly flat ground behind everything, up to the horizon.
        far = np.array([(-900, 0, 0.0), (900, 0, 0), (900, 0, 3000), (-900, 0, 3000)])
        position = view.camera.position
        view.ground(far + (position[0], 0, position[2]), self._slabs * 0.9, SIDEWALK)
        for block in blocks:
            for side, start, end in block.yards:
                front = profile.front(side)
                strip = bend.strip(front, front + side * 60, start, end)
                view.ground(strip, self._grass, TREE)
        left, right = profile.front(-1) - 0.3, profile.front(1) + 0.3
        view.ground(bend.strip(left, right, low, high), self._slabs, SIDEWALK)
        left, right = profile.kerb(-1), profile.kerb(1)
        kerbstones = bend.strip(left - 0.16, right + 0.16, low, high)
        view.ground(kerbstones, self._slabs * 1.12, SIDEWALK)
        view.ground(bend.strip(left, right, low, high + 60), self._asphalt, ROAD)
        for block in blocks:
            for side, start, end in block.side_roads:
                x = profile.kerb(side)
                strip = bend.strip(x - side * 0.5, x + side * 70, start + 0.8, end - 0.8)
                view.ground(strip, self._asphalt * 0.97, ROAD)
        for side in SIDES:  # gutter: dirt and the shadow of the kerb
            x = profile.kerb(side)
            view.ground(
                bend.strip(x - side * 0.28, x, low, low + 60), self._asphalt * 0.8, ROAD
            )

    def _markings(self, view: View, bend: Bend, low: float, high: float) -> None:
        left, right = (self.street.profile.kerb(side) for side in SIDES)
        for number in range(int(low // BLOCK), int(high // BLOCK) + 1):
            rng = generator(self.street.seed, 62, number)
            start = number * BLOCK
            stop = start + 20 if number % 2 == 0 else None
            for s in np.arange(start, start + BLOCK, 6.0):
                if stop is None or not stop - 8 < s < stop + 5:
                    self._mark(view, bend, -0.06, 0.06, s, s + 3.6, low, high)
            if stop is not None:
                for x in (left + 0.2, right - 0.2):  # studs
                    for s in (stop + 0.5, stop + 3.2):
                        for stud in np.linspace(left + 0.4, right - 0.4, 14) if x < 0 else ():
                            self._mark(view, bend, stud, stud + 0.12, s, s + 0.12, low, high)
                self._mark(view, bend, left + 0.3, -0.1, stop - 1.5, stop - 1.2, low, high)
                for side in SIDES:
                    a, b = sorted((side * 0.06, side * 0.16))
                    self._mark(view, bend, a, b, stop - 9, stop - 1.5, low, high)
            self._edge_lines(view, bend, rng, start, low, high)
            for _ in range(int(rng.integers(2, 6))):  # repairs and manholes
                x, s = rng.uniform(left + 1, right - 1), start + rng.uniform(0, BLOCK - 4)
                wide, long = rng.uniform(0.4, 1.6), rng.uniform(0.4, 5)
                tone = self._asphalt * rng.uniform(0.84, 1.1)
                self._mark(view, bend, x, x + wide, s, s + long, low, high, tone)
            x, s = rng.uniform(left + 1, right - 1), start + rng.uniform(0, BLOCK - 4)
            self._mark(view, bend, x, x + 0.6, s, s + 0.6, low, high, self._asphalt * 0.55)

    def _edge_lines(
        self, view: View, bend: Bend, rng: np.random.Generator, start: float, low: float,
        high: float,
    ) -> None:  # fmt: skip
        """Double yellow lines, or the bays of a parking lane."""
        for side, parked in zip(SIDES, self.street.profile.parking, strict=True):
            kerb = self.street.profile.kerb(side)
            if parked:
                a, b = sorted((kerb - side * 2.1, kerb - side * 2.2))
                for s in np.arange(start, start + BLOCK, 6.0):
                    self._mark(view, bend, a, b, s, s + 2.0, low, high)
            elif self._yellow:
                for inset in (0.35, 0.55):
                    a, b = sorted((kerb - side * inset, kerb - side * (inset + 0.07)))
                    yellow = np.array([176, 158, 84.0])
                    self._mark(view, bend, a, b, start, start + BLOCK, low, high, yellow)

    def _mark(
        self, view: View, bend: Bend, x0: float, x1: float, s0: float, s1: float, low: float,
        high: float, color: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        """A patch on the road; CamVid counts markings as road."""
        s0, s1 = max(s0, low), min(s1, high)
        if s1 > s0:
            paint = self._paint if color is None else color
            view.ground(bend.strip(x0, x1, s0, s1), paint, ROAD)

    def _shadows(
        self, view: View, bend: Bend, blocks: list[Block], things: list[Thing]
    ) -> np.ndarray:
        """How much light reaches the ground, (H, W) uint8, 255 = all."""
        light, camera = view.light, view.camera
        mask = np.full(view.canvas.size, 255, np.uint8)
        throw = -light.sun / light.sun[1]  # where the shadow of a point 1 m above falls

        def fill(points: np.ndarray, value: float) -> None:
            pixels = camera.project(points)
            if len(pixels) >= 3:
                corners = (pixels.clip(-1e6, 1e6) * 16).round().astype(np.int32)
                cv2.fillPoly(mask, [corners], int(255 * value), cv2.LINE_AA, 4)

        if light.sunshine > 0:
            for block in blocks:
                for side, start, end, height in block.skyline:
                    if side * light.sun[0] > 0:
                        x = self.street.profile.front(side)
                        foot = np.array([bend.point(x, start), bend.point(x, end)])
                        foot = np.concatenate([foot, foot[::-1] + (side * DEPTH, 0, 0)])
                        fill(_hull(np.concatenate([foot, foot + throw * height])), light.shadow)
            for thing in things:
                if isinstance(thing, Growth):
                    _cast(mask, camera, thing, bend, throw, light.shadow)
        for thing in things:
            if isinstance(thing, Solid) and thing.size is not None:
                half, long, tall = thing.size
                pose = bend.pose(thing.x, thing.s, thing.heading)
                corners = np.array([(-half, 0, -long), (half, 0, -long), (half, 0, long), (-half, 0, long)])
                base = pose.to_world(corners)
                if light.sunshine > 0.2:
                    fill(_hull(np.concatenate([base, base + throw * tall * 0.9])), light.shadow)
                for grow, value in ((1.12, 0.78), (1.04, 0.55), (0.93, 0.30)):
                    center = base.mean(0)
                    fill(center + (base - center) * grow, value * max(light.shadow, 0.6))
        return cv2.blur(mask, (3, 3))

    def _finish(self, view: View, shadows: np.ndarray) -> None:
        """Grain of the surfaces, shadow and haze on everything below the horizon."""
        camera, light = view.camera, view.light
        height, width = view.canvas.size
        top = int(max(0, min(height - 1, camera.horizon().min())))
        rows = np.arange(top, height, dtype=np.float64)
        to_ground = camera.ground_homography()
        center = np.column_stack([np.full(len(rows), camera.center[0]), rows, np.ones(len(rows))])
        w = (center @ to_ground.T)[:, 2]
        distance = np.where(w > 1e-6, 1 / np.maximum(w, 1e-6), 1e6)
        distance = np.hypot(*((center @ to_ground.T)[:, :2] * distance[:, None]).T)
        scale = camera.focal / distance
        grain = np.ones((height - top, width), np.float32)
        for tile, (density, strength) in zip(self._noise, _OCTAVES, strict=True):
            visible = (scale * camera.position[1] / distance * 2.2 / density * 8).clip(0, 1)
            if visible.max() < 0.05:
                continue
            layer = self._warp(tile, camera, to_ground, density, top)
            grain += layer * (strength * visible).astype(np.float32)[:, None]
        paved = view.canvas.labels[top:] == SIDEWALK
        visible = ((scale - 14) / 40).clip(0, 1).astype(np.float32)[:, None]
        joints = self._warp(self._joints, camera, to_ground, _JOINT_DENSITY, top) * visible
        grain += np.where(paved, joints, np.float32(0))
        level = light.ambient + light.sunshine * max(0.0, float(light.sun[1]))
        gain = grain * shadows[top:].astype(np.float32) * (level / 255)
        left = np.exp(-distance / light.visibility).astype(np.float32)
        gain *= left[:, None]
        image = view.canvas.image[top:].astype(np.float32)
        image *= gain[:, :, None]
        image += (1 - left)[:, None, None] * light.haze.astype(np.float32)
        sky = view.canvas.labels[top:] == 0
        lit = image.clip(0, 255).astype(np.uint8)
        lit[sky] = view.canvas.image[top:][sky]
        view.canvas.image[top:] = lit

    @staticmethod
    def _warp(
        tile: np.ndarray, camera: Camera, to_ground: np.ndarray, density: float, top: int
    ) -> np.ndarray:
        """The tile laid on the ground, as the camera sees it from row `top` down."""
        period = _TILE / density
        x, z = camera.position[0] % period, camera.position[2] % period
        place = np.array([[density, 0, density * x], [0, density, density * z], [0, 0, 1]])
        crop = np.array([[1, 0, 0], [0, 1, top], [0, 0, 1.0]])
        size = (camera.size[1], camera.size[0] - top)
        return cv2.warpPerspective(
            tile, place @ to_ground @ crop, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip


def _slab_joints(rng: np.random.Generator) -> np.ndarray:
    """Tile of paving slabs: dark joints, and each slab a little different, (T, T) float32 around 0."""
    rows, columns = 32, 16  # slabs of 0.5 by 1 m
    slabs = rng.normal(0, 0.045, (rows, columns)).astype(np.float32)
    tile = cv2.resize(slabs, (_TILE, _TILE), interpolation=cv2.INTER_NEAREST)
    tall, wide = _TILE // rows, _TILE // columns
    tile[::tall] -= 0.16
    for row in range(rows):  # every other row is shifted by half a slab
        tile[row * tall : (row + 1) * tall, (row % 2) * wide // 2 :: wide] -= 0.16
    return tile


def _hull(points: np.ndarray) -> np.ndarray:
    """The convex outline on the ground of (N, 3) points; their height is dropped."""
    flat = points - points[0]  # close to zero, where single precision is fine
    outline = cv2.convexHull(flat[:, [0, 2]].astype(np.float32))[:, 0]
    x, z = outline[:, 0] + points[0, 0], outline[:, 1] + points[0, 2]
    return np.column_stack([x, np.zeros(len(x)), z])


def _cast(
    mask: np.ndarray, camera: Camera, plant: Growth, bend: Bend, throw: np.ndarray, shadow: float
) -> None:
    """Lays the shadow of a plant on the ground: its picture, turned to the sun and thrown flat."""
    foot = bend.point(plant.x, plant.s)
    width, height = plant.plant.width * plant.scale, plant.plant.height * plant.scale
    across = np.array([throw[2], 0, -throw[0]]) / np.hypot(throw[0], throw[2]) * width
    away = (throw + (0, 1, 0)) * height
    top = foot - across / 2 + away
    outline = camera.project(np.array([top, top + across, top + across - away, top - away]))
    height_px, width_px = mask.shape
    if len(outline) < 3:
        return
    (x0, y0), (x1, y1) = outline.min(0).astype(int) - 1, outline.max(0).astype(int) + 2
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width_px), min(y1, height_px)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    size = np.ptp(outline, axis=0)
    source = plant.plant.texture.fitted(float(size[0]), float(size[1]))
    rows, columns = source.shape[:2]
    plane = np.array([across, -away, top - camera.position]).T
    place = camera.projection @ plane / (columns, rows, 1)
    place[:2] -= place[2] * ((x0,), (y0,))
    opacity = cv2.warpPerspective(cv2.extractChannel(source, 3), place, (int(x1 - x0), int(y1 - y0)))
    light = cv2.bitwise_not(cv2.multiply(opacity, 1 - shadow))
    patch = mask[y0:y1, x0:x1]
    cv2.min(patch, light, dst=patch)
