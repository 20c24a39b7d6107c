"""Houses: a front with its roof, chimney and side wall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from jetseg_core.data.street_scene.bend import Bend
from jetseg_core.data.street_scene.facades import Facade
from jetseg_core.data.street_scene.furniture import PALETTE, chimney
from jetseg_core.data.street_scene.ids import BUILDING
from jetseg_core.data.street_scene.noise import smooth_noise
from jetseg_core.data.street_scene.texture import Texture
from jetseg_core.data.street_scene.view import View

DEPTH = 9.0
"""From front to back of a house, in metres."""
_CHIMNEY_REACH = 90.0


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
            side_wall=Texture.of(np.repeat(wall[:, :, None], 3, 2).clip(0, 255).astype(np.uint8)),
            roof=Texture.of(tiles.clip(0, 255).astype(np.uint8)),
        )


def _blocks(
    rng: np.random.Generator, cells: tuple[int, int], deviation: float, shape: tuple[int, int]
) -> np.ndarray:
    values = rng.normal(0, deviation, cells)
    return cv2.resize(values, shape[::-1], interpolation=cv2.INTER_NEAREST)


@dataclass(frozen=True)
class House:
    """A building with its front to the street."""

    x: float
    """Of the front, right of the street's middle; negative = on the left."""
    s: float
    """Where its front begins along the street."""
    facade: Facade
    tint: np.ndarray
    materials: Materials
    rise: float
    """Height of the ridge above the eaves, 0 for a flat roof."""
    exposed: bool
    """Whether the wall that faces the oncoming camera can be seen."""
    shaded: float = 0.0
    """Height in metres up to which the houses opposite keep the sun away from the front."""
    reach: ClassVar[float] = 400.0

    @property
    def order(self) -> float:
        return self.s + self.facade.width

    def paint(self, view: View, bend: Bend, lit: float) -> None:
        side = 1 if self.x > 0 else -1
        near, far = bend.point(self.x, self.s), bend.point(self.x, self.order)
        up = np.array([0, self.facade.height, 0.0])
        back = np.array([side * DEPTH, 0, 0])
        if self.rise:
            self._paint_roof(view, near + up, far + up, back / 2 + (0, self.rise, 0))
            top = self.facade.height + self.rise - 0.6
            stack = bend.pose(self.x + side * DEPTH * 0.45, self.s + 0.8, y=top)
            if view.distance(stack) < _CHIMNEY_REACH:
                view.mesh(chimney(), stack, PALETTE * 0.8)
        if self.exposed:
            share = self.rise / (self.facade.height + self.rise)
            gable = np.array([[0, share], [0.5, 0], [1, share], [1, 1], [0, 1]])
            color = np.array(self.facade.wall) / 128 * self.tint
            tall = up + (0, self.rise, 0)
            view.wall(
                near, back, tall, self.materials.side_wall, BUILDING, color, outline=gable
            )
        # The texture's left is the viewer's left: the near end on the left side of the street.
        corner, along = (near, far - near) if side < 0 else (far, near - far)
        view.wall(corner, along, up, self.facade.texture, BUILDING, self.tint)
        if self.shaded > 0.3 and view.light.sunshine > 0.2:
            top = np.array([0, min(self.shaded, self.facade.height), 0])
            outline = view.camera.project(np.array([near, far, far + top, near + top]))
            normal = np.array([[-side, 0.0, 0.0]])
            dark, bright = (float(view.light.shade(normal, sun)[0]) for sun in (0.0, 1.0))
            view.canvas.darken(outline, dark / bright)

    def _paint_roof(
        self, view: View, near: np.ndarray, far: np.ndarray, slope: np.ndarray
    ) -> None:
        """The roof's side towards the street, if the camera can see over its eaves."""
        outward = np.array([-slope[1] * np.sign(slope[0]), abs(slope[0]), 0])
        if outward @ (view.camera.position - near) > 0:
            overhang = slope * 0.06
            view.wall(
                near - overhang, far - near, slope + overhang, self.materials.roof, BUILDING,
                self.tint,
            )  # fmt: skip
