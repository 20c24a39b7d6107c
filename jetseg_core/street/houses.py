"""Houses: a front with its roof, chimney and side wall."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from jetseg_core.street.bend import Bend
from jetseg_core.street.facades import Facade
from jetseg_core.street.furniture import PALETTE, chimney
from jetseg_core.street.ids import BUILDING
from jetseg_core.street.light import Light
from jetseg_core.street.noise import smooth_noise
from jetseg_core.street.texture import Texture
from jetseg_core.street.things import WHOLE, Panel, Solid, Spot, Thing

DEPTH = 9.0
"""From front to back of a house, in metres."""
_CHIMNEY_REACH = 90.0
_ANYWHERE = np.zeros(3)


@dataclass(frozen=True)
class Materials:
    """What the houses of a street share."""

    side_wall: Texture
    """Grey, to be tinted in the color of the front."""
    roof: Texture

    @classmethod
    def of(cls, rng: np.random.Generator) -> Materials:
        """Materials chosen at random."""
        shape = (240, 240)
        bricks = _blocks(rng, (120, 48), 5, shape) + rng.normal(0, 2.5, shape)
        wall = 128 + bricks + smooth_noise(rng, shape, (2, 5, 11)) * 7
        color = np.array(((84, 84, 90), (104, 76, 62), (92, 88, 84))[rng.integers(3)], float)
        courses = np.where(np.arange(60) % 3 == 0, -16.0, 0.0)[:, None]
        tiles = color + (_blocks(rng, (20, 30), 10, (60, 120)) + courses)[:, :, None]
        return cls(
            side_wall=Texture(np.repeat(wall[:, :, None], 3, 2).clip(0, 255).astype(np.uint8)),
            roof=Texture(tiles.clip(0, 255).astype(np.uint8)),
        )


def _blocks(
    rng: np.random.Generator, cells: tuple[int, int], deviation: float, shape: tuple[int, int]
) -> np.ndarray:
    values = rng.normal(0, deviation, cells)
    return cv2.resize(values, shape[::-1], interpolation=cv2.INTER_NEAREST)


def house(
    bend: Bend, light: Light, x: float, s: float, front: Facade, tint: np.ndarray,
    materials: Materials, rise: float, *, exposed: bool, shaded: float,
) -> list[Thing]:  # fmt: skip
    """Roof, chimney, side wall and front of a house.

    Args:
        bend: the course of the street.
        light: the daylight.
        x: position of the front, right of the street's middle; negative = on the left.
        s: where the front begins along the street.
        front: its picture and size.
        tint: (3,) factors on its colors.
        materials: of roof and side walls.
        rise: height of the ridge above the eaves, 0 for a flat roof.
        exposed: whether the wall that faces the oncoming camera can be seen.
        shaded: height in metres up to which the houses opposite keep the sun away from the front.
    """
    side = 1 if x > 0 else -1
    end = s + front.width
    near, far = bend.point(x, s), bend.point(x, end)
    up = np.array([0, front.height, 0.0])
    parts: list[Thing] = []

    def add(
        rank: int, corner: np.ndarray, along: np.ndarray, up: np.ndarray, texture: Texture,
        color: np.ndarray, outline: np.ndarray = WHOLE, sun: float = 1.0,
        outward: np.ndarray = _ANYWHERE,
    ) -> None:  # fmt: skip
        """Adds a panel; one of a higher rank is painted earlier."""
        spot = Spot(x, s, end + 0.01 * rank, reach=400.0)
        parts.append(
            Panel(
                spot, corner, along, up, texture, BUILDING, color, outline, sun=sun,
                outward=outward,
            )
        )  # fmt: skip

    if rise:
        slope = np.array([side * DEPTH / 2, rise, 0])
        outward = np.array([-side * rise, DEPTH / 2, 0])
        eaves = near + up - slope * 0.06
        add(3, eaves, far - near, slope * 1.06, materials.roof, tint, outward=outward)
        stack = bend.pose(x + side * DEPTH * 0.45, s + 0.8, y=front.height + rise - 0.6)
        spot = Spot(x, s, end + 0.02, _CHIMNEY_REACH)
        parts.append(Solid(spot, stack, chimney(), PALETTE * 0.8))
    if exposed:
        share = rise / (front.height + rise)
        gable = np.array([[0, share], [0.5, 0], [1, share], [1, 1], [0, 1]])
        back, tall = np.array([side * DEPTH, 0, 0]), up + np.array([0, rise, 0])
        color = np.array(front.wall) / 128 * tint
        add(1, near, back, tall, materials.side_wall, color, gable)
    # The texture's left is the viewer's left: the near end on the left side of the street.
    corner, along = (near, far - near) if side < 0 else (far, near - far)
    share = 1 - min(shaded / front.height, 1.0) if light.sunshine > 0.2 else 1.0
    for top, bottom, sun in ((0.0, share, 1.0), (share, 1.0, 0.0)):
        if bottom - top > 0.02:
            cut = np.array([[0, top], [1, top], [1, bottom], [0, bottom], [0, bottom]])
            add(0, corner, along, up, front.texture, tint, cut, sun)
    return parts
