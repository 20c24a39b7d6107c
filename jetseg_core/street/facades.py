"""Pictures of house fronts: walls, windows, doors, shops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jetseg_core.street.facade_parts import (
    SIGN_COLORS,
    Painter,
    paint_dirt,
    paint_shop,
    paint_wall,
    paint_window,
)
from jetseg_core.street.noise import generator
from jetseg_core.street.texture import Texture

STYLES = 90
"""How many different fronts there are; scenes share them, as drawing one takes a few milliseconds."""

_BRICKS = (
    (116, 90, 80), (126, 96, 82), (162, 152, 130), (146, 138, 118), (108, 84, 78), (92, 78, 74),
    (132, 120, 104),
)  # fmt: skip
_RENDERS = (
    (216, 214, 208), (228, 227, 224), (196, 192, 180), (206, 200, 190), (188, 192, 196), (172, 172, 170),
)  # fmt: skip


@dataclass(frozen=True)
class Facade:
    """A house front and its size in metres."""

    texture: Texture
    width: float
    height: float
    wall: tuple[float, float, float]
    """Mean color of the wall, for the sides of the house."""
    pitched: bool
    """Whether a pitched roof stands on it; otherwise a flat one."""


@lru_cache(maxsize=STYLES)
def facade(style: int) -> Facade:
    """The front of a style, 0 to STYLES - 1: two thirds terraced houses and shops, one third larger."""
    rng = generator(7, style)
    kind = ("shop", "shop", "house", "shop", "house", "office")[style % 6]
    floors = int(rng.integers(2, 5)) if kind != "house" else int(rng.integers(2, 4))
    storey = float(rng.uniform(2.7, 3.2))
    width = float(rng.uniform(9, 18) if kind == "office" else rng.uniform(5, 10))
    ground = float(rng.uniform(3.3, 3.9)) if kind == "shop" else storey
    pitched = kind != "office" and rng.random() < 0.8
    height = ground + (floors - 1) * storey + (0.5 if pitched else 0.9)
    painter = Painter(width, height)
    rendered = rng.random() < 0.45
    palette = _RENDERS if rendered else _BRICKS
    wall = np.array(palette[rng.integers(len(palette))], float) * rng.uniform(0.72, 1.15)
    wall = (wall + rng.uniform(-5, 5, 3)).clip(20, 238)
    paint_wall(painter, rng, wall, bricks=not rendered)
    if kind == "office":
        _office(painter, rng, width, floors, storey, wall)
    else:
        _upper_floors(painter, rng, width, ground, floors, storey, wall, rendered)
        if kind == "shop":
            paint_shop(painter, rng, width, ground)
        else:
            _ground_floor(painter, rng, width, ground, wall)
    if pitched:
        painter.rectangle(0, height - 0.22, width, 0.22, wall * 0.45)
    else:
        painter.rectangle(0, height - 0.16, width, 0.16, (wall * 1.15 + 20).clip(0, 235))
        painter.rectangle(0, height - 0.75, width, 0.1, wall * 0.7)
    pipe = rng.uniform(0.1, 0.3)
    painter.rectangle(pipe, 0, 0.1, height - 0.2, wall * 0.4)
    paint_dirt(painter, rng)
    mean = tuple(float(v) for v in wall)
    return Facade(
        Texture(painter.picture), width, height, (mean[0], mean[1], mean[2]), bool(pitched)
    )


def _upper_floors(
    painter: Painter, rng: np.random.Generator, width: float, ground: float, floors: int,
    storey: float, wall: np.ndarray, rendered: bool,
) -> None:  # fmt: skip
    count = max(1, round(width / rng.uniform(2.1, 3.2)))
    frame = (225, 224, 218) if rng.random() < 0.8 else (60, 52, 46)
    bars = ((2, 2), (1, 2), (2, 4), (3, 4))[rng.integers(4)]
    w, h = rng.uniform(0.85, 1.25), rng.uniform(1.35, 1.7)
    trim = (222, 216, 202) if not rendered or rng.random() < 0.4 else wall * 0.75
    for floor in range(floors - 1):
        y = ground + floor * storey + 0.8
        for i in range(count):
            x = width * (i + 0.5) / count - w / 2
            painter.rectangle(x - 0.12, y - 0.16, w + 0.24, 0.14, trim)
            painter.rectangle(x - 0.12, y + h + 0.02, w + 0.24, 0.22, trim)
            paint_window(painter, rng, x, y, w, h * (1 - 0.08 * floor), frame, bars)
        if rng.random() < 0.4:
            painter.rectangle(0, y - 0.62, width, 0.14, wall * 0.82)


def _ground_floor(
    painter: Painter, rng: np.random.Generator, width: float, ground: float, wall: np.ndarray
) -> None:
    painter.rectangle(0, 0, width, 0.5, wall * 0.68)
    color = np.array(SIGN_COLORS[rng.integers(len(SIGN_COLORS))], float) * 0.9
    left = rng.random() < 0.5
    x = 0.7 if left else width - 1.8
    painter.rectangle(x - 0.15, 0, 1.3, 2.75, (216, 210, 198))
    painter.rectangle(x, 0.12, 1.0, 2.05, color)
    painter.rectangle(x + 0.1, 2.25, 0.8, 0.38, (48, 52, 56))
    painter.rectangle(x + 0.15, 1.2, 0.28, 0.8, color * 0.7)
    painter.rectangle(x + 0.57, 1.2, 0.28, 0.8, color * 0.7)
    rest = width - 2.4
    count = max(1, int(rest / 2.2))
    start = 2.2 if left else 0.2
    for i in range(count):
        w = min(1.5, rest / count - 0.5)
        x = start + rest * (i + 0.5) / count - w / 2
        painter.rectangle(x - 0.12, 0.66, w + 0.24, 0.14, (214, 206, 192))
        painter.rectangle(x - 0.12, 2.36, w + 0.24, 0.2, (214, 206, 192))
        paint_window(painter, rng, x, 0.82, w, 1.5, (224, 222, 216), (2, 2))


def _office(
    painter: Painter, rng: np.random.Generator, width: float, floors: int, storey: float,
    wall: np.ndarray,
) -> None:  # fmt: skip
    """A larger building: bands of windows, or pillars with glass between them."""
    columns = max(3, round(width / rng.uniform(1.4, 2.6)))
    banded = rng.random() < 0.5
    frame = (200, 202, 202) if rng.random() < 0.5 else (70, 72, 74)
    for floor in range(floors):
        y = floor * storey + (0.95 if floor else 0.35)
        h = storey - (1.35 if floor else 0.7)
        if banded:
            painter.rectangle(0.3, y - 0.1, width - 0.6, h + 0.2, frame)
        for i in range(columns):
            w = (width - 0.6) / columns
            gap = 0.04 if banded else 0.28
            x = 0.3 + i * w + gap
            paint_window(painter, rng, x, y, w - 2 * gap, h, frame, (1, 2 if floor else 1))
        painter.rectangle(0, (floor + 1) * storey - 0.2, width, 0.16, (wall * 0.8))
