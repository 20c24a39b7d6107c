"""The ground: road with markings, kerbs, pavements and lawns, their grain, and the shadows on them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np

from jetseg_core.street.canvas import (
    ROAD,
    SIDEWALK,
    SKY,
    TREE,
    Canvas,
    Panel,
    Solid,
    Thing,
    fixed_point,
    ground_rectangle,
)
from jetseg_core.street.layout import BLOCK, CROSSING, SIDES, Block, Street
from jetseg_core.street.noise import seeded, smooth_noise

_TILE = 512  # texels along a side of a noise tile
_FINE, _COARSE = 36.0, 5.0  # its texels per metre
_WHITE, _YELLOW = np.array([206, 206, 200.0]), np.array([168, 150, 84.0])
_MARKED = 80.0  # distance in metres up to which blocks have markings
_SHADOWS = 60.0  # distance in metres up to which things throw shadows


def paint_ground(
    canvas: Canvas, street: Street, blocks: list[Block], things: Iterable[Thing], reach: float
) -> None:
    """Paint everything flat below the horizon, up to `reach` metres ahead of the camera."""
    here = float(canvas.camera.position[2])
    _paint_areas(canvas, street, blocks, (here - 2, here + reach))
    for block in blocks:
        if block.number * BLOCK < here + _MARKED:
            _paint_markings(canvas, street, block)
    _finish(canvas, _shadows(canvas, blocks, things))


def _paint_areas(
    canvas: Canvas, street: Street, blocks: list[Block], z: tuple[float, float]
) -> None:
    (left, right), asphalt, slabs = street.kerbs, street.asphalt, street.slabs
    canvas.fill_ground((-900, 900), (z[0], z[0] + 3000), slabs * 0.9, SIDEWALK)
    for block in blocks:
        for side, start, end in block.yards:
            x = side * street.fronts[side > 0]
            canvas.fill_ground((x, x + side * 60), (start, end), np.array([84, 92, 58.0]), TREE)
    canvas.fill_ground((-street.fronts[0], street.fronts[1]), z, slabs, SIDEWALK)
    canvas.fill_ground((-left - 0.18, right + 0.18), z, slabs * 1.25, SIDEWALK)  # kerb stones
    canvas.fill_ground((-left - 0.04, right + 0.04), z, slabs * 0.5, SIDEWALK)  # their shady face
    canvas.fill_ground((-left, right), z, asphalt, ROAD)
    for x in (-left, right - 0.3):  # gutters
        canvas.fill_ground((x, x + 0.3), (z[0], z[0] + 60), asphalt * 0.85, ROAD)


def _paint_markings(canvas: Canvas, street: Street, block: Block) -> None:
    """Paint repairs and markings of a block; CamVid counts all of it as road."""
    rng = seeded(street.seed, 20, block.number)
    start, (left, right) = block.number * BLOCK, street.kerbs

    def mark(x0: float, x1: float, z0: float, z1: float, color: np.ndarray = _WHITE) -> None:
        canvas.fill_ground((x0, x1), (z0, z1), color, ROAD)

    for _ in range(4):  # repairs, the last one a manhole
        x, z = rng.uniform(1 - left, right - 2), start + rng.uniform(0, BLOCK - 4)
        tone = street.asphalt * rng.uniform(0.85, 1.1)
        mark(x, x + rng.uniform(0.4, 1.6), z, z + rng.uniform(0.6, 4), tone)
    mark(x, x + 0.6, z, z + 0.6, street.asphalt * 0.6)
    stop = start + CROSSING if block.crossing else np.inf
    for z in np.arange(start, start + BLOCK, 6.0):
        if not stop - 8 < z < stop + 5:
            mark(-0.06, 0.06, z, z + 3.0)
    if block.crossing:
        mark(-left + 0.4, -0.1, stop - 1.5, stop - 1.2)
        mark(-0.06, 0.06, stop - 8, stop - 1.5)
        for x in np.arange(0.4 - left, right - 0.4, 0.6):  # studs beside the crossing
            for z in (stop + 0.5, stop + 3.2):
                mark(x, x + 0.12, z, z + 0.12)
    for side in SIDES:
        kerb = side * street.kerbs[side > 0]
        for inset in (0.35, 0.55) if street.yellow_lines and not street.parking[side > 0] else ():
            x = kerb - side * inset
            mark(x, x - side * 0.08, start, start + BLOCK, _YELLOW)


def _shadows(canvas: Canvas, blocks: list[Block], things: Iterable[Thing]) -> np.ndarray:
    """Light that reaches the ground at each pixel, (H, W) uint8, 255 = all."""
    camera, light = canvas.camera, canvas.light
    mask = np.full(camera.size, 255, np.uint8)
    throw = light.sun / -light.sun[1]  # from 1 m above the ground to where its shadow falls

    def darken(points: np.ndarray, brightness: float) -> None:
        pixels = camera.polygon(points)
        if len(pixels):
            cv2.fillPoly(mask, [fixed_point(pixels)], int(255 * brightness), cv2.LINE_AA, 4)

    for side, start, end, x, tall in (wall for block in blocks for wall in block.walls):
        if light.sunshine and side * light.sun[0] > 0:
            foot = ground_rectangle((x, x), (start, end))[:2]
            darken(np.concatenate([foot, foot[::-1] + throw * tall]) * (1, 0, 1), light.shadow)
    for thing in things:
        if thing.order > camera.position[2] + _SHADOWS:
            continue
        if isinstance(thing, Solid) and thing.footprint:
            half, long, tall = thing.footprint
            corners = thing.turned(ground_rectangle((-half, half), (-long, long)))
            if light.sunshine:
                thrown = np.concatenate([corners, corners + throw * tall * 0.9])[:, [0, 2]]
                hull = cv2.convexHull(thrown.astype(np.float32))[:, 0]
                darken(thing.place + np.insert(hull, 1, 0, axis=1), light.shadow)
            for grow, brightness in ((1.1, 0.7), (1.0, 0.5), (0.9, 0.3)):
                darken(thing.place + corners * grow, brightness * max(light.shadow, 0.6))
        elif isinstance(thing, Panel) and thing.turns and light.sunshine:
            tall = float(thing.up[1])
            across = np.array([throw[2], 0, -throw[0]]) / np.hypot(throw[0], throw[2])
            across *= float(np.linalg.norm(thing.along))
            away = throw * tall * (1, 0, 1)
            cast = canvas.warp(thing.texture, thing.corner - across / 2, across, away)
            if cast is not None:
                part, _, covered = cast
                shade = 255 - cv2.convertScaleAbs(covered, alpha=1 - light.shadow)
                cv2.min(mask[part], shade, dst=mask[part])
    return cv2.blur(mask, (3, 3))


@lru_cache(maxsize=1)
def _tiles() -> tuple[np.ndarray, np.ndarray]:
    """Brightness of asphalt and of paving, (T, T, 2), and of larger blotches, (T, T); 0 = mean."""
    rng = seeded(8)
    shape = (_TILE, _TILE)
    grain = 0.05 * smooth_noise(rng, shape, (40, 90, 200), 0.9)
    slabs = cv2.resize(rng.normal(0, 0.06, (24, 16)), shape, interpolation=cv2.INTER_NEAREST)
    rows = np.linspace(0, _TILE, 25).astype(int)
    slabs[rows[:-1]] -= 0.2
    for number, (low, high) in enumerate(pairwise(rows.tolist())):  # staggered joints
        slabs[low:high, number % 2 * 16 :: 32] -= 0.2
    fine = np.dstack([grain, 0.8 * grain + slabs]).astype(np.float32)
    return fine, 0.045 * smooth_noise(rng, shape, (20, 45, 100, 200))


def _finish(canvas: Canvas, shadows: np.ndarray) -> None:
    """Apply grain, light, shadows and haze to everything below the horizon."""
    camera, light = canvas.camera, canvas.light
    height, width = camera.size
    left, right = camera.horizon
    top = int(np.clip(min(left, right), 0, height - 1))
    image, labels = canvas.image[top:], canvas.labels[top:]
    row = np.arange(height - top)[:, None] + 0.5
    slant = min(abs(right - left), float(height))
    distance = camera.focal * camera.position[1] / np.maximum(row - slant / 2, 0.5)

    def laid(tile: np.ndarray, density: float) -> np.ndarray:
        period = _TILE / density
        x, z = camera.position[0] % period, camera.position[2] % period
        place = np.array([[density, 0, density * x], [0, density, density * z], [0, 0, 1]])
        crop = np.array([[1, 0, 0], [0, 1, top], [0, 0, 1.0]])
        seen = cv2.warpPerspective(
            tile, place @ camera.ground_homography @ crop, (width, height - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
        # Grain finer than the rows of the picture averages out.
        texels = density * distance**2 / (camera.focal * camera.position[1])
        weight = (6 / texels).clip(0, 1).astype(np.float32)
        return seen * (weight if tile.ndim == 2 else weight[:, :, None])

    fine, coarse = _tiles()
    grains = laid(fine, _FINE)
    grain = np.where(labels == SIDEWALK, grains[:, :, 1], grains[:, :, 0])
    gain = 1 + grain + laid(coarse, _COARSE)
    left_over = light.fade(distance)
    level = light.shade(np.array([0, 1.0, 0]), 1.0)
    gain *= shadows[top:] * (level * left_over / 255).astype(np.float32)
    one = 100  # gains as 8 bits: 0 to 2.55
    factor = cv2.merge([cv2.convertScaleAbs(gain, alpha=one)] * 3)
    haze = ((1 - left_over)[:, :, None] * light.haze).astype(np.uint8)
    haze = cv2.resize(haze, (width, height - top), interpolation=cv2.INTER_NEAREST)
    lit = cv2.add(cv2.multiply(image, factor, scale=1 / one), haze)
    cv2.copyTo(lit, cv2.compare(labels, SKY, cv2.CMP_NE), image)
