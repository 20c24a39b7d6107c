"""Street furniture: lamp posts, signs, traffic lights, bollards, bins, fences."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from jetseg_core.street.ids import BUILDING, NOTHING, POLE, SIGN
from jetseg_core.street.mesh import Mesh, MeshBuilder
from jetseg_core.street.noise import generator
from jetseg_core.street.texture import Texture

STEEL, WHITE, RED, BLUE, DARK, YELLOW, GREEN, WOOD = range(8)
PALETTE = np.array(
    [
        (104, 108, 108), (226, 228, 226), (186, 34, 36), (36, 72, 150), (34, 36, 38),
        (216, 178, 44), (50, 140, 84), (98, 80, 62),
    ],
    float,
)  # fmt: skip


def _post(
    build: MeshBuilder, height: float, radius: float, *, x: float = 0.0, slot: int = STEEL,
    top: float = 1.0, base: float = 0.0,
) -> None:  # fmt: skip
    """A tapering six-sided post."""
    angle = np.arange(7) * (np.pi / 3)
    ring = np.column_stack([np.sin(angle), np.zeros(7), np.cos(angle)])
    for i in range(6):
        a, b = ring[i] * radius, ring[i + 1] * radius
        low = np.array([a, b]) + np.array([x, base, 0])
        high = np.array([b, a]) * top + np.array([x, height, 0])
        build.face(np.concatenate([low, high]), ring[i] + ring[i + 1], slot)


@lru_cache(maxsize=4)
def lamp_post(kind: int) -> Mesh:
    """A street lamp whose arm reaches towards positive x: 0 tall, 1 shorter, 2 an old lantern."""
    build = MeshBuilder(POLE)
    height = (8.5, 6.0, 4.2)[kind]
    _post(build, height, 0.10, top=0.55)
    _post(build, 1.2, 0.12, top=0.95)
    if kind < 2:
        reach = (1.9, 1.1)[kind]
        build.box((0, height - 0.06, -0.04), (reach, height + 0.05, 0.04), STEEL)
        build.box(
            (reach - 0.65, height - 0.14, -0.12), (reach, height - 0.02, 0.12), STEEL, gloss=1.3
        )
        build.box(
            (reach - 0.6, height - 0.16, -0.1), (reach - 0.1, height - 0.14, 0.1), WHITE, decal=True
        )
    else:
        build.box((-0.16, height, -0.16), (0.16, height + 0.42, 0.16), WHITE, gloss=0.8)
        build.box((-0.2, height + 0.42, -0.2), (0.2, height + 0.52, 0.2), DARK)
    return build.build()


@lru_cache(maxsize=16)
def sign_post(kind: int) -> Mesh:
    """A traffic sign on its post, facing the traffic that drives along z.

    0 round prohibition, 1 triangle, 2 round instruction, 3 parking board, 4 direction board,
    5 bus stop flag, 6 two signs above each other.
    """
    build = MeshBuilder(POLE)
    boards = ((2.5,), (2.4,), (2.4,), (2.2,), (2.6,), (2.5,), (2.8, 2.1))[kind]
    _post(build, boards[0] + 0.35, 0.04)
    if kind == 4:
        _post(build, boards[0] + 0.35, 0.04, x=1.2)
    build.label = SIGN
    for row, height in enumerate(boards):
        _board(build, kind if kind != 6 else row, height)
    return build.build()


def _board(build: MeshBuilder, kind: int, height: float) -> None:
    front, back = (0.0, 0.0, -1.0), (0.0, 0.0, 1.0)
    z = -0.06
    angle = np.arange(16) * (np.pi / 8)
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(16)])
    triangle = np.array([(-0.42, -0.28, 0), (0.42, -0.28, 0), (0, 0.45, 0)])
    center = np.array([0, height, z])
    if kind in (0, 2):
        rim, field = (RED, WHITE) if kind == 0 else (WHITE, BLUE)
        shape, share = circle * 0.33, (0.74 if kind == 0 else 0.93)
    elif kind == 1:
        rim, field, shape, share = RED, WHITE, triangle, 0.62
    else:
        width, tall = {3: (0.5, 0.62), 4: (1.7, 0.8), 5: (0.5, 0.4)}[kind]
        corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)])
        shape, share = corners * (width / 2, tall / 2, 0), 0.9
        rim, field = {3: (WHITE, BLUE), 4: (WHITE, GREEN), 5: (WHITE, RED)}[kind]
        center = center + ((0.6, 0.0, 0) if kind == 4 else (0.0, 0.0, 0))
    build.face(shape + center, back, STEEL, gloss=0.9)
    build.face(shape + center, front, rim)
    build.face(shape * share + center, front, field, decal=True, detail=6)
    if kind == 0:
        bar = np.array([(-0.17, -0.05, 0), (0.17, -0.05, 0), (0.17, 0.05, 0), (-0.17, 0.05, 0)])
        build.face(bar + center, front, DARK, decal=True, detail=16)
    elif kind == 1:
        bar = np.array([(-0.03, -0.14, 0), (0.03, -0.14, 0), (0.03, 0.12, 0), (-0.03, 0.12, 0)])
        build.face(bar + center, front, DARK, decal=True, detail=16)
    elif kind == 2:
        arrow = np.array([(-0.05, -0.2, 0), (0.05, -0.2, 0), (0.05, 0.2, 0), (-0.05, 0.2, 0)])
        build.face(arrow + center, front, WHITE, decal=True, detail=16)
    elif kind == 3:
        stem = np.array([(-0.1, -0.2, 0), (-0.02, -0.2, 0), (-0.02, 0.2, 0), (-0.1, 0.2, 0)])
        bow = np.array([(-0.02, 0.0, 0), (0.12, 0.02, 0), (0.12, 0.18, 0), (-0.02, 0.2, 0)])
        for part in (stem, bow):
            build.face(part + center, front, WHITE, decal=True, detail=16)
    elif kind == 4:
        for row in (0.18, -0.02, -0.22):
            line = np.array([(-0.7, 0, 0), (0.35, 0, 0), (0.35, 0.1, 0), (-0.7, 0.1, 0)])
            build.face(line + center + (0, row, 0), front, WHITE, decal=True, detail=10)


@lru_cache(maxsize=3)
def traffic_light(phase: int) -> Mesh:
    """Traffic lights for those who drive along z: 0 red, 1 amber, 2 green."""
    build = MeshBuilder(POLE)
    _post(build, 3.4, 0.065)
    build.label = SIGN
    build.box((-0.2, 2.45, -0.2), (0.2, 3.45, 0.05), DARK)
    build.face([(-0.32, 2.35, 0.06), (0.32, 2.35, 0.06), (0.32, 3.55, 0.06), (-0.32, 3.55, 0.06)],
               (0, 0, -1), DARK, gloss=0.8)  # fmt: skip
    build.box((-0.2, 2.45, -0.2), (0.2, 3.45, 0.05), DARK)
    angle = np.arange(10) * (np.pi / 5)
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(10)]) * 0.11
    for lamp, slot in enumerate((RED, YELLOW, GREEN)):
        center = (0, 3.28 - 0.32 * lamp, -0.22)
        on = lamp == phase
        build.face(circle + center, (0, 0, -1), slot, decal=True, gloss=1.2 if on else 0.3,
                   glow=80 if on else 0)  # fmt: skip
    return build.build()


def random_colors(rng: np.random.Generator) -> np.ndarray:
    """The palette with other colors for advertising boards."""
    colors = PALETTE.copy()
    colors[[BLUE, RED]] = rng.uniform(30, 150, (2, 1)) * rng.uniform(0.5, 1.2, (2, 3))
    return colors


@lru_cache(maxsize=1)
def shop_sign() -> Mesh:
    """A board that hangs out from a house front, towards positive x."""
    build = MeshBuilder(SIGN)
    build.box((0.15, -0.45, -0.05), (1.0, 0.45, 0.05), BLUE)
    for side in (-1.0, 1.0):
        z = side * 0.052
        build.face([(0.25, -0.3, z), (0.9, -0.3, z), (0.9, 0.3, z), (0.25, 0.3, z)],
                   (0, 0, side), WHITE, decal=True, detail=8)  # fmt: skip
        build.face([(0.35, -0.08, z), (0.8, -0.08, z), (0.8, 0.08, z), (0.35, 0.08, z)],
                   (0, 0, side * 1.01), RED, decal=True, detail=14)  # fmt: skip
    return build.build()


@lru_cache(maxsize=1)
def bollard() -> Mesh:
    """A bollard of 1 m."""
    build = MeshBuilder(POLE)
    _post(build, 1.0, 0.085, slot=DARK)
    _post(build, 0.9, 0.09, slot=WHITE, base=0.78)
    return build.build()


@lru_cache(maxsize=1)
def bin_() -> Mesh:
    """A litter bin; belongs to no class."""
    build = MeshBuilder(NOTHING)
    build.box((-0.25, 0, -0.25), (0.25, 0.95, 0.25), DARK, gloss=1.3)
    build.box((-0.28, 0.95, -0.28), (0.28, 1.08, 0.28), DARK)
    build.face([(-0.16, 0.66, -0.26), (0.16, 0.66, -0.26), (0.16, 0.84, -0.26), (-0.16, 0.84, -0.26)],
               (0, 0, -1), YELLOW, decal=True, detail=14)  # fmt: skip
    return build.build()


@lru_cache(maxsize=1)
def chimney() -> Mesh:
    """A chimney of 1.6 m above its foot."""
    build = MeshBuilder(BUILDING)
    build.box((-0.35, -0.8, -0.5), (0.35, 1.3, 0.5), WOOD)
    build.box((-0.42, 1.3, -0.58), (0.42, 1.42, 0.58), WOOD, gloss=0.8)
    for z in (-0.3, 0.05, 0.35):
        build.box((-0.12, 1.42, z - 0.1), (0.12, 1.8, z + 0.1), RED, gloss=0.6, detail=9)
    return build.build()


SIGNS = 7
FENCES = 4
FENCE_LENGTH = 8.0
"""Metres of fence that a texture shows."""


@lru_cache(maxsize=FENCES)
def fence(kind: int) -> tuple[Texture, float]:
    """A fence as a texture FENCE_LENGTH m wide, and its height: guard rail, iron railings, boards, brick wall."""
    rng = generator(6, kind)
    height = (1.1, 1.3, 1.7, 1.2)[kind]
    rows, columns = round(height * 50), 100
    picture = np.zeros((rows, columns, 4), np.uint8)
    if kind == 0:
        color = (150, 154, 154, 255)
        for x in range(4, columns, 12):
            cv2.rectangle(picture, (x, 8), (x + 1, rows - 10), color, -1)
        for y in (3, rows - 12):
            cv2.rectangle(picture, (0, y), (columns, y + 4), color, -1)
        cv2.rectangle(picture, (0, 0), (5, rows), color, -1)
    elif kind == 1:
        color = (38, 40, 42, 255)
        for x in range(2, columns, 7):
            cv2.rectangle(picture, (x, 2), (x + 2, rows - 2), color, -1)
        for y in (8, rows - 12):
            cv2.rectangle(picture, (0, y), (columns, y + 3), color, -1)
        cv2.rectangle(picture, (0, rows - 9), (columns, rows), (92, 88, 82, 255), -1)
    elif kind == 2:
        for x in range(0, columns, 10):
            tone = np.array((112, 90, 66)) * rng.uniform(0.75, 1.1)
            cv2.rectangle(picture, (x, 0), (x + 8, rows), (*tone.tolist(), 255), -1)
            cv2.rectangle(picture, (x + 9, 0), (x + 9, rows), (40, 34, 28, 255), -1)
    else:
        courses = rng.normal(0, 9, (rows // 4 + 1, columns // 11 + 1, 1)).astype(np.float32)
        grain = cv2.resize(courses, (columns, rows), interpolation=cv2.INTER_NEAREST)
        picture[:, :, :3] = (np.array((124, 96, 78)) + grain[:, :, None]).clip(0, 255)
        picture[:, :, 3] = 255
        cv2.rectangle(picture, (0, 0), (columns, 5), (150, 146, 138, 255), -1)
    return Texture(np.tile(picture, (1, 4, 1))), height
