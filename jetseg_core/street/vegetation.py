"""Pictures of trees, bushes and hedges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from jetseg_core.street.noise import generator, smooth_noise
from jetseg_core.street.texture import Texture

TREES = 14
"""How many different trees there are; the scenes share them."""
BUSHES = 5
_PIXELS = 44  # per metre


@dataclass(frozen=True)
class Plant:
    """An upright picture with opacity, and its size in metres."""

    texture: Texture
    width: float
    height: float


@lru_cache(maxsize=TREES)
def tree(kind: int) -> Plant:
    """A tree, 0 to TREES - 1: bare in winter, in leaf, or evergreen."""
    rng = generator(3, kind)
    if kind % 7 in (0, 2, 4, 5):
        return _bare_tree(rng)
    return _leafy_tree(rng, conifer=kind % 7 == 6)


@lru_cache(maxsize=BUSHES)
def bush(kind: int) -> Plant:
    """A bush without a visible trunk, 0 to BUSHES - 1."""
    rng = generator(4, kind)
    width, height = rng.uniform(1.6, 3.0), rng.uniform(1.2, 2.2)
    canvas = _blank(width, height)
    centers = np.column_stack([rng.uniform(0.3, width - 0.3, 9), rng.uniform(0.1, height * 0.6, 9)])
    return _grown(rng, canvas, width, height, centers, 0.33 * height, _green(rng))


@lru_cache(maxsize=4)
def hedge(kind: int) -> Texture:
    """A clipped hedge, 0 to 3, to be put on a wall of about 4 by 1.6 m; opaque."""
    rng = generator(5, kind)
    leaves = _leaves(rng, (64, 160), _green(rng))
    light = np.linspace(1.15, 0.6, 64, dtype=np.float32)[:, None, None]
    return Texture((leaves * light).clip(0, 255).astype(np.uint8))


def _green(rng: np.random.Generator) -> np.ndarray:
    tones = ((106, 118, 80), (90, 106, 76), (122, 126, 94), (82, 94, 74), (130, 124, 98))
    return np.array(tones[rng.integers(len(tones))], np.float32) * np.float32(
        rng.uniform(0.8, 1.15)
    )


def _blank(width: float, height: float) -> np.ndarray:
    return np.zeros((round(height * _PIXELS), round(width * _PIXELS)), np.uint8)


def _leaves(rng: np.random.Generator, shape: tuple[int, ...], green: np.ndarray) -> np.ndarray:
    """Foliage: clumps of light and dark with fine contrast, (H, W, 3) float32."""
    short = min(shape)
    clumps = smooth_noise(rng, shape, (short // 24 + 2, short // 10 + 2, short // 5 + 2), 0.8)
    fine = rng.normal(0, 1, shape).astype(np.float32)
    fine = cv2.GaussianBlur(fine, (0, 0), 0.9) * 1.8
    gain = np.exp(0.36 * clumps + 0.22 * fine)[:, :, None]
    warm = np.array([1.0, 1.0, 0.9], np.float32)
    return green * gain * (warm + (1 - warm) * gain)


def _grown(
    rng: np.random.Generator, wood: np.ndarray, width: float, height: float, centers: np.ndarray,
    radius: float, green: np.ndarray,
) -> Plant:  # fmt: skip
    """Foliage around centers (N, 2) in metres (x right, y up) over wood (H, W) of opacity."""
    rows, columns = wood.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    fullness = np.full(wood.shape, -9.0, np.float32)
    for cx, cy in centers:
        r = radius * rng.uniform(0.7, 1.15) * _PIXELS
        away = np.hypot(x - cx * _PIXELS, (rows - cy * _PIXELS - y) * 1.1) / r
        fullness = np.maximum(fullness, 1 - away)
    ragged = smooth_noise(rng, wood.shape, (12, 26, 55), 0.85)
    opacity = ((fullness * 3.2 + ragged * 0.42 + 0.1) * 3).clip(0, 1)
    inside = np.minimum(np.minimum(x, columns - 1 - x), np.minimum(y, rows - 1 + 9 - y))
    opacity *= (inside / 4).clip(0, 1)
    leaves = _leaves(rng, wood.shape, green)
    # Light from above: the top of each clump is paler than its underside.
    lift = cv2.GaussianBlur(opacity.astype(np.float32), (0, 0), radius * _PIXELS * 0.3)
    slope = cv2.Sobel(lift, cv2.CV_32F, 0, 1, ksize=3) * radius * _PIXELS * 0.22
    leaves *= (0.86 + slope.clip(-0.45, 0.5))[:, :, None]
    bark = (
        np.array([62, 56, 48], np.float32)
        * (1 + 0.2 * smooth_noise(rng, wood.shape, (20, 60)))[..., None]
    )
    trunk = (wood.astype(np.float32) / 255)[:, :, None]
    leaf = opacity[:, :, None]
    color = leaves * leaf + bark * trunk * (1 - leaf)
    alpha = leaf + trunk * (1 - leaf)
    return _plant(np.concatenate([color, alpha * 255], axis=2), width, height)


def _plant(premultiplied: np.ndarray, width: float, height: float) -> Plant:
    picture = premultiplied.clip(0, 255)
    picture[:, :, :3] = np.minimum(picture[:, :, :3], picture[:, :, 3:])
    return Plant(Texture(picture.astype(np.uint8)), width, height)


def _leafy_tree(rng: np.random.Generator, *, conifer: bool) -> Plant:
    height = rng.uniform(6.5, 10.5)
    width = height * (rng.uniform(0.45, 0.55) if conifer else rng.uniform(0.65, 0.85))
    wood = _blank(width, height)
    fork = height * rng.uniform(0.22, 0.32)
    trunk = [(width / 2, 0.0), (width / 2 + rng.uniform(-0.2, 0.2), height * 0.7)]
    _branch(wood, trunk[0], trunk[1], 0.34, 0.12)
    if conifer:
        level = np.linspace(0.06, 0.9, 26)
        spread = (1 - level) * width * 0.36
        centers = np.column_stack(
            [
                width / 2 + rng.uniform(-1, 1, 26) * spread,
                fork * 0.4 + level * (height - fork * 0.4),
            ]
        )
        return _grown(rng, wood, width, height, centers, height * 0.10, _green(rng) * 0.8)
    for _ in range(5):
        tip = (width / 2 + rng.uniform(-0.3, 0.3) * width, rng.uniform(0.5, 0.8) * height)
        _branch(wood, (width / 2, fork), tip, 0.16, 0.05)
    angle = rng.uniform(0, 2 * np.pi, 22)
    away = np.sqrt(rng.uniform(0, 1, 22))
    middle = fork + (height - fork) * 0.52
    centers = np.column_stack(
        [
            width / 2 + np.cos(angle) * away * width * 0.33,
            middle + np.sin(angle) * away * (height - fork) * 0.34,
        ]
    )
    return _grown(rng, wood, width, height, centers, width * 0.19, _green(rng))


def _branch(
    wood: np.ndarray,
    start: tuple[float, float],
    end: tuple[float, float],
    thick: float,
    thin: float,
) -> None:
    """Draws a tapering branch; positions in metres from the lower left corner."""
    rows = wood.shape[0]
    a = np.array([start[0] * _PIXELS, rows - start[1] * _PIXELS])
    b = np.array([end[0] * _PIXELS, rows - end[1] * _PIXELS])
    side = np.array([a[1] - b[1], b[0] - a[0]])
    side /= np.linalg.norm(side) + 1e-9
    first, last = thick / 2 * _PIXELS * side, thin / 2 * _PIXELS * side
    corners = np.array([a - first, a + first, b + last, b - last])
    cv2.fillConvexPoly(wood, (corners * 16).round().astype(np.int32), 255, cv2.LINE_AA, 4)


def _bare_tree(rng: np.random.Generator) -> Plant:
    height = rng.uniform(7, 11)
    width = height * rng.uniform(0.75, 0.95)
    wood = _blank(width, height)

    def grow(x: float, y: float, angle: float, length: float, thick: float, depth: int) -> None:
        steps = 2
        for _ in range(steps):
            angle += rng.normal(0, 0.12)
            nx, ny = x + np.sin(angle) * length / steps, y + np.cos(angle) * length / steps
            if not (0.1 < nx < width - 0.1 and ny < height - 0.1):
                return
            _branch(wood, (x, y), (nx, ny), thick, thick * 0.85)
            x, y, thick = nx, ny, thick * 0.85
        if depth == 0:
            return
        for _ in range(3 if depth > 5 else 2 + int(rng.random() < 0.35)):
            bend = rng.uniform(0.25, 0.75) * rng.choice([-1, 1])
            shorter = length * rng.uniform(0.62, 0.85)
            grow(x, y, angle * 0.85 + bend, shorter, max(thick * 0.64, 0.02), depth - 1)

    grow(width / 2, 0.0, 0.0, height * 0.23, 0.34, 7)
    bark = np.array([94, 86, 78], np.float32) * rng.uniform(0.8, 1.25)
    texture = 1 + 0.22 * smooth_noise(rng, wood.shape, (30, 80))[:, :, None]
    # A veil of twigs too fine to be drawn one by one.
    crown = cv2.GaussianBlur(wood.astype(np.float32), (0, 0), 9) / 255
    twigs = smooth_noise(rng, wood.shape, (70, 120))
    above = np.linspace(1, 0, len(wood), dtype=np.float32)[:, None]
    veil = ((crown - 0.04) * 1.5).clip(0, 0.28) * (0.6 + 0.5 * twigs).clip(0, 1.4)
    veil *= ((above - 0.3) * 8).clip(0, 1)
    alpha = np.maximum(wood.astype(np.float32) / 255, veil)[:, :, None]
    return _plant(np.concatenate([bark * texture * alpha, alpha * 255], axis=2), width, height)
