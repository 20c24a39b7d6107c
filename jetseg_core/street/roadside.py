"""Trees and bushes, fences, lamp posts, traffic signs and traffic lights."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from jetseg_core.street.canvas import DISC, POLE, SIGN, Mesh, Texture, fixed_point
from jetseg_core.street.noise import seeded, smooth_noise

TREES, FENCES, SIGNS = 12, 3, 6
FENCE_LENGTH = 8.0
"""Metres of fence that a texture shows."""
_DENSITY = 40  # texels per metre of a plant
_STEEL, _DARK, _WHITE = (84, 88, 90), (30, 32, 34), (222, 224, 222)
_RED, _BLUE, _GREEN, _AMBER = (180, 34, 36), (34, 70, 150), (40, 150, 100), (220, 160, 40)


@lru_cache(maxsize=TREES)
def tree(kind: int) -> tuple[Texture, float, float]:
    """Picture, width and height in metres of a tree, 0 to TREES - 1: every other is bare in winter."""
    rng = seeded(3, kind)
    height = rng.uniform(7, 11)
    wide = np.zeros((round(height * _DENSITY), round(1.5 * height * _DENSITY)), np.uint8)
    _grow(rng, wide, np.array([0.75 * height, 0]), 0.0, height * 0.2, 0.27, 7)
    middle = wide.shape[1] // 2  # the trunk stays in the middle
    half = int(np.abs(np.flatnonzero(wide.any(0)) - middle).max()) + 20
    wood = np.ascontiguousarray(wide[:, max(0, middle - half) : middle + half])
    width = wood.shape[1] / _DENSITY
    bark = (np.array([88, 80, 70]) * rng.uniform(0.8, 1.2)).astype(np.float32)
    bark = bark * (1 + 0.25 * smooth_noise(rng, wood.shape, (30, 80))[:, :, None])
    if kind % 2:
        # A veil of twigs too fine to be drawn one by one.
        crown = cv2.GaussianBlur(wood.astype(np.float32), (0, 0), 10) / 255
        twigs = smooth_noise(rng, wood.shape, (60, 110, 170), 0.9)
        veil = (4 * crown).clip(0, 1) * (0.45 + 0.4 * twigs).clip(0.3, 0.9)
        veil *= (np.linspace(1, -0.4, len(wood), dtype=np.float32) * 5).clip(0, 1)[:, None]
        cover = np.maximum(wood / np.float32(255), veil)[:, :, None]
        return _plant(bark, cover), width, height
    crown = cv2.GaussianBlur(wood.astype(np.float32), (0, 0), 0.03 * len(wood)) / 255
    crown *= (np.linspace(1, -0.62, len(wood), dtype=np.float32) * 5).clip(0, 1)[:, None]
    return _plant(*_leaves(rng, crown * 9, wood, bark)), width, height


@lru_cache(maxsize=4)
def bush(kind: int) -> tuple[Texture, float, float]:
    """Picture, width and height in metres of a bush, 0 to 3."""
    rng = seeded(4, kind)
    width, height = rng.uniform(2.0, 3.4), rng.uniform(1.4, 2.4)
    wood = np.zeros((round(height * _DENSITY), round(width * _DENSITY)), np.uint8)
    y, x = np.linspace(1, 0, len(wood))[:, None], np.linspace(-1, 1, wood.shape[1])[None]
    return _plant(*_leaves(rng, 2.4 * (1 - np.hypot(x, y)), wood, np.zeros(3))), width, height


def _leaves(
    rng: np.random.Generator, fullness: np.ndarray, wood: np.ndarray, bark: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Colour (H, W, 3) and opacity (H, W, 1) of foliage where `fullness` (H, W) is about 1 or more."""
    ragged = smooth_noise(rng, wood.shape, (10, 26, 60, 110), 0.85)
    ragged *= 0.35 * fullness.clip(0, 1)  # no leaves float around the crown
    leaf = ((fullness.clip(0, 1.6) - 0.8 + ragged) * 4).clip(0, 1)[:, :, None]
    clumps = smooth_noise(rng, wood.shape, (5, 12, 24, 60, 120), 0.85)
    # Light from above: the top of a clump is paler than its underside.
    lift = cv2.Sobel(cv2.GaussianBlur(clumps, (0, 0), 5), cv2.CV_32F, 0, 1, ksize=5)
    gain = np.exp(0.4 * clumps + (lift / (lift.std() + 1e-6)).clip(-2, 2) * 0.22)[:, :, None]
    green = np.array(((92, 104, 66), (80, 96, 62), (108, 112, 78), (72, 86, 64))[rng.integers(4)])
    trunk = wood[:, :, None] / 255 * (1 - leaf)
    color = (green * gain * leaf + bark * trunk) / np.maximum(leaf + trunk, 1e-6)
    return color, leaf + trunk


def _plant(color: np.ndarray, cover: np.ndarray) -> Texture:
    """A texture of colours (H, W, 3), 0 to 255, and opacities (H, W, 1), 0 to 1."""
    rows, columns = cover.shape[:2]
    x, y = np.arange(columns)[None, :, None], np.arange(rows)[:, None, None]
    inside = np.minimum(np.minimum(x, columns - 1 - x), y)
    cover = cover * (inside / 30).clip(0, 1) ** 0.5  # nothing is cut off at the borders
    picture = np.concatenate([color.clip(0, 255) * cover, cover * 255], axis=2)
    return Texture(picture.astype(np.uint8))


def _grow(rng: np.random.Generator, wood: np.ndarray, foot: np.ndarray, angle: float, length: float,
          thick: float, forks: int) -> None:  # fmt: skip
    """Draw a branch from `foot` (x, y), in metres, and the branches that fork off it."""
    for _ in range(2):
        angle += rng.normal(0, 0.12)
        tip = foot + np.array([np.sin(angle), np.cos(angle)]) * length / 2
        ends = np.array([foot, tip]) * (1, -1) * _DENSITY + (0, len(wood))
        corners, wide = fixed_point(ends), max(1, round(thick * _DENSITY))
        cv2.polylines(wood, [corners], False, 255, wide, cv2.LINE_AA, 4)
        foot, thick = tip, thick * 0.85
    for _ in range(0 if not forks else 3 if forks > 5 else 2 + int(rng.random() < 0.35)):
        bend = rng.uniform(0.25, 0.75) * rng.choice([-1, 1])
        shorter = length * rng.uniform(0.62, 0.85)
        _grow(rng, wood, foot, angle * 0.85 + bend, shorter, max(thick * 0.64, 0.02), forks - 1)


@lru_cache(maxsize=FENCES)
def fence(kind: int) -> tuple[Texture, float]:
    """Picture and height in metres of a fence: iron railings on a wall, boards, or a brick wall."""
    rng, height = seeded(6, kind), (1.5, 1.7, 1.3)[kind]
    rows, columns = round(height * 50), round(FENCE_LENGTH * 50)
    grain = rng.normal(0, 7, (rows, columns)) + 8 * smooth_noise(rng, (rows, columns), (3, 8))
    courses = rng.normal(0, 10, (rows // 4 + 1, columns // 11 + 1))
    grain += cv2.resize(courses, (columns, rows), interpolation=cv2.INTER_NEAREST)
    color = np.array(((96, 88, 76), (74, 62, 48), (104, 92, 78))[kind]) + grain[:, :, None]
    picture = np.dstack([color.clip(0, 255), np.full((rows, columns), 255)]).astype(np.uint8)
    top = rows * 4 // 5 if kind == 0 else 0
    picture[top : top + 5, :, :3] = (140, 136, 126)
    if kind == 0:
        picture[:top] = (8, 8, 9, 55)  # a fence covers its gaps, too, in CamVid's labels
        for x in range(2, columns, 7):
            picture[2:top, x : x + 2] = (34, 36, 38, 255)
        picture[4:8] = picture[top - 8 : top - 4] = (34, 36, 38, 255)
    elif kind == 1:
        picture[:, ::10, :3] //= 3
    return Texture(picture), height


def _post(mesh: Mesh, height: float, radius: float) -> None:
    ring, up = radius * DISC[::2, [0, 2, 1]], np.array([0, height, 0])
    for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        color = np.array(_STEEL) * (1 + 0.5 * (a + b)[0] / radius)
        mesh.face([a, b, b + up, a + up], a + b, color, POLE)


@lru_cache(maxsize=2)
def lamp_post(kind: int) -> Mesh:
    """A street lamp whose arm reaches towards positive x: 0 tall, 1 shorter."""
    mesh, height, reach = Mesh(), (8.0, 5.5)[kind], (1.8, 0.9)[kind]
    _post(mesh, height, 0.09)
    _post(mesh, 1.2, 0.13)
    mesh.box((0, height - 0.06, -0.05), (reach, height + 0.05, 0.05), _STEEL, POLE)
    mesh.box((reach - 0.7, height - 0.12, -0.14), (reach, height, 0.14), (130, 132, 130), POLE)
    return mesh


@lru_cache(maxsize=SIGNS)
def sign(kind: int) -> Mesh:
    """A traffic sign on its post that faces the traffic along z.

    0 prohibition, 1 warning, 2 instruction, 3 parking, 4 directions, 5 diversion.
    """
    mesh, height, size = Mesh(), (2.4, 2.4, 2.3, 2.4, 2.5, 2.3)[kind], 0.38
    triangle = np.array([(-1.3, -0.9, 0), (1.3, -0.9, 0), (0, 1.3, 0)])
    square = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0.0)])
    shape, rim, field = (
        (DISC, _RED, _WHITE), (triangle, _RED, _WHITE), (DISC, _WHITE, _BLUE),
        (square, _WHITE, _BLUE), (square * (2.2, 1.3, 0), _WHITE, _GREEN), (square, _DARK, _AMBER),
    )[kind]  # fmt: skip
    _post(mesh, height, 0.045)
    middle, front = np.array([0, height, -0.06]), (0, 0, -1)
    mesh.face(shape * size + middle, (0, 0, 1), _STEEL, SIGN)
    mesh.face(shape * size + middle, front, rim, SIGN)
    mesh.face(shape * size * (0.7 if rim is _RED else 0.9) + middle, front, field, SIGN, 6)
    bar = square * (0.5 * shape[:, 0].max() * size, 0.045, 0) + middle
    mesh.face(bar, front, _WHITE if field is _BLUE else _DARK, SIGN, 12)
    return mesh


@lru_cache(maxsize=3)
def traffic_light(phase: int) -> Mesh:
    """Traffic lights for the traffic along z: 0 red, 1 amber, 2 green."""
    mesh = Mesh()
    _post(mesh, 3.5, 0.065)
    mesh.box((-0.22, 2.4, -0.22), (0.22, 3.5, 0.06), _DARK, SIGN)
    for lamp, color in enumerate((_RED, _AMBER, _GREEN)):
        shine, middle = 1.8 if lamp == phase else 0.3, np.array([0, 3.28 - 0.33 * lamp, -0.23])
        mesh.face(DISC * 0.12 + middle, (0, 0, -1), np.array(color) * shine, SIGN)
    return mesh
