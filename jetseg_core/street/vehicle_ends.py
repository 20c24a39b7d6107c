"""Front and rear of vehicles: grille, number plates, lights."""

from __future__ import annotations

import numpy as np

from jetseg_core.street.mesh import MeshBuilder
from jetseg_core.street.vehicle_shapes import Shape

PAINT, GLASS, TRIM, TYRE, RIM, HEADLIGHT, TAILLIGHT, PLATE_FRONT, PLATE_REAR, MIRROR = range(10)
"""Color slots of a vehicle's palette."""


def stretch(shape: Shape, index: int, inset: float, low: float, high: float) -> np.ndarray:
    """Part (4, 3) of a cross strip: inset from the sides in metres, from share low to high along it."""
    (z0, y0, h0), (z1, y1, h1) = shape.outline[index], shape.outline[index + 1]
    ends = []
    for share in (low, high):
        z, y, h = z0 + (z1 - z0) * share, y0 + (y1 - y0) * share, h0 + (h1 - h0) * share - inset
        ends.append(((-h, y, z), (h, y, z)))
    return np.array([ends[0][0], ends[0][1], ends[1][1], ends[1][0]])


def outward(shape: Shape, index: int) -> tuple[float, float, float]:
    """Direction out of the vehicle at a cross strip."""
    (z0, y0, _), (z1, y1, _) = shape.outline[index], shape.outline[index + 1]
    return (0.0, z0 - z1, y1 - y0)


def add_front(build: MeshBuilder, shape: Shape) -> None:
    """Adds bumper, grille, plate and headlights, on the first three strips of the outline."""
    half = shape.outline[2][2]

    def patch(
        strip: int, x: tuple[float, float], part: tuple[float, float], slot: int, detail: float,
        gloss: float = 1.0,
    ) -> None:  # fmt: skip
        """A patch on a strip: from and to across, and the share of the strip from and to."""
        corners = stretch(shape, strip, 0, *part)
        share = (np.array([x[0], x[1], x[1], x[0]]) + half) / (2 * half)
        left, right = corners[[0, 0, 3, 3]], corners[[1, 1, 2, 2]]
        points = left + (right - left) * share[:, None]
        build.face(points, outward(shape, strip), slot, detail=detail, gloss=gloss)

    patch(0, (-half, half), (0, 1), TRIM, 8, 1.5)
    patch(1, (-half * 0.5, half * 0.5), (0.25, 0.95), TRIM, 8)
    patch(1, (-0.26, 0.26), (0, 0.55), PLATE_FRONT, 14)
    for side in (-1, 1):
        patch(2, (side * half * 0.56, side * half * 0.97), (0, 0.85), HEADLIGHT, 6)
        patch(2, (side * half * 0.64, side * half * 0.80), (0.2, 0.6), TRIM, 30, 2.5)
    patch(2, (-half * 0.5, half * 0.5), (0.1, 0.6), TRIM, 20, 1.2)


def add_rear(build: MeshBuilder, shape: Shape, braking: bool) -> None:
    """Adds bumper, plate and tail lights."""
    (top_z, top, _), (z, crease, half), (end, low, _) = shape.outline[-4:-1]
    back = min(end, z) - 0.015
    lean = (top_z - z) / max(top - crease, 1e-3)  # the tailgate leans forward above the crease

    def patch(
        x: tuple[float, float], y: tuple[float, float], slot: int, detail: float,
        gloss: float = 1.0, glow: float = 0.0,
    ) -> None:  # fmt: skip
        """A rectangle on the rear: from and to across and up."""
        corners = ((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]))
        points = [(u, v, back + max(0.0, v - crease) * lean) for u, v in corners]
        build.face(points, (0, 0, -1), slot, detail=detail, gloss=gloss, glow=glow)

    patch((-half, half), (low - 0.16, low + 0.12), TRIM, 8, 1.4)
    patch((-0.26, 0.26), (low + 0.16, low + 0.28), PLATE_REAR, 12)
    tall = top - crease
    for side in (-1, 1):
        x = (side * half * 0.70, side * half * 0.97)
        patch(x, (crease - 0.02, crease + tall * 0.85), TAILLIGHT, 5, 1.0, 70 if braking else 0)
        patch(x, (crease - 0.02, crease + tall * 0.2), HEADLIGHT, 26, 0.8)
