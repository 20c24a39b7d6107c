"""Cars and vans as solids; pedestrians and bicyclists as pictures of posed figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import cos, hypot, pi, sin, sqrt
from typing import Any

import cv2
import numpy as np

from jetseg_core.street.canvas import CAR, DISC, Mesh, Texture, fixed_point
from jetseg_core.street.noise import seeded, smooth_noise

PAINTS = (
    (200, 206, 214), (168, 176, 190), (52, 56, 64), (34, 38, 46), (150, 36, 40), (50, 72, 130),
    (232, 234, 236), (110, 134, 166), (84, 104, 100),
)  # fmt: skip
_GLASS, _TRIM, _TYRE, _RIM = (62, 72, 82), (32, 33, 36), (20, 20, 22), (126, 128, 132)


@dataclass(frozen=True)
class _Shape:
    """A vehicle seen from the side and from above, in metres."""

    profile: str
    """Corners (forward, up, half width): from the front's foot over the roof to the rear's foot. The
    windscreen begins at the fifth corner and ends at the sixth, the rear window at the eighth and ninth."""
    windows: tuple[tuple[float, float], ...]
    """Forward from and to of each side window."""
    axles: tuple[float, float]
    wheel: float
    """Radius of a wheel."""

    @cached_property
    def outline(self) -> np.ndarray:
        """(N, 3) the corners."""
        return np.array([float(number) for number in self.profile.split()]).reshape(-1, 3)


SHAPES = (
    _Shape("""1.86 .22 .74  1.97 .42 .78  1.93 .62 .80  1.72 .80 .82   .92 .97 .83   .18 1.40 .62
              -.55 1.46 .61  -1.45 1.38 .60  -1.86 .98 .77  -1.96 .72 .81  -1.97 .42 .80  -1.88 .22 .76""",
           ((0.70, -0.42), (-0.52, -1.42)), (1.22, -1.22), 0.31),
    _Shape("""2.14 .22 .76  2.26 .42 .80  2.21 .62 .82  2.00 .78 .84   .90 .95 .86   .18 1.37 .63
              -.45 1.43 .62  -1.12 1.36 .62  -1.68 1.0 .80  -2.14 .98 .82  -2.26 .72 .83  -2.18 .22 .78""",
           ((0.68, -0.38), (-0.48, -1.30)), (1.36, -1.34), 0.32),
    _Shape("""2.36 .26 .88  2.46 .48 .92  2.42 .80 .94  2.26 1.1 .95  1.72 1.26 .95  1.0 2.02 .82
               .20 2.22 .82  -2.36 2.22 .82  -2.46 1.18 .93  -2.48 .80 .95  -2.48 .48 .94  -2.42 .26 .92""",
           ((1.45, 0.36),), (1.56, -1.42), 0.35),
)  # fmt: skip
"""Hatchback, saloon and van."""
_WINDSCREEN, _REAR_WINDOW = 4, 7


def footprint(kind: int) -> tuple[float, float, float]:
    """Half width, half length and height in metres of a vehicle."""
    long, tall, half = SHAPES[kind].outline.max(0).tolist()
    return half, long, tall


@lru_cache(maxsize=len(SHAPES) * len(PAINTS))
def vehicle(kind: int, paint: int) -> Mesh:
    """Vehicle 0 to len(SHAPES) - 1 heading along z, its wheels on y = 0, in one of PAINTS."""
    shape, color, mesh = SHAPES[kind], np.array(PAINTS[paint], float), Mesh()
    outline, (half, long, _), low = shape.outline, footprint(kind), shape.outline[0, 1]
    ends = np.array([(-half * 0.86, low * 0.5, 0.15 - long), (half * 0.86, low + 0.1, long - 0.15)])
    mesh.box(ends[0], ends[1], _TYRE, CAR)

    def strip(index: int, part: tuple[float, ...], color: Any, detail: float = 0) -> None:
        """Part of the strip behind a corner: from and to along it, and from and to across."""
        (z0, y0, _), (z1, y1, _) = outline[index : index + 2]
        near, far = (outline[index] + (outline[index + 1] - outline[index]) * t for t in part[:2])
        left, right = part[2:]
        corners = ((near, left), (near, right), (far, right), (far, left))
        points = [(share * half, y, z) for (z, y, half), share in corners]
        mesh.face(points, (0, z0 - z1, y1 - y0), color, CAR, detail)

    for index in range(len(outline) - 1):
        strip(index, (0, 1, -1, 1), color)
    for index, flip in ((_WINDSCREEN, 1), (_REAR_WINDOW, -1)):
        for step in range(3):  # glass mirrors the sky more the flatter it is seen
            part = (0.05 + 0.29 * step, 0.34 + 0.29 * step, -0.9, 0.9)
            strip(index, part, np.array(_GLASS) * (1 + 0.25 * flip * (1 - step)), 5)
    rear = len(outline) - 2
    strip(0, (0, 1, -1, 1), _TRIM, 8)
    strip(1, (0.2, 0.95, -0.55, 0.55), _TRIM, 8)
    strip(1, (0.0, 0.5, -0.32, 0.32), (206, 206, 196), 14)
    strip(rear, (0, 1, -1, 1), _TRIM, 8)
    strip(rear - 1, (0.25, 0.75, -0.32, 0.32), (204, 172, 44), 10)
    for left, right in ((-0.97, -0.58), (0.58, 0.97)):
        strip(2, (0.0, 0.8, left, right), (214, 218, 218), 5)
        strip(rear - 2, (0.0, 0.9, left, right), (168, 24, 24), 5)
    for side in (-1.0, 1.0):
        _add_flank(mesh, shape, side, color)
    return mesh


def _add_flank(mesh: Mesh, shape: _Shape, side: float, color: np.ndarray) -> None:
    outline, half = shape.outline, shape.outline[:, 2].max()
    first, last = _WINDSCREEN, _REAR_WINDOW + 1  # corners on the belt line
    corners = outline[:, [2, 1, 0]] * (side, 1, 1)
    mesh.face(corners[first : last + 1], (side, 0.4, 0), color * 0.97, CAR)
    mesh.face(np.concatenate([corners[: first + 1], corners[last:]]), (side, 0, 0), color, CAR)
    x, low, belt = side * (half + 0.005), outline[0, 1], outline[first, 1]
    nose, tail = outline[1, 0] - 0.15, outline[-2, 0] + 0.15
    for bottom, top, gain in ((low, 0.5 * (low + belt), 0.72), (belt - 0.14, belt - 0.05, 1.15)):
        band = [(x, bottom, nose), (x, top, nose), (x, top, tail), (x, bottom, tail)]
        mesh.face(band, (side, 0, 0), color * gain, CAR, 8)
    roof = outline[first + 1 : last, 1].min() - 0.06
    lean = (outline[first + 1, 2] - half) / (outline[first + 1, 1] - belt)
    foot, head = (side * (half + (y - belt) * lean + 0.006) for y in (belt, roof))
    for front, back in shape.windows:
        top = (front - (0.45 if front > 0 else 0.0), back + 0.12)  # leans with the windscreen
        glass = [
            (foot, belt, front),
            (head, roof, top[0]),
            (head, roof, top[1]),
            (foot, belt, back),
        ]
        mesh.face(glass, (side, 0.3, 0), np.array(_GLASS) * 0.7, CAR, 5)
    for axle in shape.axles:
        for scale, tone in ((1.12, (12, 12, 13)), (1.0, _TYRE), (0.66, _RIM), (0.25, _TRIM)):
            ring = DISC[:, [2, 1, 0]] * shape.wheel * scale + (x, shape.wheel, axle)
            mesh.face(ring, (side, 0, 0), tone, CAR, 8 if scale < 1 else 0)


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
_Point = tuple[float, float, float]
_Rgb = tuple[int, int, int]


@lru_cache(maxsize=1)
def _folds(shape: tuple[int, int]) -> np.ndarray:
    return smooth_noise(seeded(5, 99), shape, (6, 14, 30))


class _Figure:
    """A body of rounded limbs, drawn as seen from one side."""

    def __init__(self, view: int, outfit: int) -> None:
        self._turn = 2 * pi * view / VIEWS
        rng = seeded(5, outfit)
        self.skin: _Rgb = _SKINS[rng.integers(len(_SKINS))]
        self.hair: _Rgb = _HAIRS[rng.integers(len(_HAIRS))]
        self.trousers: _Rgb = _TROUSERS[rng.integers(len(_TROUSERS))]
        self.coat: _Rgb = _COATS[outfit % len(_COATS)]
        self._limbs: list[tuple[float, np.ndarray, float, _Rgb]] = []

    def limb(self, color: _Rgb, radius: float, *points: _Point) -> None:
        """Add a limb through points (x right, y up, z forward), in metres."""
        x, y, z = np.array(points).T
        c, s = cos(self._turn), sin(self._turn)
        self._limbs.append(
            (float(np.mean(x * s + z * c)), np.array([x * c - z * s, y]).T, radius, color)
        )

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
            corners = fixed_point(points * (1, -1) * _DENSITY + (width / 2, height))
            thick = max(1, round(2 * radius * _DENSITY))
            cv2.polylines(picture, [corners], False, (*color, 255), thick, cv2.LINE_8, 4)
        # Rounded: darker towards the outline; and folds of cloth.
        depth = cv2.distanceTransform(picture[:, :, 3], cv2.DIST_L2, 3)
        gain = (0.7 + 0.45 * (depth / 9).clip(0, 1)) * (1 + 0.12 * _folds(depth.shape))
        picture[:, :, :3] = (picture[:, :, :3] * gain[:, :, None]).clip(0, 255)
        return Texture(cv2.GaussianBlur(picture, (0, 0), 0.8))


@lru_cache(maxsize=PHASES * VIEWS * OUTFITS)
def pedestrian(phase: int, view: int, outfit: int) -> Texture:
    """A person of 1.75 m in mid-step, or standing at phase -1.

    View 0 is from behind; the views go around the person clockwise as seen from above.
    """
    figure = _Figure(view, outfit)
    angle, stride = 2 * pi * phase / PHASES, 0.0 if phase < 0 else 0.46
    hip = 0.92 - 0.06 * stride * abs(sin(angle))
    for side in (-1.0, 1.0):
        swing = stride * sin(angle) * side
        shin = swing - 1.3 * stride * max(0.0, cos(angle) * side)
        knee = (side * 0.095, hip - 0.43 * cos(swing), 0.43 * sin(swing))
        heel = (side * 0.09, max(knee[1] - 0.43 * cos(shin), 0.06), knee[2] + 0.43 * sin(shin))
        figure.limb(figure.trousers, 0.088, (side * 0.09, hip, 0), knee)
        figure.limb(figure.trousers, 0.062, knee, heel)
        figure.limb(_SHOES, 0.045, heel, (heel[0], heel[1] - 0.02, heel[2] + 0.16))
        elbow = (side * 0.25, hip + 0.21, -0.29 * sin(0.8 * swing))
        hand = (side * 0.24, elbow[1] - 0.24, elbow[2] + 0.1 - 0.2 * sin(0.8 * swing))
        figure.limb(figure.coat, 0.056, (side * 0.2, hip + 0.48, 0), elbow, hand)
        figure.limb(figure.skin, 0.045, hand, hand)
        hem = hip - 0.1 - 0.2 * (outfit % 2)
        figure.limb(figure.coat, 0.12, (side * 0.08, hem, 0), (side * 0.11, hip + 0.46, 0))
    if outfit % 3 == 0:  # a rucksack
        figure.limb(_COATS[outfit - 3], 0.13, (0, hip + 0.16, -0.2), (0, hip + 0.42, -0.2))
    figure.head(hip + 0.72, 0.03)
    return figure.texture()


@lru_cache(maxsize=PHASES * VIEWS * OUTFITS)
def bicyclist(phase: int, view: int, outfit: int) -> Texture:
    """A bicycle and its rider at a moment of the pedals' turn; views as of `pedestrian`."""
    figure = _Figure(view, outfit)
    angle = np.linspace(0, 2 * pi, 21)
    for hub in (0.53, -0.53):
        rim: list[_Point] = [(0, 0.34 + 0.31 * sin(a), hub + 0.31 * cos(a)) for a in angle]
        figure.limb(_RUBBER, 0.028, *rim)
        for a, b in zip(rim[:10], rim[10:], strict=False):  # spokes
            figure.limb(_METAL, 0.012, a, b)
    crank, seat, fork, bars = (0, 0.3, -0.08), (0, 0.9, -0.24), (0, 0.74, 0.38), (0, 1.0, 0.42)
    figure.limb(_METAL, 0.022, crank, seat, fork, crank, (0, 0.34, -0.53), seat)
    figure.limb(_METAL, 0.022, bars, fork, (0, 0.34, 0.53))
    figure.limb(_RUBBER, 0.02, (-0.26, 1.02, 0.38), (0.26, 1.02, 0.38))
    turn = 2 * pi * phase / PHASES
    for side in (-1.0, 1.0):
        x, y, z = side * 0.1, 0.33 + side * 0.17 * sin(turn), -0.08 + side * 0.17 * cos(turn)
        dy, dz = y - 0.97, z + 0.22  # from the hip to the pedal; the knee bends forward
        span = min(hypot(dy, dz), 0.87)
        out = sqrt(0.44**2 - (span / 2) ** 2) / span
        knee = (x, 0.97 + dy / 2 + out * dz, -0.22 + dz / 2 - out * dy)
        figure.limb(figure.trousers, 0.088, (x, 0.97, -0.22), knee)
        figure.limb(figure.trousers, 0.062, knee, (x, y + 0.04, z))
        figure.limb(_SHOES, 0.045, (x, y, z - 0.05), (x, y, z + 0.13))
        shoulder, elbow, hand = (2 * x, 1.42, 0.06), (2.7 * x, 1.18, 0.18), (2.4 * x, 1.05, 0.4)
        figure.limb(figure.coat, 0.056, shoulder, elbow, hand)
        figure.limb(figure.coat, 0.125, (0.8 * x, 0.97, -0.2), (1.1 * x, 1.4, 0.03))
    figure.head(1.64, 0.14)
    return figure.texture()
