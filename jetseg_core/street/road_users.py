"""Cars and vans as solids; pedestrians and bicyclists as pictures of posed figures."""

from __future__ import annotations

from functools import lru_cache
from math import cos, hypot, pi, sin, sqrt
from typing import Any

import cv2
import numpy as np

from jetseg_core.street.canvas import CAR, DISC, Mesh, Texture, stroke
from jetseg_core.street.daylight import seeded

PAINTS = (
    (200, 206, 214), (168, 176, 190), (52, 56, 64), (34, 38, 46), (150, 36, 40), (50, 72, 130),
    (232, 234, 236), (110, 134, 166), (84, 104, 100),
)  # fmt: skip
_GLASS, _TRIM, _TYRE, _RIM = (62, 72, 82), (32, 33, 36), (20, 20, 22), (126, 128, 132)


# Corners (forward, up) of a vehicle's outline in metres: from the front's foot over the roof to the rear's foot.
# The windscreen lies behind corner 4, the rear window behind corner 7.
_OUTLINES = (
    ((2.14, .22), (2.26, .42), (2.21, .62), (2.00, .78), (.90, .95), (.18, 1.37), (-.45, 1.43), (-1.12, 1.36),
     (-1.68, 1.0), (-2.14, .98), (-2.26, .72), (-2.18, .22)),
    ((2.36, .26), (2.46, .48), (2.42, .80), (2.26, 1.1), (1.72, 1.26), (1.0, 2.02), (.20, 2.22), (-2.36, 2.22),
     (-2.46, 1.18), (-2.48, .80), (-2.48, .48), (-2.42, .26)),
)  # fmt: skip
_WINDSCREEN, _REAR_WINDOW = 4, 7
_HALF = (0.86, 0.95)  # widths
_WINDOWS = (((0.68, -0.38), (-0.48, -1.30)), ((1.45, 0.36),))  # from and to of each side window
_WHEEL = 0.33  # radius
VEHICLES = 2
"""A saloon and a van."""


def footprint(kind: int) -> tuple[float, float, float]:
    """Half width, half length and height in metres of a vehicle."""
    long, tall = np.max(_OUTLINES[kind], axis=0).tolist()
    return _HALF[kind], long, tall


@lru_cache(maxsize=VEHICLES * len(PAINTS))
def vehicle(kind: int, paint: int) -> Mesh:
    """Vehicle 0 to VEHICLES - 1 heading along z, its wheels on y = 0, in one of PAINTS."""
    color, mesh, (half, long, _) = np.array(PAINTS[paint], float), Mesh(), footprint(kind)
    outline = np.array([(half, y, z) for z, y in _OUTLINES[kind]])
    first, last, rear = _WINDSCREEN, _REAR_WINDOW + 1, len(outline) - 2
    outline[first + 1 : last, 0] *= 0.78  # the roof is narrower
    mesh.box((-half * 0.86, 0.11, 0.15 - long), (half * 0.86, 0.35, long - 0.15), _TYRE, CAR)

    def strip(index: int, start: float, end: float, left: float, right: float, color: Any) -> None:
        """Part of the strip behind a corner: from and to along it, and from and to across."""
        near, far = (
            outline[index] + (outline[index + 1] - outline[index]) * t for t in (start, end)
        )
        points = [
            p * (x, 1, 1) for p, x in ((near, left), (near, right), (far, right), (far, left))
        ]
        _, y, z = outline[index + 1] - outline[index]
        mesh.face(points, (0, -z, y), color, CAR)

    for index in range(rear + 1):
        strip(index, 0, 1, -1, 1, _TRIM if index in (0, rear) else color)
    strip(1, 0.2, 0.95, -0.55, 0.55, _TRIM)  # grille
    strip(rear - 1, 0.25, 0.75, -0.32, 0.32, (204, 172, 44))  # number plate
    for index in (_WINDSCREEN, _REAR_WINDOW):
        strip(index, 0.05, 0.92, -0.9, 0.9, _GLASS)
    for left, right in ((-0.97, -0.58), (0.58, 0.97)):
        strip(2, 0.0, 0.8, left, right, (214, 218, 218))
        strip(rear - 2, 0.0, 0.9, left, right, (168, 24, 24))
    for side in (-1, 1):
        flank, out = outline * (side, 1, 1), (side, 0.3, 0)
        mesh.face(flank[first : last + 1], out, color * 0.97, CAR)
        mesh.face(np.concatenate([flank[: first + 1], flank[last:]]), out, color, CAR)
        foot, head = flank[first] * (1.01, 1, 0), flank[first + 1] * (1.02, 0.96, 0)
        for front, back in _WINDOWS[kind]:
            glass = np.array([foot, head, head, foot])
            # Leans with the windscreen.
            glass[:, 2] = (front, front - (0.45 if front > 0 else 0), back + 0.12, back)
            mesh.face(glass, out, np.array(_GLASS) * 0.7, CAR)
        for axle in (0.6 * long, -0.6 * long):
            for radius, tone in ((1.12 * _WHEEL, _TRIM), (_WHEEL, _TYRE), (0.66 * _WHEEL, _RIM)):
                ring = DISC[:, [2, 1, 0]] * radius + (foot[0], _WHEEL, axle)
                mesh.face(ring, (side, 0, 0), tone, CAR)
    return mesh


PHASES, VIEWS, OUTFITS = 8, 8, 10
FIGURE_SIZE = (1.3, 1.9)
"""Width and height in metres that the picture of a person shows."""
_DENSITY = 88  # texels per metre
_COATS = (
    (26, 28, 32), (40, 42, 48), (34, 40, 60), (80, 30, 34), (78, 74, 66), (46, 52, 44),
    (110, 110, 106), (20, 20, 22), (66, 46, 36), (44, 62, 82),
)  # fmt: skip
_TROUSERS = ((28, 32, 44), (22, 23, 26), (38, 44, 58), (52, 48, 42), (34, 32, 32))
_SKINS = ((180, 140, 118), (124, 90, 70), (196, 156, 136))
_HAIRS = ((36, 28, 24), (24, 22, 22), (120, 96, 66))
_SHOES, _METAL, _RUBBER = (24, 22, 22), (70, 72, 76), (22, 22, 24)


class _Figure:
    """A body of rounded limbs, drawn as seen from one side."""

    def __init__(self, view: int, outfit: int) -> None:
        self._turn = 2 * pi * view / VIEWS
        self.coat = _COATS[outfit]
        rng = seeded(5, outfit)
        self.skin, self.hair, self.trousers = (
            colors[rng.integers(len(colors))] for colors in (_SKINS, _HAIRS, _TROUSERS)
        )
        self._limbs: list[tuple[float, np.ndarray, float, tuple[int, ...]]] = []

    def limb(self, color: tuple[int, ...], radius: float, *points: tuple[float, ...]) -> None:
        """Add a limb through points (x right, y up, z forward), in metres."""
        x, y, z = np.array(points).T
        c, s = cos(self._turn), sin(self._turn)
        shown = np.column_stack([x * c - z * s, y])
        self._limbs.append((float(np.mean(x * s + z * c)), shown, radius, color))

    def leg(self, x: float, hip: tuple[float, float], heel: tuple[float, float]) -> None:
        """Add leg and shoe between two points (y, z); the knee bends forward."""
        (y, z), (dy, dz) = hip, (heel[0] - hip[0], heel[1] - hip[1])
        span = min(hypot(dy, dz), 0.87)
        out = sqrt(0.44**2 - (span / 2) ** 2) / span
        knee = (x, y + dy / 2 + out * dz, z + dz / 2 - out * dy)
        self.limb(self.trousers, 0.088, (x, *hip), knee)
        self.limb(self.trousers, 0.062, knee, (x, *heel))
        self.limb(_SHOES, 0.045, (x, heel[0] - 0.02, heel[1]), (x, heel[0] - 0.02, heel[1] + 0.15))

    def head(self, y: float, z: float) -> None:
        """Add head and neck; (y, z) is the head's middle."""
        self.limb(self.skin, 0.055, (0, y - 0.18, z - 0.03), (0, y, z))
        self.limb(self.skin, 0.095, (0, y - 0.03, z + 0.02), (0, y + 0.03, z + 0.01))
        self.limb(self.hair, 0.1, (0, y + 0.06, z - 0.03), (0, y, z - 0.05))

    def texture(self) -> Texture:
        """The picture, FIGURE_SIZE large, its foot in the middle of the lower edge."""
        width, height = (round(n * _DENSITY) for n in FIGURE_SIZE)
        picture = np.zeros((height, width, 4), np.uint8)
        for _, points, radius, color in sorted(self._limbs, key=lambda limb: -limb[0]):
            pixels = points * (1, -1) * _DENSITY + (width / 2, height)
            stroke(picture, pixels, (*color, 255), 2 * radius * _DENSITY)
        # Rounded: darker towards the outline.
        depth = cv2.distanceTransform(picture[:, :, 3], cv2.DIST_L2, 3)[:, :, None]
        picture[:, :, :3] = (picture[:, :, :3] * (0.7 + 0.45 * (depth / 9).clip(0, 1))).clip(0, 255)
        return Texture(cv2.GaussianBlur(picture, (0, 0), 0.8))


@lru_cache(maxsize=PHASES * VIEWS * OUTFITS)
def pedestrian(phase: int, view: int, outfit: int) -> Texture:
    """A person of 1.75 m in mid-step.

    View 0 is from behind; the views go around the person clockwise as seen from above.
    """
    figure = _Figure(view, outfit)
    angle, stride = 2 * pi * phase / PHASES, 0.36
    for side in (-1.0, 1.0):
        swing, lift = stride * sin(angle) * side, 0.3 * stride * max(0.0, cos(angle) * side)
        figure.leg(side * 0.09, (0.92, 0.0), (0.07 + lift, swing))
        elbow = (side * 0.25, 1.12, -0.6 * swing - 0.02)
        hand = (side * 0.24, 0.9, 0.06 - 0.8 * swing)
        figure.limb(figure.coat, 0.056, (side * 0.2, 1.4, 0), elbow, hand)
        figure.limb(figure.skin, 0.045, hand, hand)
        hem = 0.82 - 0.2 * (outfit % 2)
        figure.limb(figure.coat, 0.12, (side * 0.08, hem, 0), (side * 0.11, 1.38, 0))
    figure.head(1.64, 0.03)
    return figure.texture()


@lru_cache(maxsize=PHASES * VIEWS * OUTFITS)
def bicyclist(phase: int, view: int, outfit: int) -> Texture:
    """A bicycle and its rider at a moment of the pedals' turn; views as of `pedestrian`."""
    figure = _Figure(view, outfit)
    for hub in (0.53, -0.53):
        rim = [(0, 0.34 + 0.31 * sin(a), hub + 0.31 * cos(a)) for a in np.linspace(0, 2 * pi, 21)]
        figure.limb(_RUBBER, 0.028, *rim)
        for a, b in zip(rim[:10], rim[10:], strict=False):  # spokes
            figure.limb(_METAL, 0.012, a, b)
    crank, seat, fork, bars = (0, 0.3, -0.08), (0, 0.9, -0.24), (0, 0.74, 0.38), (0, 1.0, 0.42)
    figure.limb(_METAL, 0.022, crank, seat, fork, crank, (0, 0.34, -0.53), seat)
    figure.limb(_METAL, 0.022, bars, fork, (0, 0.34, 0.53))
    figure.limb(_RUBBER, 0.02, (-0.26, 1.02, 0.38), (0.26, 1.02, 0.38))
    turn = 2 * pi * phase / PHASES
    for side in (-1.0, 1.0):
        pedal = (0.35 + side * 0.17 * sin(turn), -0.08 + side * 0.17 * cos(turn))
        figure.leg(side * 0.1, (0.97, -0.22), pedal)
        shoulder, elbow = (side * 0.2, 1.42, 0.06), (side * 0.27, 1.18, 0.18)
        figure.limb(figure.coat, 0.056, shoulder, elbow, (side * 0.24, 1.05, 0.4))
        figure.limb(figure.coat, 0.125, (side * 0.08, 0.97, -0.2), (side * 0.11, 1.4, 0.03))
    figure.head(1.64, 0.14)
    return figure.texture()
