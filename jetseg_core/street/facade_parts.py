"""Parts of house fronts: the wall, windows, shop windows."""

from __future__ import annotations

import cv2
import numpy as np

from jetseg_core.street.noise import smooth_noise

PIXELS_PER_METRE = 26

SIGN_COLORS = (
    (34, 48, 96), (120, 28, 30), (28, 74, 52), (32, 32, 36), (196, 180, 60), (190, 190, 186),
    (150, 70, 30), (70, 30, 70), (30, 90, 130),
)  # fmt: skip
_WORDS = (
    "BOOKS", "CAFE", "BAKERY", "BANK", "TAILOR", "FLOWERS", "OPTICIAN", "CYCLES", "SHOES", "TRAVEL",
    "PHARMACY", "BARBER", "PIZZA", "GALLERY", "MUSIC", "HARDWARE",
)  # fmt: skip


class Painter:
    """Draws on a wall in metres from its lower left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.height = height
        shape = (round(height * PIXELS_PER_METRE), round(width * PIXELS_PER_METRE))
        self.picture = np.zeros((*shape, 3), np.uint8)

    def rectangle(self, x: float, y: float, w: float, h: float, color: object) -> None:
        """Fills a rectangle from its lower left corner (x, y), w wide and h tall."""
        s = 4
        k = PIXELS_PER_METRE * (1 << s)
        low = (round(x * k), round((self.height - y - h) * k))
        high = (round((x + w) * k), round((self.height - y) * k))
        corners = np.array([low, (high[0], low[1]), high, (low[0], high[1])], np.int32)
        rgb = [float(v) for v in np.asarray(color, float)]
        cv2.fillConvexPoly(self.picture, corners, rgb, cv2.LINE_AA, s)

    def text(self, x: float, y: float, h: float, w: float, word: str, color: object) -> None:
        """Writes a word around x with its foot at y, at most h tall and w wide."""
        font = cv2.FONT_HERSHEY_DUPLEX
        (wide, tall), _ = cv2.getTextSize(word, font, 1.0, 1)
        scale = min(h * PIXELS_PER_METRE / tall, w * PIXELS_PER_METRE / wide)
        origin = (
            round(x * PIXELS_PER_METRE - wide * scale / 2),
            round((self.height - y) * PIXELS_PER_METRE),
        )
        rgb = [float(v) for v in np.asarray(color, float)]
        cv2.putText(self.picture, word, origin, font, scale, rgb, 1, cv2.LINE_AA)


def paint_wall(
    painter: Painter, rng: np.random.Generator, color: np.ndarray, *, bricks: bool
) -> None:
    """Covers everything with bricks or render of an RGB color."""
    rows, columns = painter.picture.shape[:2]
    if bricks:
        courses = rng.normal(0, 11, (rows // 2 + 1, columns // 6 + 2)).astype(np.float32)
        grain = cv2.resize(courses, None, fx=6, fy=2, interpolation=cv2.INTER_NEAREST)
        grain = grain[:rows, :columns] + rng.normal(0, 4, (rows, columns)).astype(np.float32)
    else:
        grain = rng.normal(0, 3, (rows, columns)).astype(np.float32)
    painter.picture[:] = (color + grain[:, :, None]).clip(0, 255)


def paint_dirt(painter: Painter, rng: np.random.Generator) -> None:
    """Dirt: blotches over the wall, darker towards the pavement and under the eaves."""
    rows, columns = painter.picture.shape[:2]
    blotches = smooth_noise(rng, (rows, columns), (3, 7, 16)) * 0.05
    height = np.linspace(1, 0, rows, dtype=np.float32)[:, None]
    foot = 1 - 0.22 * np.exp(-height * 9) - 0.16 * np.exp(-(1 - height) * 22)
    gain = (1 + blotches) * foot
    painter.picture[:] = (painter.picture * gain[:, :, None]).clip(0, 255)


def paint_window(
    painter: Painter, rng: np.random.Generator, x: float, y: float, w: float, h: float,
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
        painter.rectangle(
            x + 0.06, y + 0.06 + inner_h * step / steps, inner_w, inner_h / steps, color
        )
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


def paint_shop(painter: Painter, rng: np.random.Generator, width: float, ground: float) -> None:
    """A shop of one or more units on the ground floor, `ground` metres tall."""
    color = np.array(SIGN_COLORS[rng.integers(len(SIGN_COLORS))], float)
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
    painter: Painter, rng: np.random.Generator, x: float, y: float, w: float, h: float
) -> None:
    """A shop window: lit goods in a dark room behind glass."""
    tone = rng.uniform(24, 60)
    painter.rectangle(x, y, w, h, (tone, tone, tone * 1.05))
    painter.rectangle(x, y + h * 0.72, w, h * 0.28, (tone * 1.5, tone * 1.55, tone * 1.6))
    for _ in range(int(w * 5)):
        goods = rng.uniform(30, 190) * rng.uniform(0.6, 1.0, 3)
        gw, gh = rng.uniform(0.12, 0.5), rng.uniform(0.12, 0.6)
        gx = x + rng.uniform(0, max(0.01, w - gw))
        painter.rectangle(
            gx, y + rng.choice([0, 0.05, h * 0.4]), min(gw, w), min(gh, h * 0.5), goods
        )
    panes = max(1, round(w / 1.3))
    for i in range(panes + 1):
        painter.rectangle(x + w * i / panes - 0.03, y, 0.06, h, (30, 30, 32))
