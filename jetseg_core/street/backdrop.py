"""Sky and ground: clouds, road with markings, pavements and lawns, and their grain."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from jetseg_core.street.canvas import ROAD, SIDEWALK, SKY, TREE, Canvas, Solid, Thing
from jetseg_core.street.daylight import HAZE, clearness, seeded, smooth_noise
from jetseg_core.street.layout import BLOCK, CROSSING, Street
from jetseg_core.street.pinhole_camera import PinholeCamera

_TILE, _DENSITY = 512, 36.0  # texels along a side of a ground tile, and its texels per metre
_WHITE, _YELLOW, _LAWN = (206, 206, 200), (168, 150, 84), (84, 92, 58)


def paint_sky(canvas: Canvas, clouds: np.ndarray) -> None:
    """Paint a blue sky, whiter towards the horizon, with clouds (N, N) that lie on a plane above."""
    up = (-canvas.camera.slope).clip(0, 1)
    noise = _laid(canvas.camera, clouds, 60 / canvas.camera.position[1]) * (4 * up).clip(0, 1)
    cover = 1 / (1 + np.exp(-2.2 * noise - np.float32(5 * canvas.light.clouds - 2.5)))
    white = ((1 - up**0.6 * (1 - cover)) * 255).astype(np.uint8)
    blue_to_white = np.linspace((140, 188, 234), 242 - 14 * canvas.light.clouds, 256)
    cv2.LUT(cv2.merge([white] * 3), blue_to_white.astype(np.uint8)[None], dst=canvas.image)
    canvas.labels[:] = SKY


def paint_ground(canvas: Canvas, street: Street, things: list[Thing], reach: float) -> None:
    """Paint everything flat below the horizon, up to `reach` metres ahead of the camera."""
    here, fill = float(canvas.camera.position[2]), canvas.fill_ground
    (left, right), asphalt, slabs = street.kerbs, street.asphalt, street.slabs
    z, far = (here - 2, here + reach), (here - 2, here + 3000)
    fill((-900, 900), far, _LAWN, TREE)
    fill((-street.fronts[0], street.fronts[1]), far, slabs, SIDEWALK)
    fill((-left - 0.18, right + 0.18), z, slabs * 1.25, SIDEWALK)  # kerb stones
    fill((-left - 0.04, right + 0.04), z, slabs * 0.5, SIDEWALK)  # their shady face
    fill((-left, right), z, asphalt, ROAD)
    for start in np.arange(here // BLOCK, (here + 80) // BLOCK + 1) * BLOCK:
        _paint_markings(canvas, street, start)
    for thing in things:
        if isinstance(thing, Solid) and thing.footprint[0]:
            (half, long, _), place = thing.footprint, thing.place
            for grow, tone in ((1.05, 0.65), (0.95, 0.4)):  # the shade below it
                across, ahead = (place[0] - half * grow, place[0] + half * grow), long * grow
                fill(across, (place[2] - ahead, place[2] + ahead), asphalt * tone, ROAD)
    _finish(canvas)


def _paint_markings(canvas: Canvas, street: Street, start: float) -> None:
    """Paint repairs and markings of a block; CamVid counts all of it as road."""
    rng, stop, (left, right) = seeded(street.seed, 20, int(start)), start + CROSSING, street.kerbs

    def mark(x: float, width: float, z: float, length: float, color: object = _WHITE) -> None:
        canvas.fill_ground((x, x + width), (z, z + length), color, ROAD)

    for tone in rng.uniform(0.8, 1.1, 4):
        x, z = rng.uniform(1 - left, right - 2), start + rng.uniform(0, BLOCK - 4)
        mark(x, rng.uniform(0.4, 1.6), z, rng.uniform(0.6, 4), street.asphalt * tone)
    for z in np.arange(start, start + BLOCK, 6.0):
        mark(-0.06, 0.12, z, 3.0)
    if street.crosses(start):
        mark(-left + 0.4, left - 0.4, stop - 1.5, 0.3)
        for x in np.arange(0.4 - left, right - 0.4, 0.6):  # studs beside the crossing
            mark(x, 0.12, stop + 0.5, 0.12)
            mark(x, 0.12, stop + 3.2, 0.12)
    for inset in (0.35, 0.55):
        mark(-left + inset, 0.08, start, BLOCK, _YELLOW)


@lru_cache(maxsize=1)
def _grains() -> np.ndarray:
    """Brightness of asphalt and of paving, (T, T, 2) float32; 0 = mean."""
    rng, shape = seeded(8), (_TILE, _TILE)
    grain = 0.06 * smooth_noise(rng, shape, (3, 7, 16, 40, 90, 200), 0.9)
    slabs = cv2.resize(rng.normal(0, 0.06, (24, 16)), shape, interpolation=cv2.INTER_NEAREST)
    slabs[:: _TILE // 24] -= 0.2  # joints
    slabs[:, :: _TILE // 16] -= 0.2
    return np.dstack([grain, 0.8 * grain + slabs]).astype(np.float32)


def _laid(camera: PinholeCamera, tile: np.ndarray, density: float) -> np.ndarray:
    """A tile (N, N) or (N, N, C), with some texels per metre, repeated on the plane of the road."""
    shift = density * camera.position[[0, 2]] % (2 * len(tile))
    place = np.array([[density, 0, shift[0]], [0, density, shift[1]], [0, 0, 1]])
    flags, matrix = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, place @ camera.ground_homography
    size, border = camera.size[::-1], cv2.BORDER_REFLECT
    return cv2.warpPerspective(tile, matrix, size, flags=flags, borderMode=border)


def _finish(canvas: Canvas) -> None:
    """Apply grain, light and haze to everything below the horizon."""
    camera, light = canvas.camera, canvas.light
    distance = np.float32(camera.position[1]) / camera.slope.clip(1e-3)
    # Grain finer than the rows of the picture averages out.
    texels = distance**2 * np.float32(_DENSITY / (camera.focal * camera.position[1]))
    grains = _laid(camera, _grains(), _DENSITY)
    grain = np.where(canvas.labels == SIDEWALK, grains[:, :, 1], grains[:, :, 0])
    clear = clearness(distance)
    level = np.float32(light.shade(np.array([0, 1.0, 0])))
    gain = (1 + grain * (6 / texels).clip(0, 1)) * clear * level
    factor = cv2.merge([cv2.convertScaleAbs(gain, alpha=100)] * 3)  # gains as 8 bits: 0 to 2.55
    haze = cv2.transform((1 - clear)[:, :, None], HAZE[:, None]).astype(np.uint8)
    lit = cv2.add(cv2.multiply(canvas.image, factor, scale=1 / 100), haze)
    cv2.copyTo(lit, cv2.compare(canvas.labels, SKY, cv2.CMP_NE), canvas.image)
