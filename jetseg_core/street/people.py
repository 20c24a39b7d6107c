"""Pedestrians and bicyclists, posed for a moment of their movement."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin, sqrt

import numpy as np

from jetseg_core.street.figure import Figure, FigureBuilder
from jetseg_core.street.ids import BICYCLIST, PEDESTRIAN

SKIN, HAIR, COAT, TROUSERS, SHOES, BAG, METAL, RUBBER = range(8)
PHASES = 16
"""Poses a cycle of movement is divided into."""
_WHEEL = 0.34

_COATS = (
    (34, 36, 42), (52, 54, 60), (40, 48, 72), (84, 40, 42), (110, 104, 92), (62, 74, 58),
    (150, 148, 142), (28, 28, 30), (96, 60, 44), (60, 86, 112),
)  # fmt: skip
_TROUSERS = ((34, 38, 52), (26, 27, 30), (48, 56, 74), (92, 86, 72), (42, 40, 40))
_SKINS = ((186, 146, 124), (170, 126, 100), (112, 80, 62), (200, 162, 142))
_HAIRS = ((38, 30, 26), (74, 54, 38), (24, 22, 22), (130, 106, 72), (112, 110, 108))


def palette(rng: np.random.Generator) -> np.ndarray:
    """Colors (8, 3) of a person chosen at random."""
    pick = [table[rng.integers(len(table))] for table in (_SKINS, _HAIRS, _COATS, _TROUSERS)]
    bag = _COATS[rng.integers(len(_COATS))]
    return np.array([*pick, (26, 24, 24), bag, (78, 80, 84), (22, 22, 24)], float)


@lru_cache(maxsize=8 * PHASES)
def pedestrian(phase: int, build: int = 0) -> Figure:
    """A person of 1.75 m walking along z; phase 0 to PHASES - 1, or -1 to stand.

    Args:
        phase: moment of the step.
        build: 0 plain, 1 with a long coat, 2 with a rucksack.
    """
    body = FigureBuilder(PEDESTRIAN)
    angle = 2 * pi * phase / PHASES
    stride = 0.0 if phase < 0 else 0.46
    bounce = 0.02 * abs(cos(angle)) if phase >= 0 else 0.0
    hip = 0.90 - 0.03 * stride + bounce
    for side in (-1.0, 1.0):
        swing = stride * sin(angle) * side
        bend = 0.85 * stride * max(0.0, cos(angle) * side) + 0.12 * stride
        knee = (side * 0.095, hip - 0.43 * cos(swing), 0.43 * sin(swing))
        shin = swing - bend * 1.3
        ankle = (side * 0.09, knee[1] - 0.42 * cos(shin), knee[2] + 0.42 * sin(shin))
        body.limb((side * 0.085, hip, 0.0), knee, 0.092, TROUSERS, taper=0.72)
        body.limb(knee, ankle, 0.064, TROUSERS, taper=0.75)
        toe = (ankle[0], ankle[1] - 0.04, ankle[2] + 0.15)
        body.limb((ankle[0], ankle[1] - 0.03, ankle[2] - 0.03), toe, 0.048, SHOES, detail=12)
        arm = -0.8 * swing
        shoulder = (side * 0.19, hip + 0.50, 0.0)
        elbow = (side * 0.235, shoulder[1] - 0.29 * cos(arm), 0.29 * sin(arm))
        hand = (side * 0.23, elbow[1] - 0.25 * cos(arm + 0.4), elbow[2] + 0.25 * sin(arm + 0.4))
        body.limb(shoulder, elbow, 0.062, COAT, taper=0.85)
        body.limb(elbow, hand, 0.052, COAT, taper=0.8, detail=9)
        body.limb(hand, hand, 0.045, SKIN, detail=25)
        body.limb(
            (side * 0.075, hip + 0.02, 0), (side * 0.115, hip + 0.48, 0.0), 0.115, COAT, taper=1.0
        )
    if build == 1:
        for side in (-1.0, 1.0):
            body.limb(
                (side * 0.08, hip - 0.38, 0.0), (side * 0.07, hip + 0.1, 0.0), 0.13, COAT, taper=0.9
            )
    if build == 2:
        body.limb((0, hip + 0.14, -0.19), (0, hip + 0.42, -0.19), 0.14, BAG)
    _head(body, (0.0, hip + 0.70, 0.03), (0, hip + 0.52, 0.0))
    return body.build()


def _head(
    body: FigureBuilder, center: tuple[float, float, float], neck: tuple[float, float, float]
) -> None:
    x, y, z = center
    body.limb(neck, (x, y - 0.05, z - 0.01), 0.06, SKIN, detail=12)
    body.limb((x, y - 0.03, z + 0.01), (x, y + 0.04, z), 0.098, SKIN, taper=1.05)
    body.limb((x, y + 0.065, z - 0.025), (x, y + 0.02, z - 0.055), 0.1, HAIR, taper=0.9)


@lru_cache(maxsize=2 * PHASES)
def bicyclist(phase: int) -> Figure:
    """A bicycle with its rider heading along z; phase 0 to PHASES - 1 of the pedals' turn."""
    body = FigureBuilder(BICYCLIST)
    wheels = ((0.0, _WHEEL, 0.53), (0.0, _WHEEL, -0.53))
    for center in wheels:
        body.wheel(center, _WHEEL)
    crank, seat, bars = (0.0, 0.29, -0.08), (0.0, 0.90, -0.24), (0.0, 1.0, 0.42)
    fork = (0.0, 0.72, 0.38)
    for start, end in (
        (crank, seat), (crank, fork), (seat, fork), (fork, bars), (fork, wheels[0]),
        (crank, wheels[1]), ((0.0, 0.78, -0.2), wheels[1]),
    ):  # fmt: skip
        body.limb(start, end, 0.02, METAL, detail=10)
    body.limb((-0.25, 1.02, 0.38), (0.25, 1.02, 0.38), 0.018, RUBBER, detail=8)
    body.limb((0, 0.92, -0.32), (0, 0.92, -0.14), 0.06, RUBBER, taper=0.6, detail=12)
    angle = 2 * pi * phase / PHASES
    hip_y, hip_z = 0.97, -0.22
    for side in (-1.0, 1.0):
        foot_y = crank[1] + side * 0.17 * sin(angle) + 0.03
        foot_z = crank[2] + side * 0.17 * cos(angle)
        knee_y, knee_z = _joint(hip_y, hip_z, foot_y, foot_z, 0.43, 0.44)
        x = side * 0.1
        body.limb((x, hip_y, hip_z), (x, knee_y, knee_z), 0.09, TROUSERS, taper=0.72)
        body.limb((x, knee_y, knee_z), (x, foot_y + 0.05, foot_z), 0.062, TROUSERS, taper=0.75)
        body.limb((x, foot_y, foot_z - 0.06), (x, foot_y, foot_z + 0.12), 0.045, SHOES, detail=12)
        shoulder, hand = (side * 0.19, 1.42, 0.06), (side * 0.24, 1.05, 0.40)
        elbow = (side * 0.26, 1.18, 0.16)
        body.limb(shoulder, elbow, 0.06, COAT, taper=0.85)
        body.limb(elbow, hand, 0.05, COAT, taper=0.8)
        body.limb((side * 0.08, 0.98, -0.2), (side * 0.11, 1.40, 0.03), 0.12, COAT)
    _head(body, (0.0, 1.63, 0.14), (0.0, 1.46, 0.06))
    return body.build()


def _joint(
    y0: float, z0: float, y1: float, z1: float, first: float, second: float
) -> tuple[float, float]:
    """Position (y, z) of the knee between hip and foot, bent forward."""
    dy, dz = y1 - y0, z1 - z0
    span = min(sqrt(dy * dy + dz * dz), first + second - 1e-3)
    along = (first**2 - second**2 + span**2) / (2 * span)
    off = sqrt(max(first**2 - along**2, 0.0))
    uy, uz = dy / span, dz / span
    return y0 + uy * along + uz * off, z0 + uz * along - uy * off
