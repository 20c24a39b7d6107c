"""Pictures of house fronts: walls, windows, doors, shops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from jetseg_core.data.street_scene.noise import generator, smooth_noise
from jetseg_core.data.street_scene.texture import Texture

PIXELS_PER_METRE = 26
STYLES = 90
"""How many different fronts there are; scenes share them, as drawing one takes a few milliseconds."""

_BRICKS = (
    (116, 90, 80), (126, 96, 82), (162, 152, 130), (146, 138, 118), (108, 84, 78), (92, 78, 74),
    (132, 120, 104),
)  # fmt: skip
_RENDERS = (
    (216, 214, 208), (228, 227, 224), (196, 192, 180), (206, 200, 190), (188, 192, 196), (172, 172, 170),
)  # fmt: skip
_SIGNS = (
    (34, 48, 96), (120, 28, 30), (28, 74, 52), (32, 32, 36), (196, 180, 60), (190, 190, 186),
    (150, 70, 30), (70, 30, 70), (30, 90, 130),
)  # fmt: skip
_WORDS = (
    "BOOKS", "CAFE", "BAKERY", "BANK", "TAILOR", "FLOWERS", "OPTICIAN", "CYCLES", "SHOES", "TRAVEL",
    "PHARMACY", "BARBER", "PIZZA", "GALLERY", "MUSIC", "HARDWARE",
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


class _Painter:
    """Draws on a wall in metres from its lower left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.height = height
        shape = (round(height * PIXELS_PER_METRE), round(width * PIXELS_PER_METRE))
        self.picture = np.zeros((*shape, 3), np.uint8)

    def rectangle(self, x: float, y: float, w: float, h: float, color: object) -> None:
        s = 4
        k = PIXELS_PER_METRE * (1 << s)
        low = (round(x * k), round((self.height - y - h) * k))
        high = (round((x + w) * k), round((self.height - y) * k))
        corners = np.array([low, (high[0], low[1]), high, (low[0], high[1])], np.int32)
        rgb = [float(v) for v in np.asarray(color, float)]
        cv2.fillConvexPoly(self.picture, corners, rgb, cv2.LINE_AA, s)

    def text(self, x: float, y: float, h: float, w: float, word: str, color: object) -> None:
        font = cv2.FONT_HERSHEY_DUPLEX
        (wide, tall), _ = cv2.getTextSize(word, font, 1.0, 1)
        scale = min(h * PIXELS_PER_METRE / tall, w * PIXELS_PER_METRE / wide)
        origin = (
            round(x * PIXELS_PER_METRE - wide * scale / 2),
            round((self.height - y) * PIXELS_PER_METRE),
        )
        rgb = [float(v) for v in np.asarray(color, float)]
        cv2.putText(self.picture, word, origin, font, scale, rgb, 1, cv2.LINE_AA)


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
    painter = _Painter(width, height)
    rendered = rng.random() < 0.45
    palette = _RENDERS if rendered else _BRICKS
    wall = np.array(palette[rng.integers(len(palette))], float) * rng.uniform(0.72, 1.15)
    wall = (wall + rng.uniform(-5, 5, 3)).clip(20, 238)
    _wall(painter, rng, wall, bricks=not rendered)
    if kind == "office":
        _office(painter, rng, width, floors, storey, wall)
    else:
        _upper_floors(painter, rng, width, ground, floors, storey, wall, rendered)
        if kind == "shop":
            _shop(painter, rng, width, ground)
        else:
            _ground_floor(painter, rng, width, ground, wall)
    if pitched:
        painter.rectangle(0, height - 0.22, width, 0.22, wall * 0.45)
    else:
        painter.rectangle(0, height - 0.16, width, 0.16, (wall * 1.15 + 20).clip(0, 235))
        painter.rectangle(0, height - 0.75, width, 0.1, wall * 0.7)
    pipe = rng.uniform(0.1, 0.3)
    painter.rectangle(pipe, 0, 0.1, height - 0.2, wall * 0.4)
    _weather(painter, rng)
    mean = tuple(float(v) for v in wall)
    return Facade(
        Texture.of(painter.picture), width, height, (mean[0], mean[1], mean[2]), bool(pitched)
    )


def _wall(painter: _Painter, rng: np.random.Generator, color: np.ndarray, *, bricks: bool) -> None:
    rows, columns = painter.picture.shape[:2]
    if bricks:
        courses = rng.normal(0, 11, (rows // 2 + 1, columns // 6 + 2)).astype(np.float32)
        grain = cv2.resize(courses, None, fx=6, fy=2, interpolation=cv2.INTER_NEAREST)
        grain = grain[:rows, :columns] + rng.normal(0, 4, (rows, columns)).astype(np.float32)
    else:
        grain = rng.normal(0, 3, (rows, columns)).astype(np.float32)
    painter.picture[:] = (color + grain[:, :, None]).clip(0, 255)


def _weather(painter: _Painter, rng: np.random.Generator) -> None:
    """Dirt: blotches over the wall, darker towards the pavement and under the eaves."""
    rows, columns = painter.picture.shape[:2]
    blotches = smooth_noise(rng, (rows, columns), (3, 7, 16)) * 0.05
    height = np.linspace(1, 0, rows, dtype=np.float32)[:, None]
    foot = 1 - 0.22 * np.exp(-height * 9) - 0.16 * np.exp(-(1 - height) * 22)
    gain = (1 + blotches) * foot
    painter.picture[:] = (painter.picture * gain[:, :, None]).clip(0, 255)


def _window(
    painter: _Painter, rng: np.random.Generator, x: float, y: float, w: float, h: float,
    frame: object, bars: tuple[int, int],
) -> None:  # fmt: skip
    """Glass that mirrors the sky above and the dark room below, with frame and glazing bars."""
    painter.rectangle(x - 0.04, y - 0.04, w + 0.08, h + 0.08, (38, 36, 34))
    painter.rectangle(x, y, w, h, frame)
    tone = rng.uniform(22, 58)
    mirror = rng.uniform(0.9, 1.9)
    steps = 4
    inner_w, inner_h = w - 0.12, h - 0.12
    for step in range(steps):
        shade = tone * (1 + (mirror - 1) * step / (steps - 1))
        color = np.array([shade * 0.93, shade, shade * 1.08])
        painter.rectangle(x + 0.06, y + 0.06 + inner_h * step / steps, inner_w, inner_h / steps, color)
    if rng.random() < 0.45:  # curtains
        cloth = np.array((176, 170, 160)) * rng.uniform(0.45, 0.9)
        share = rng.uniform(0.12, 0.3) * inner_w
        painter.rectangle(x + 0.06, y + 0.06, share, inner_h, cloth)
        painter.rectangle(x + 0.06 + inner_w - share, y + 0.06, share, inner_h, cloth)
    elif rng.random() < 0.25:  # blind
        drop = inner_h * rng.uniform(0.2, 0.7)
        cloth = np.array((190, 186, 176)) * rng.uniform(0.6, 0.95)
        painter.rectangle(x + 0.06, y + 0.06 + inner_h - drop, inner_w, drop, cloth)
    across, down = bars
    for i in range(1, across):
        painter.rectangle(x + w * i / across - 0.025, y, 0.05, h, frame)
    for i in range(1, down):
        painter.rectangle(x, y + h * i / down - 0.025, w, 0.05, frame)


def _upper_floors(
    painter: _Painter, rng: np.random.Generator, width: float, ground: float, floors: int,
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
            _window(painter, rng, x, y, w, h * (1 - 0.08 * floor), frame, bars)
        if rng.random() < 0.4:
            painter.rectangle(0, y - 0.62, width, 0.14, wall * 0.82)


def _ground_floor(
    painter: _Painter, rng: np.random.Generator, width: float, ground: float, wall: np.ndarray
) -> None:
    painter.rectangle(0, 0, width, 0.5, wall * 0.68)
    color = np.array(_SIGNS[rng.integers(len(_SIGNS))], float) * 0.9
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
        _window(painter, rng, x, 0.82, w, 1.5, (224, 222, 216), (2, 2))


def _shop(painter: _Painter, rng: np.random.Generator, width: float, ground: float) -> None:
    color = np.array(_SIGNS[rng.integers(len(_SIGNS))], float)
    frame = color * 0.75 if rng.random() < 0.6 else np.array((206, 204, 198))
    painter.rectangle(0, 0, width, ground - 0.12, frame)
    units = max(1, round(width / 5))
    for unit in range(units):
        x, w = width * unit / units, width / units
        door = rng.uniform(0.3, 0.6) * w
        for start, span in ((0.2, door - 0.3), (door + 1.0, w - door - 1.2)):
            if span > 0.3:
                _display(painter, rng, x + start, 0.5, span, ground - 1.35)
        painter.rectangle(x + door, 0.0, 0.9, ground - 0.85, (26, 26, 28))
        painter.rectangle(x + door + 0.08, 0.1, 0.74, ground - 1.1, (52, 52, 50))
        painter.rectangle(x + door + 0.7, 1.0, 0.06, 0.4, (150, 140, 110))
    painter.rectangle(0, ground - 0.82, width, 0.64, color)
    pale = (228, 222, 204) if color.mean() < 120 else (36, 34, 40)
    for unit in range(units):
        word = str(rng.choice(_WORDS))
        x, w = width * (unit + 0.5) / units, width / units
        painter.text(x, ground - 0.67, 0.36, w * 0.75, word, pale)
    painter.rectangle(0, ground - 0.2, width, 0.12, color * 0.6)
    if rng.random() < 0.3:  # awning
        stripes = int(width / 0.45)
        for i in range(stripes):
            tone = (214, 208, 196) if i % 2 else color.clip(40, 190)
            painter.rectangle(width * i / stripes, ground - 1.45, width / stripes, 0.75, tone)
    for side in (0.0, width - 0.22):  # pilasters
        painter.rectangle(side, 0, 0.22, ground, frame * 0.8)


def _display(
    painter: _Painter, rng: np.random.Generator, x: float, y: float, w: float, h: float
) -> None:
    """A shop window: lit goods in a dark room behind glass."""
    tone = rng.uniform(24, 60)
    painter.rectangle(x, y, w, h, (tone, tone, tone * 1.05))
    painter.rectangle(x, y + h * 0.72, w, h * 0.28, (tone * 1.5, tone * 1.55, tone * 1.6))
    for _ in range(int(w * 5)):
        goods = rng.uniform(30, 190) * rng.uniform(0.6, 1.0, 3)
        gw, gh = rng.uniform(0.12, 0.5), rng.uniform(0.12, 0.6)
        gx = x + rng.uniform(0, max(0.01, w - gw))
        painter.rectangle(gx, y + rng.choice([0, 0.05, h * 0.4]), min(gw, w), min(gh, h * 0.5), goods)
    panes = max(1, round(w / 1.3))
    for i in range(panes + 1):
        painter.rectangle(x + w * i / panes - 0.03, y, 0.06, h, (30, 30, 32))


def _office(
    painter: _Painter, rng: np.random.Generator, width: float, floors: int, storey: float,
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
            _window(painter, rng, x, y, w - 2 * gap, h, frame, (1, 2 if floor else 1))
        painter.rectangle(0, (floor + 1) * storey - 0.2, width, 0.16, (wall * 0.8))
