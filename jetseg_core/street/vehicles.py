"""Cars, vans and buses as solids."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from jetseg_core.street.bend import Bend
from jetseg_core.street.ids import CAR
from jetseg_core.street.mesh import Mesh, MeshBuilder
from jetseg_core.street.things import Solid, Spot
from jetseg_core.street.vehicle_ends import (
    GLASS,
    MIRROR,
    PAINT,
    RIM,
    TRIM,
    TYRE,
    add_front,
    add_rear,
    outward,
    stretch,
)  # fmt: skip
from jetseg_core.street.vehicle_shapes import SHAPES, Shape

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


def length(kind: int) -> float:
    """Length in metres of vehicle 0 to len(SHAPES) - 1."""
    return 2 * max(point[0] for point in SHAPES[kind].outline)


def half_width(kind: int) -> float:
    """Half of the width in metres."""
    return max(point[2] for point in SHAPES[kind].outline)


def placed(
    bend: Bend, kind: int, x: float, s: float, heading: float, rng: np.random.Generator, *,
    braking: bool = False,
) -> Solid:  # fmt: skip
    """A vehicle in the street, in a color chosen at random; heading is relative to the street's."""
    half_length = length(kind) / 2
    height = max(point[1] for point in SHAPES[kind].outline)
    return Solid(
        Spot(x, s, s + half_length, reach=130.0),
        bend.pose(x, s, heading),
        vehicle(kind, braking),
        palette(rng),
        (half_width(kind), half_length, height),
    )


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
    for side in (-1.0, 1.0):
        build.box(*_mirror(shape, side), MIRROR, detail=14)
    _skin(build, shape)
    for side in (-1.0, 1.0):
        _flank(build, shape, side)
    add_front(build, shape)
    add_rear(build, shape, braking)
    _wheels(build, shape, near=True)
    return build.build()


def _floor(build: MeshBuilder, shape: Shape) -> None:
    """What is seen of the underside: a dark body between the wheels."""
    (front, low, half), (rear, _, _) = shape.outline[0], shape.outline[-1]
    ground = low * 0.55
    build.box(
        (-half * 0.86, ground, rear + 0.15), (half * 0.86, low + 0.1, front - 0.15), TYRE, gloss=0.6
    )


def _wheels(build: MeshBuilder, shape: Shape, *, near: bool) -> None:
    r = shape.wheel
    half = max(point[2] for point in shape.outline)
    for axle in shape.axles:
        for side in (-1.0, 1.0):
            outer = side * (half + 0.005)
            if not near:
                low, high = sorted((outer, outer - side * 0.2))
                build.box(
                    (low, 0, axle - r * 0.75), (high, r * 1.7, axle + r * 0.75), TYRE, gloss=0.8
                )
                continue
            hub = (outer, r, axle)
            arch = (outer, r * 1.06, axle)
            build.disc(arch, r * 1.16, side, TYRE, detail=6, gloss=0.55)
            build.disc(hub, r, side, TYRE, gloss=1.15)
            build.disc(hub, r * 0.66, side, RIM, detail=8, decal=True)
            build.disc(hub, r * 0.50, side, TYRE, detail=22, decal=True, gloss=2.2)
            build.disc(hub, r * 0.40, side, RIM, detail=22, decal=True, gloss=0.85)
            build.disc(hub, r * 0.14, side, TYRE, detail=22, decal=True, corners=8)


def _skin(build: MeshBuilder, shape: Shape) -> None:
    """The strips across: bumpers, bonnet, windscreen, roof, rear."""
    for index in range(len(shape.outline) - 1):
        build.face(stretch(shape, index, 0, 0, 1), outward(shape, index), PAINT)
    for index, low, high in ((shape.windscreen, 0.05, 0.93), (shape.rear_window, 0.08, 0.72)):
        rising = shape.outline[index + 1][1] > shape.outline[index][1]
        shares = np.linspace(low, high, 4)
        for step, (a, b) in enumerate(pairwise(shares)):
            # Glass mirrors the sky more the flatter it is seen: paler below.
            gloss = 1.25 - 0.3 * (step if rising else 2 - step)
            pane = stretch(shape, index, 0.07, float(a), float(b))
            build.face(pane, outward(shape, index), GLASS, decal=True, detail=5, gloss=gloss)


def _flank(build: MeshBuilder, shape: Shape, side: float) -> None:
    """One side: body in bands of different slope, glass house, doors, mirror."""
    outline = np.array(shape.outline)
    half, low, belt = outline[:, 2].max(), outline[0, 1], shape.belt
    top = np.flatnonzero(outline[:, 1] >= belt + 0.01)
    first, last = int(top[0]), int(top[-1])
    corners = np.column_stack([side * outline[:, 2], outline[:, 1], outline[:, 0]])
    build.face(corners[first - 1 : last + 2], (side, 0.45, 0), PAINT, gloss=0.97)
    build.face(np.concatenate([corners[:first], corners[last + 1 :]]), (side, 0, 0), PAINT)

    def patch(
        z: tuple[float, float], y: tuple[float, float], slot: int, detail: float, gloss: float = 1.0
    ) -> None:
        """A rectangle on the flank, forward and up from and to."""
        x = side * (half + 0.004)
        points = [(x, y[0], z[0]), (x, y[1], z[0]), (x, y[1], z[1]), (x, y[0], z[1])]
        build.face(points, (side, 0, 0), slot, detail=detail, gloss=gloss)

    nose, tail = outline[1, 0] - 0.17, outline[-2, 0] + 0.16
    patch((nose, tail), (low, 0.52 * (belt + low)), PAINT, 8, 0.72)
    patch((nose, tail), (belt - 0.12, belt - 0.03), PAINT, 8, 1.16)
    patch((nose - 0.07, tail + 0.08), (low, low + 0.08), TRIM, 10)
    for window in shape.windows:
        lean = (outline[first + 1, 2] - half) / (outline[first + 1, 1] - belt)
        glass = np.array([(side * (half + (y - belt) * lean + 0.005), y, z) for z, y in window])
        build.face(glass, (side, 0.3, 0), GLASS, decal=True, detail=5, gloss=0.62)
        mirrored = glass * 0.55 + glass[[1, 1, 2, 2]] * 0.45
        build.face(mirrored, (side, 0.3, 0), GLASS, decal=True, detail=20, gloss=0.95)
    for z in shape.doors:
        patch((z - 0.012, z + 0.012), (low + 0.1, belt), TRIM, 28)
        patch((z + 0.08, z + 0.26), (belt - 0.16, belt - 0.12), TRIM, 34)
    (a, y0, z0), (b, y1, z1) = _mirror(shape, side)
    x = a if side < 0 else b
    build.face(
        [(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)], (side, 0, 0), MIRROR, detail=14
    )


def _mirror(shape: Shape, side: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Two opposite corners of the box of a wing mirror."""
    half = max(point[2] for point in shape.outline)
    z, y = shape.windows[0][0]
    a, b = sorted((side * half, side * (half + 0.17)))
    return (a, y - 0.02, z - 0.16), (b, y + 0.12, z - 0.02)
