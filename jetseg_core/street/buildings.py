"""Houses: fronts with windows, doors and shops, and their side walls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from jetseg_core.street.canvas import BUILDING, Panel, Texture
from jetseg_core.street.noise import seeded, smooth_noise

STYLES = 18
DEPTH = 9.0
"""From front to back of a house, in metres."""
_DENSITY = 28  # texels per metre
_RENDERS = ((222, 220, 212), (232, 230, 226), (206, 198, 182), (176, 180, 186), (214, 206, 192))
_BRICKS = ((160, 134, 116), (146, 118, 104), (188, 172, 146), (166, 154, 136), (132, 120, 112))
_SIGNS = (
    (34, 48, 96), (112, 28, 30), (28, 64, 48), (30, 30, 34), (190, 186, 176), (60, 30, 60),
)  # fmt: skip
_WORDS = ("BOOKS", "CAFE", "BAKERY", "BANK", "TAILOR", "FLOWERS", "CYCLES", "SHOES", "MUSIC")
Color = np.ndarray | tuple[float, float, float]
_Bars = tuple[int, int]


@dataclass(frozen=True)
class Front:
    """The picture of a house front and its size in metres."""

    texture: Texture
    width: float
    height: float
    wall: np.ndarray
    """(3,) mean colour of the wall, for the sides of the house."""
    pitched: bool
    """True if the side wall ends in a gable, by a quarter of the height above the front."""


class _Painter:
    """Paints on a wall in metres from its lower left corner."""

    def __init__(self, rng: np.random.Generator, width: float, height: float) -> None:
        self.rng = rng
        self.height = height
        self.picture = np.zeros((round(height * _DENSITY), round(width * _DENSITY), 3), np.uint8)

    def rectangle(self, x: float, y: float, w: float, h: float, color: Color) -> None:
        corners = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
        pixels = np.column_stack([corners[:, 0], self.height - corners[:, 1]]) * _DENSITY - 0.5
        fixed = np.rint(pixels * 16).astype(np.int32)
        cv2.fillConvexPoly(self.picture, fixed, [float(v) for v in color], cv2.LINE_AA, 4)

    def window(self, x: float, y: float, w: float, h: float, frame: Color, bars: _Bars) -> None:
        """Paint glass that mirrors the sky above a dark room, with curtains and glazing bars."""
        rng = self.rng
        self.rectangle(x - 0.08, y - 0.05, w + 0.16, h + 0.1, (44, 42, 40))
        self.rectangle(x, y, w, h, frame)
        tone = rng.uniform(18, 50)
        mirror = rng.uniform(0.8, 2.2)
        for step in range(4):
            shade = tone * (1 + (mirror - 1) * step / 3)
            pane = (x + 0.06, y + 0.06 + (h - 0.12) * step / 4, w - 0.12, (h - 0.12) / 4)
            self.rectangle(*pane, (shade * 0.95, shade, shade * 1.06))
        if rng.random() < 0.5:
            cloth = np.array((176, 170, 160)) * rng.uniform(0.45, 0.9)
            share = rng.uniform(0.1, 0.3) * w
            for left in (x + 0.06, x + w - 0.06 - share):
                self.rectangle(left, y + 0.06, share, h - 0.12, cloth)
        for i in range(1, bars[0]):
            self.rectangle(x + w * i / bars[0] - 0.03, y, 0.06, h, frame)
        for i in range(1, bars[1]):
            self.rectangle(x, y + h * i / bars[1] - 0.03, w, 0.06, frame)

    def shop(self, width: float, tall: float) -> None:
        """Paint a shop front: lit goods behind glass, a door, and a board with a word."""
        rng = self.rng
        color = np.array(_SIGNS[rng.integers(len(_SIGNS))]) * rng.uniform(0.8, 1.1)
        self.rectangle(0, 0, width, tall, color * 0.7)
        door = rng.uniform(0.3, 0.6) * width
        for x, w in ((0.25, door - 0.35), (door + 1.05, width - door - 1.3)):
            tone = rng.uniform(30, 64)
            self.rectangle(x, 0.5, w, tall - 1.4, (tone, tone, tone * 1.05))
            self.rectangle(x, tall - 1.7, w, 0.8, (tone * 1.7, tone * 1.75, tone * 1.8))
            for _ in range(int(w * 4)):
                goods = rng.uniform(20, 150) * rng.uniform(0.6, 1.0, 3)
                place = (x + rng.uniform(0, max(w - 0.5, 0.01)), rng.choice([0.5, 0.6, 1.3]))
                self.rectangle(*place, rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.7), goods)
            for bar in np.linspace(x, x + w, max(2, round(w / 1.3) + 1)):
                self.rectangle(bar - 0.04, 0.5, 0.08, tall - 1.4, color * 0.5)
        self.rectangle(door, 0, 0.95, tall - 0.9, (30, 30, 32))
        self.rectangle(0, tall - 0.8, width, 0.62, color)
        self.rectangle(0, tall - 0.18, width, 0.12, color * 0.5)
        pale = (216, 210, 192) if color.mean() < 110 else (40, 38, 44)
        place = (round((width / 2 - 0.9) * _DENSITY), round((self.height - tall + 0.66) * _DENSITY))
        word = str(rng.choice(_WORDS))
        cv2.putText(self.picture, word, place, cv2.FONT_HERSHEY_DUPLEX, 0.5, pale, 1, cv2.LINE_AA)

    def wall(self, color: np.ndarray, bricks: bool) -> None:
        """Cover everything with bricks or render."""
        rows, columns = self.picture.shape[:2]
        courses = self.rng.normal(0, 8 * bricks, (rows // 2 + 1, columns // 6 + 1))
        grain = cv2.resize(courses, None, fx=6, fy=2, interpolation=cv2.INTER_NEAREST)
        grain = grain[:rows, :columns] + self.rng.normal(0, 4, (rows, columns))
        self.picture[:] = (color + grain[:, :, None]).clip(0, 255)

    def weather(self) -> None:
        """Add dirt: blotches, darker towards the pavement and under the eaves."""
        up = np.linspace(1, 0, len(self.picture))[:, None]
        gain = 1 + 0.06 * smooth_noise(self.rng, self.picture.shape[:2], (3, 7, 16))
        gain *= 1 - 0.22 * np.exp(-9 * up) - 0.18 * np.exp(-22 * (1 - up))
        self.picture[:] = (self.picture * gain[:, :, None]).clip(0, 255)


@lru_cache(maxsize=STYLES)
def front(style: int) -> Front:
    """The front of a style, 0 to STYLES - 1: shops and terraced houses, and some offices."""
    rng = seeded(7, style)
    kind = ("shop", "house", "shop", "house", "house", "office")[style % 6]
    storeys = int(rng.integers(2, 5)) if kind != "house" else int(rng.integers(2, 4))
    storey = rng.uniform(2.8, 3.3)
    width = float(rng.uniform(9, 16) if kind == "office" else rng.uniform(5.5, 9))
    ground = rng.uniform(3.3, 3.9) if kind == "shop" else storey
    height = float(ground + (storeys - 1) * storey + 0.6)
    bricks = bool(rng.random() < 0.5)
    walls = _BRICKS if bricks else _RENDERS
    wall = np.array(walls[rng.integers(len(walls))]) * rng.uniform(0.75, 1.1)
    painter = _Painter(rng, width, height)
    painter.wall(wall, bricks)
    trim = np.array((206, 200, 186)) if bricks else wall * 0.75
    frame = (222, 222, 216) if rng.random() < 0.75 else (60, 54, 48)
    bars = (1, 2) if kind == "office" else ((2, 2), (1, 2), (2, 4))[rng.integers(3)]
    spacing = rng.uniform(1.5, 2.2) if kind == "office" else rng.uniform(2.2, 3.2)
    count = max(2, round(width / spacing))
    w, h = rng.uniform(0.9, 1.2), rng.uniform(1.4, 1.8)
    if kind == "office":
        w, h = spacing * 0.85, 1.9
    for level in range(kind == "shop", storeys):
        y = (ground + (level - 1) * storey if level else 0.0) + 0.8
        for i in range(count):
            x = width * (i + 0.5) / count - w / 2
            painter.rectangle(x - 0.12, y - 0.16, w + 0.24, 0.14, trim)
            painter.rectangle(x - 0.12, y + h + 0.03, w + 0.24, 0.2, trim)
            painter.window(x, y, w, h, frame, bars)
    if kind == "shop":
        painter.shop(width, ground)
    else:
        color = np.array(_SIGNS[rng.integers(len(_SIGNS))])
        painter.rectangle(0.5, 0, 1.4, 2.8, trim)
        painter.rectangle(0.7, 0.1, 1.0, 2.1, color)
        painter.rectangle(0.8, 2.25, 0.8, 0.4, (48, 52, 56))
    painter.rectangle(0, height - 0.25, width, 0.25, wall * 0.45)
    painter.rectangle(rng.uniform(0.05, 0.3), 0, 0.1, height - 0.25, wall * 0.4)  # rain pipe
    painter.weather()
    return Front(Texture(painter.picture), width, height, wall, kind != "office")


@lru_cache(maxsize=2)
def _side_wall(pitched: bool) -> Texture:
    """Grey bricks, to be tinted; with a gable in the upper fifth."""
    rng = seeded(9)
    bricks = np.repeat(np.repeat(rng.normal(128, 8, (120, 50)), 2, 0), 5, 1)
    bricks += 9 * smooth_noise(rng, bricks.shape, (2, 5, 11, 23))
    wall = cv2.merge([bricks.clip(0, 255).astype(np.uint8)] * 3)
    if not pitched:
        return Texture(wall)
    gable = np.array([(0, 48), (125, 0), (250, 48), (250, 240), (0, 240)])
    inside = cv2.fillConvexPoly(np.zeros(bricks.shape, np.uint8), gable, 255)
    return Texture(cv2.copyTo(cv2.cvtColor(wall, cv2.COLOR_RGB2RGBA), inside))


def house(front: Front, x: float, z: float, tint: np.ndarray, exposed: bool) -> list[Panel]:
    """Near side wall and front of a house, in the order in which they are painted.

    Roofs are flatter than the camera's view of them, so that nothing is seen of them.

    Args:
        front: its front.
        x: position of the front across the street; negative is on the left.
        z: position of its near end along the street.
        tint: (3,) factors on the colours.
        exposed: True if no other house hides the side wall.
    """
    end, up = z + front.width, np.array([0, front.height, 0.0])
    near, far = np.array([x, 0, z]), np.array([x, 0, end])
    # The picture's left is the viewer's left: the near end on the left side of the street.
    corner, along = (near, far - near) if x < 0 else (far, near - far)
    panels = [Panel(end, corner, along, up, front.texture, BUILDING, 1.0, tint)]
    if exposed:
        back, tall = np.array([np.sign(x) * DEPTH, 0, 0]), up * (1.25 if front.pitched else 1.0)
        color = front.wall / 128 * tint
        wall = _side_wall(front.pitched)
        panels.insert(0, Panel(end + 0.01, near, back, tall, wall, BUILDING, 1.0, color))
    return panels
