"""Cars, vans and buses as solids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jetseg_core.data.street_scene.ids import CAR
from jetseg_core.data.street_scene.mesh import Mesh, MeshBuilder

PAINT, GLASS, TRIM, TYRE, RIM, HEADLIGHT, TAILLIGHT, PLATE_FRONT, PLATE_REAR, MIRROR = range(10)

_FIXED = np.array(
    [
        (0, 0, 0), (58, 64, 70), (30, 31, 34), (24, 24, 26), (128, 130, 134), (205, 210, 212),
        (150, 26, 24), (214, 214, 206), (206, 172, 40), (120, 132, 142),
    ],
    float,
)  # fmt: skip
_PAINTS = np.array(
    [
        (170, 174, 178), (150, 155, 160), (44, 46, 52), (30, 32, 38), (120, 28, 32), (34, 50, 92),
        (206, 206, 202), (70, 88, 112), (60, 74, 66), (96, 100, 104), (150, 40, 36), (126, 150, 160),
    ],
    float,
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """The side view of a vehicle, facing forward (positive), in metres."""

    outline: tuple[tuple[float, float, float], ...]
    """(forward, up, half width) from the lower front corner over the roof to the lower rear corner."""
    windscreen: int
    """Number of the outline's stretch that is the windscreen."""
    rear_window: int
    """Number of the outline's stretch that is the rear window, -1 for none."""
    windows: tuple[tuple[tuple[float, float], ...], ...]
    """Side windows, corners (forward, up)."""
    belt: float
    """Height of the lower edge of the windows."""
    axles: tuple[float, float]
    """Forward position of the front and rear axle."""
    wheel: float
    """Radius of a wheel."""
    doors: tuple[float, ...]
    """Forward positions of the gaps between the doors."""


HATCHBACK = Shape(
    outline=(
        (1.86, 0.22, 0.74), (1.97, 0.42, 0.76), (1.93, 0.62, 0.78), (1.72, 0.80, 0.80),
        (0.92, 0.97, 0.83), (0.18, 1.40, 0.62), (-0.55, 1.46, 0.61), (-1.45, 1.38, 0.60),
        (-1.86, 0.98, 0.77), (-1.96, 0.72, 0.80), (-1.97, 0.42, 0.79), (-1.88, 0.22, 0.76),
    ),
    windscreen=4, rear_window=7,
    windows=(((0.78, 0.99), (0.14, 1.34), (-0.42, 1.38), (-0.42, 0.97)),
             ((-0.52, 0.97), (-0.52, 1.38), (-1.28, 1.31), (-1.50, 1.02))),
    belt=0.95, axles=(1.22, -1.22), wheel=0.30, doors=(0.80, -0.47, -1.25),
)  # fmt: skip
SALOON = Shape(
    outline=(
        (2.14, 0.22, 0.76), (2.26, 0.42, 0.79), (2.21, 0.62, 0.81), (2.00, 0.78, 0.83),
        (0.90, 0.95, 0.86), (0.18, 1.37, 0.63), (-0.45, 1.43, 0.62), (-1.12, 1.36, 0.62),
        (-1.68, 1.00, 0.80), (-2.14, 0.98, 0.80), (-2.26, 0.72, 0.81), (-2.26, 0.42, 0.80),
        (-2.18, 0.22, 0.78),
    ),
    windscreen=4, rear_window=7,
    windows=(((0.76, 0.97), (0.14, 1.31), (-0.38, 1.35), (-0.38, 0.95)),
             ((-0.48, 0.95), (-0.48, 1.35), (-1.02, 1.29), (-1.42, 1.00))),
    belt=0.94, axles=(1.36, -1.34), wheel=0.31, doors=(0.84, -0.43, -1.30),
)  # fmt: skip
ESTATE = Shape(
    outline=(
        (2.12, 0.24, 0.77), (2.24, 0.44, 0.80), (2.20, 0.64, 0.82), (1.98, 0.82, 0.84),
        (0.95, 1.00, 0.86), (0.30, 1.45, 0.64), (-0.50, 1.52, 0.63), (-1.95, 1.46, 0.62),
        (-2.16, 1.02, 0.79), (-2.24, 0.74, 0.81), (-2.25, 0.44, 0.80), (-2.16, 0.24, 0.78),
    ),
    windscreen=4, rear_window=7,
    windows=(((0.80, 1.02), (0.26, 1.39), (-0.30, 1.44), (-0.30, 1.00)),
             ((-0.40, 1.00), (-0.40, 1.44), (-1.12, 1.43), (-1.12, 1.00)),
             ((-1.22, 1.00), (-1.22, 1.43), (-1.86, 1.39), (-1.98, 1.05))),
    belt=0.98, axles=(1.36, -1.32), wheel=0.33, doors=(0.88, -0.35, -1.17),
)  # fmt: skip
OFFROADER = Shape(
    outline=(
        (2.12, 0.36, 0.80), (2.22, 0.56, 0.84), (2.18, 0.82, 0.86), (2.04, 1.04, 0.87),
        (0.98, 1.16, 0.88), (0.48, 1.70, 0.70), (-0.40, 1.78, 0.70), (-2.05, 1.74, 0.69),
        (-2.18, 1.20, 0.84), (-2.24, 0.84, 0.86), (-2.24, 0.56, 0.85), (-2.14, 0.36, 0.82),
    ),
    windscreen=4, rear_window=7,
    windows=(((0.86, 1.20), (0.46, 1.63), (-0.25, 1.68), (-0.25, 1.18)),
             ((-0.36, 1.18), (-0.36, 1.68), (-1.12, 1.67), (-1.12, 1.18)),
             ((-1.24, 1.18), (-1.24, 1.67), (-1.96, 1.63), (-2.02, 1.22))),
    belt=1.15, axles=(1.35, -1.32), wheel=0.38, doors=(0.92, -0.31, -1.18),
)  # fmt: skip
VAN = Shape(
    outline=(
        (2.36, 0.26, 0.88), (2.46, 0.48, 0.92), (2.42, 0.80, 0.94), (2.26, 1.10, 0.95),
        (1.72, 1.26, 0.95), (1.00, 2.02, 0.82), (0.20, 2.22, 0.82), (-2.36, 2.22, 0.82),
        (-2.46, 1.18, 0.93), (-2.48, 0.80, 0.95), (-2.48, 0.48, 0.94), (-2.42, 0.26, 0.92),
    ),
    windscreen=4, rear_window=7,
    windows=(((1.55, 1.26), (1.02, 1.88), (0.36, 1.88), (0.36, 1.22)),),
    belt=1.20, axles=(1.56, -1.42), wheel=0.34, doors=(1.52, 0.30, -0.85),
)  # fmt: skip
BUS = Shape(
    outline=(
        (4.90, 0.30, 1.18), (5.00, 0.55, 1.22), (5.00, 0.90, 1.24), (4.98, 1.10, 1.25),
        (4.97, 1.30, 1.25), (4.80, 2.60, 1.22), (4.60, 3.00, 1.20), (-4.80, 3.00, 1.20),
        (-4.98, 1.40, 1.25), (-5.00, 0.90, 1.25), (-5.00, 0.55, 1.24), (-4.90, 0.30, 1.20),
    ),
    windscreen=4, rear_window=7,
    windows=tuple(
        ((4.5 - 1.52 * i, 1.35), (4.5 - 1.52 * i, 2.45), (3.1 - 1.52 * i, 2.45), (3.1 - 1.52 * i, 1.35))
        for i in range(6)
    ),
    belt=1.28, axles=(2.9, -2.9), wheel=0.48, doors=(4.7, 3.6),
)  # fmt: skip

SHAPES = (HATCHBACK, SALOON, ESTATE, OFFROADER, VAN, BUS)


def length(kind: int) -> float:
    """Length in metres of vehicle 0 to len(SHAPES) - 1."""
    return 2 * max(point[0] for point in SHAPES[kind].outline)


def height(kind: int) -> float:
    """Height in metres."""
    return max(point[1] for point in SHAPES[kind].outline)


def half_width(kind: int) -> float:
    """Half of the width in metres."""
    return max(point[2] for point in SHAPES[kind].outline)


def palette(rng: np.random.Generator) -> np.ndarray:
    """Colors (10, 3) of a vehicle in one of the usual paints."""
    colors = _FIXED.copy()
    colors[PAINT] = _PAINTS[rng.integers(len(_PAINTS))] * rng.uniform(0.85, 1.1)
    colors[MIRROR] = colors[PAINT] * 0.8
    return colors


@lru_cache(maxsize=2 * len(SHAPES))
def vehicle(kind: int, braking: bool = False) -> Mesh:
    """The solid of vehicle 0 to len(SHAPES) - 1, heading along z, its wheels standing on y = 0."""
    shape = SHAPES[kind]
    build = MeshBuilder(CAR)
    _wheels(build, shape, near=False)
    _floor(build, shape)
    _skin(build, shape)
    for side in (-1.0, 1.0):
        _flank(build, shape, side)
    _front(build, shape)
    _rear(build, shape, braking)
    _wheels(build, shape, near=True)
    return build.build()


def _floor(build: MeshBuilder, shape: Shape) -> None:
    """What is seen of the underside: a dark body between the wheels."""
    (front, low, half), (rear, _, _) = shape.outline[0], shape.outline[-1]
    ground = low * 0.55
    build.box((-half * 0.86, ground, rear + 0.15), (half * 0.86, low + 0.1, front - 0.15), TYRE, gloss=0.6)


def _wheels(build: MeshBuilder, shape: Shape, *, near: bool) -> None:
    r = shape.wheel
    half = max(point[2] for point in shape.outline)
    for axle in shape.axles:
        for side in (-1.0, 1.0):
            outer = side * (half + 0.005)
            if not near:
                low, high = sorted((outer, outer - side * 0.2))
                build.box((low, 0, axle - r * 0.75), (high, r * 1.7, axle + r * 0.75), TYRE, gloss=0.8)
                continue
            hub = (outer, r, axle)
            arch = ((outer, r * 1.06, axle))
            build.disc(arch, r * 1.16, side, TYRE, detail=6, decal=True, gloss=0.55)
            build.disc(hub, r, side, TYRE, gloss=1.15)
            build.disc(hub, r * 0.66, side, RIM, detail=8, decal=True)
            build.disc(hub, r * 0.50, side, TYRE, detail=22, decal=True, gloss=2.2)
            build.disc(hub, r * 0.40, side, RIM, detail=22, decal=True, gloss=0.85)
            build.disc(hub, r * 0.14, side, TYRE, detail=22, decal=True, corners=8)


def _stretch(shape: Shape, index: int, inset: float, low: float, high: float) -> np.ndarray:
    """Part (4, 3) of a cross strip: inset from the sides in metres, from share low to high along it."""
    (z0, y0, h0), (z1, y1, h1) = shape.outline[index], shape.outline[index + 1]
    ends = []
    for share in (low, high):
        z, y, h = z0 + (z1 - z0) * share, y0 + (y1 - y0) * share, h0 + (h1 - h0) * share - inset
        ends.append(((-h, y, z), (h, y, z)))
    return np.array([ends[0][0], ends[0][1], ends[1][1], ends[1][0]])


def _outward(shape: Shape, index: int) -> tuple[float, float, float]:
    (z0, y0, _), (z1, y1, _) = shape.outline[index], shape.outline[index + 1]
    return (0.0, z0 - z1, y1 - y0)


def _skin(build: MeshBuilder, shape: Shape) -> None:
    """The strips across: bumpers, bonnet, windscreen, roof, rear."""
    for index in range(len(shape.outline) - 1):
        build.face(_stretch(shape, index, 0, 0, 1), _outward(shape, index), PAINT)
    screens = [(shape.windscreen, 1.0)]
    if shape.rear_window >= 0:
        screens.append((shape.rear_window, 0.85))
    for index, gloss in screens:
        upwards = shape.outline[index + 1][1] > shape.outline[index][1]
        outward = _outward(shape, index)
        glass = (0.05, 0.93) if index == shape.windscreen else (0.08, 0.72)
        low, high = glass
        steps = 3
        for step in range(steps):
            a, b = (low + (high - low) * (step + k) / steps for k in (0, 1))
            height = (step if upwards else steps - 1 - step) / (steps - 1)
            build.face(
                _stretch(shape, index, 0.07, a, b), outward, GLASS, decal=True, detail=5,
                gloss=gloss * (1.25 - 0.6 * height),
            )  # fmt: skip


def _flank(build: MeshBuilder, shape: Shape, side: float) -> None:
    """One side: body in bands of different slope, glass house, doors, mirror."""
    outline = np.array(shape.outline)
    out = (side, 0.0, 0.0)
    top = outline[:, 1] >= shape.belt + 0.01
    first, last = int(np.flatnonzero(top)[0]), int(np.flatnonzero(top)[-1])
    half = outline[:, 2].max()

    def wall(points: np.ndarray) -> np.ndarray:
        return np.column_stack([side * points[:, 2], points[:, 1], points[:, 0]])

    house = outline[first - 1 : last + 2]
    build.face(wall(house), (side, 0.45, 0), PAINT, gloss=0.97)
    body = np.concatenate([outline[:first], outline[last + 1 :]])
    build.face(wall(body), out, PAINT)
    middle = (shape.belt + shape.outline[0][1]) * 0.52
    low = shape.outline[0][1]
    nose, tail = outline[1, 0] - 0.04, outline[-2, 0] + 0.04
    for bottom, upper, gloss in ((low, middle, 0.72), (shape.belt - 0.12, shape.belt - 0.03, 1.16)):
        band = [(nose - 0.1, bottom), (nose - 0.14, upper), (tail + 0.12, upper), (tail + 0.08, bottom)]
        _patch(build, band, side, half + 0.002, PAINT, gloss=gloss, detail=8)
    sill = [(nose - 0.2, low), (nose - 0.2, low + 0.08), (tail + 0.2, low + 0.08), (tail + 0.2, low)]
    _patch(build, sill, side, half + 0.004, TRIM, detail=10)
    top_half, top_y = outline[first + 1, 2], outline[first + 1, 1]
    for window in shape.windows:
        corners = []
        for z, y in window:
            share = (y - shape.belt) / (top_y - shape.belt)
            corners.append((side * (half + (top_half - half) * share + 0.005), y, z))
        build.face(corners, (side, 0.3, 0), GLASS, decal=True, detail=5, gloss=0.62)
        bright = np.array(corners) * 0.55 + np.array(corners)[[1, 1, 2, 2]] * 0.45
        build.face(bright, (side, 0.3, 0), GLASS, decal=True, detail=20, gloss=0.95)
    for z in shape.doors:
        gap = [(z - 0.012, low + 0.1), (z - 0.012, shape.belt), (z + 0.012, shape.belt), (z + 0.012, low + 0.1)]
        _patch(build, gap, side, half + 0.006, TRIM, detail=28)
        handle = [(z + 0.08, shape.belt - 0.16), (z + 0.08, shape.belt - 0.12),
                  (z + 0.26, shape.belt - 0.12), (z + 0.26, shape.belt - 0.16)]  # fmt: skip
        _patch(build, handle, side, half + 0.008, TRIM, detail=34)
    mirror = shape.windows[0][0]
    inner = side * half
    a, b = sorted((inner, inner + side * 0.17))
    build.box((a, mirror[1] - 0.02, mirror[0] - 0.16), (b, mirror[1] + 0.12, mirror[0] - 0.02), MIRROR, detail=14)


def _patch(
    build: MeshBuilder, corners: list[tuple[float, float]], side: float, x: float, slot: int, *,
    gloss: float = 1.0, detail: float = 0.0,
) -> None:  # fmt: skip
    """A detail on the flank; corners (forward, up)."""
    points = [(side * x, y, z) for z, y in corners]
    build.face(points, (side, 0, 0), slot, decal=True, gloss=gloss, detail=detail)


def _front(build: MeshBuilder, shape: Shape) -> None:
    half = shape.outline[2][2]

    def on(index: int, x0: float, x1: float, low: float, high: float, slot: int, detail: float, gloss: float = 1.0) -> None:
        strip = _stretch(shape, index, 0, low, high)
        share = (np.array([x0, x1, x1, x0]) + half) / (2 * half)
        left, right = strip[[0, 0, 3, 3]], strip[[1, 1, 2, 2]]
        points = left + (right - left) * share[:, None]
        build.face(points, _outward(shape, index), slot, decal=True, detail=detail, gloss=gloss)

    on(0, -half, half, 0.0, 1.0, TRIM, 8, 1.5)
    on(1, -half * 0.5, half * 0.5, 0.25, 0.95, TRIM, 8)
    on(1, -0.26, 0.26, 0.0, 0.55, PLATE_FRONT, 14)
    for side in (-1.0, 1.0):
        a, b = sorted((side * half * 0.56, side * half * 0.97))
        on(2, a, b, 0.0, 0.85, HEADLIGHT, 6)
        a, b = sorted((side * half * 0.64, side * half * 0.80))
        on(2, a, b, 0.2, 0.6, TRIM, 30, 2.5)
    on(2, -half * 0.5, half * 0.5, 0.1, 0.6, TRIM, 20, 1.2)


def _rear(build: MeshBuilder, shape: Shape, braking: bool) -> None:
    last = len(shape.outline) - 1
    z, y, half = shape.outline[-3]
    high, low = shape.outline[-4][1], shape.outline[-2][1]
    back = min(shape.outline[-2][0], z) - 0.015
    outward = (0.0, 0.0, -1.0)

    def patch(x0: float, x1: float, y0: float, y1: float, slot: int, detail: float, gloss: float = 1.0, glow: float = 0.0) -> None:
        # The rear leans: follow the outline's slope above the crease.
        lean = (shape.outline[-4][0] - z) / max(high - y, 1e-3)
        points = [(x, v, back + max(0.0, v - y) * lean) for x, v in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        build.face(points, outward, slot, decal=True, detail=detail, gloss=gloss, glow=glow)

    patch(-half, half, low - 0.16, low + 0.12, TRIM, 8, 1.4)
    patch(-0.26, 0.26, low + 0.16, low + 0.28, PLATE_REAR, 12)
    glow = 70.0 if braking else 0.0
    tall = high - y
    for side in (-1.0, 1.0):
        a, b = sorted((side * half * 0.70, side * half * 0.97))
        patch(a, b, y - 0.02, y + tall * 0.85, TAILLIGHT, 5, 1.0, glow)
        patch(a, b, y - 0.02, y + tall * 0.2, HEADLIGHT, 26, 0.8)
    assert last > 4
