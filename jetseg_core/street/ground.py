"""Road, pavements and lawns with their markings, grain, shadow and haze."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from jetseg_core.street.bend import Bend
from jetseg_core.street.camera import Camera
from jetseg_core.street.ids import ROAD, SIDEWALK, SKY, TREE
from jetseg_core.street.markings import Markings
from jetseg_core.street.noise import generator, smooth_noise
from jetseg_core.street.profile import BLOCK, SIDES, Block, Profile
from jetseg_core.street.view import View

_TILE = 512
_OCTAVES = ((56.0, 0.045, 1), (9.0, 0.030, 2), (1.3, 0.040, 2))
"""Tiled noise on the ground, fine to coarse: pixels per metre, strength, and every how many pixels of the
picture it is looked up."""
_JOINT_DENSITY = 32.0
"""Pixels per metre of the tiled joints between paving slabs."""
_MARKED = 90.0
"""Distance in metres up to which markings are painted."""


class Ground:
    """The ground of a street."""

    def __init__(self, seed: int, profile: Profile) -> None:
        self._profile = profile
        rng = generator(seed, 61)
        self._asphalt = np.array([100, 104, 109]) * rng.uniform(0.85, 1.1)
        self._slabs = np.array([104, 102, 101]) * rng.uniform(0.8, 1.1)
        self._grass = np.array([86, 96, 58]) * rng.uniform(0.85, 1.15)
        self._markings = Markings(seed, profile, self._asphalt)

    def paint(
        self, view: View, bend: Bend, here: float, reach: float, blocks: list[Block],
        shadows: np.ndarray,
    ) -> None:  # fmt: skip
        """Paints everything below the horizon that is flat.

        Args:
            view: what to paint on.
            bend: the course of the street.
            here: position of the camera along the street in metres.
            reach: how far to paint.
            blocks: the blocks along that stretch.
            shadows: (H, W) uint8, how much light reaches each pixel of the ground, 255 = all.
        """
        self._areas(view, bend, here, here + reach, blocks)
        self._markings.paint(view, bend, here, here + min(reach, _MARKED))
        _finish(view, shadows)

    def _areas(self, view: View, bend: Bend, low: float, high: float, blocks: list[Block]) -> None:
        profile = self._profile
        # Flat ground behind everything, up to the horizon.
        far = np.array([(-900, 0, 0.0), (900, 0, 0), (900, 0, 3000), (-900, 0, 3000)])
        position = view.camera.position
        view.ground(far + np.array([position[0], 0, position[2]]), self._slabs * 0.9, SIDEWALK)
        for block in blocks:
            for side, start, end in block.yards:
                front = profile.front(side)
                strip = bend.strip(front, front + side * 60, start, end)
                view.ground(strip, self._grass, TREE)
        left, right = profile.front(-1) - 0.3, profile.front(1) + 0.3
        view.ground(bend.strip(left, right, low, high), self._slabs, SIDEWALK)
        left, right = profile.kerb(-1), profile.kerb(1)
        kerbstones = bend.strip(left - 0.16, right + 0.16, low, high)
        view.ground(kerbstones, self._slabs * 1.15, SIDEWALK)
        view.ground(bend.strip(left, right, low, high + BLOCK), self._asphalt, ROAD)
        for block in blocks:
            for side, start, end in block.side_roads:
                x = profile.kerb(side)
                strip = bend.strip(x - side * 0.5, x + side * 70, start + 0.8, end - 0.8)
                view.ground(strip, self._asphalt * 0.97, ROAD)
        for side in SIDES:  # gutter: dirt and the shadow of the kerb
            x = profile.kerb(side)
            gutter = bend.strip(x - side * 0.28, x, low, low + 60)
            view.ground(gutter, self._asphalt * 0.8, ROAD)


def _finish(view: View, shadows: np.ndarray) -> None:
    """Grain of the surfaces, shadow and haze on everything below the horizon."""
    camera, light = view.camera, view.light
    height, width = view.canvas.size
    horizon = camera.horizon()
    top = int(np.clip(horizon.min(), 0, height - 1))
    rows = np.arange(top, height, dtype=np.float64)
    to_ground = camera.ground_homography()
    middle = np.column_stack([np.full(len(rows), camera.center[0]), rows, np.ones(len(rows))])
    x, z, w = to_ground @ middle.T
    distance = np.hypot(x, z) / np.maximum(w, 1e-6)  # of what is seen in the middle of each row
    across = camera.focal / distance  # pixels per metre
    along = across * camera.position[1] / distance
    grain = np.ones((height - top, width), np.float32)
    # Grain finer than the rows of the picture averages out: it is laid on the nearer rows only.
    for tile, (density, strength, step) in zip(_noise(), _OCTAVES, strict=True):
        seen = strength * (along * 18 / density).clip(0, 1)
        first = int(np.argmax(seen > 0.1 * strength)) if seen[-1] > 0.1 * strength else len(seen)
        if first < len(seen):
            layer = _laid(tile, camera, to_ground, density, top + first, step)
            grain[first:] += layer * seen[first:, None].astype(np.float32)
    seen = ((across - 14) / 40).clip(0, 1)
    first = int(np.argmax(seen > 0)) if seen[-1] > 0 else len(seen)
    if first < len(seen):
        joints = _laid(_slab_joints(), camera, to_ground, _JOINT_DENSITY, top + first)
        paved = view.canvas.labels[top + first :] == SIDEWALK
        grain[first:] += joints * (seen[first:, None].astype(np.float32) * paved)
    left = np.exp(-distance / light.visibility)
    level = light.ambient + light.sunshine * max(0.0, float(light.sun[1]))
    one = 100  # fixed-point gain: 1 to 2.5 in 8 bits
    gain = grain * shadows[top:] * (level * left * (one / 255)).astype(np.float32)[:, None]
    factor = cv2.merge([cv2.convertScaleAbs(gain)] * 3)
    haze = ((1 - left)[:, None] * light.haze).clip(0, 255).astype(np.uint8)[:, None]
    fog = cv2.resize(haze, (width, height - top), interpolation=cv2.INTER_NEAREST)
    image = view.canvas.image[top:]
    lit = cv2.add(cv2.multiply(image, factor, scale=1 / one), fog)
    # Where the horizon is tilted, sky reaches into the first rows.
    mixed = int(horizon.max() - top) + 3
    sky = view.canvas.labels[top : top + mixed] == SKY
    lit[:mixed][sky] = image[:mixed][sky]
    image[:] = lit


@lru_cache(maxsize=1)
def _noise() -> tuple[np.ndarray, ...]:
    rng = generator(8)
    cells = ((128, 256), (40, 90, 200), (20, 45, 100))
    return tuple(smooth_noise(rng, (_TILE, _TILE), octaves, 0.8) for octaves in cells)


@lru_cache(maxsize=1)
def _slab_joints() -> np.ndarray:
    """Tile of paving slabs: dark joints, and each slab a little different, (T, T) float32 around 0."""
    rows, columns = 32, 16  # slabs of 0.5 by 1 m
    slabs = generator(9).normal(0, 0.045, (rows, columns)).astype(np.float32)
    tile = cv2.resize(slabs, (_TILE, _TILE), interpolation=cv2.INTER_NEAREST)
    tall, wide = _TILE // rows, _TILE // columns
    tile[::tall] -= 0.16
    for row in range(rows):  # every other row is shifted by half a slab
        tile[row * tall : (row + 1) * tall, (row % 2) * wide // 2 :: wide] -= 0.16
    return tile


def _laid(
    tile: np.ndarray, camera: Camera, to_ground: np.ndarray, density: float, top: int, step: int = 1
) -> np.ndarray:
    """The tile laid on the ground, as the camera sees it from row `top` down."""
    period = _TILE / density
    x, z = camera.position[0] % period, camera.position[2] % period
    place = np.array([[density, 0, density * x], [0, density, density * z], [0, 0, 1]])
    middle = (step - 1) / 2
    crop = np.array([[step, 0, middle], [0, step, top + middle], [0, 0, 1.0]])
    size = (camera.size[1], camera.size[0] - top)
    coarse = (-(-size[0] // step), -(-size[1] // step))
    seen = cv2.warpPerspective(
        tile, place @ to_ground @ crop, coarse, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_WRAP,
    )  # fmt: skip
    return seen if step == 1 else cv2.resize(seen, size, interpolation=cv2.INTER_LINEAR)
