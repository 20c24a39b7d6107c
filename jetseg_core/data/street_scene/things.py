"""Things that stand or move in the street; each knows how to paint itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from jetseg_core.data.street_scene.bend import Bend
from jetseg_core.data.street_scene.figure import Figure
from jetseg_core.data.street_scene.ids import FENCE, TREE
from jetseg_core.data.street_scene.mesh import Mesh
from jetseg_core.data.street_scene.texture import Texture
from jetseg_core.data.street_scene.vegetation import Plant
from jetseg_core.data.street_scene.view import View


class Thing(Protocol):
    """Something to paint, at x metres right of the street's middle and s metres along it."""

    @property
    def x(self) -> float: ...

    @property
    def s(self) -> float: ...

    @property
    def order(self) -> float:
        """Position along the street of its far end: things are painted from the largest down."""

    @property
    def reach(self) -> float:
        """Distance in metres from which it is too small to be painted."""

    def paint(self, view: View, bend: Bend, lit: float) -> None:
        """Paints it in picture and labels; lit is 1 in the sun and 0 in the shadow of the houses."""


@dataclass(frozen=True)
class Solid:
    """Something made of flat faces: vehicles, posts, signs."""

    x: float
    s: float
    mesh: Mesh
    palette: np.ndarray
    heading: float = 0.0
    y: float = 0.0
    size: tuple[float, float, float] | None = None
    """(half width, half length, height) of a vehicle, None for what throws hardly a shadow."""
    reach: float = 130.0

    @property
    def order(self) -> float:
        return self.s + (self.size[1] if self.size else 0.0)

    def paint(self, view: View, bend: Bend, lit: float) -> None:
        view.mesh(self.mesh, bend.pose(self.x, self.s, self.heading, self.y), self.palette, lit)


@dataclass(frozen=True)
class Person:
    """A pedestrian or bicyclist."""

    x: float
    s: float
    figure: Figure
    palette: np.ndarray
    heading: float = 0.0
    y: float = 0.0
    reach: ClassVar[float] = 90.0

    @property
    def order(self) -> float:
        return self.s + 0.3

    def paint(self, view: View, bend: Bend, lit: float) -> None:
        pose = bend.pose(self.x, self.s, self.heading, self.y)
        view.figure(self.figure, pose, self.palette, lit)


@dataclass(frozen=True)
class Growth:
    """A tree or bush."""

    x: float
    s: float
    plant: Plant
    tint: np.ndarray
    scale: float = 1.0
    reach: ClassVar[float] = 150.0

    @property
    def order(self) -> float:
        return self.s

    def paint(self, view: View, bend: Bend, lit: float) -> None:
        size = (self.plant.width * self.scale, self.plant.height * self.scale)
        # Crowns reach out of the shadow that lies on the ground.
        lit = 0.35 + 0.65 * lit
        view.sprite(bend.pose(self.x, self.s), size, self.plant.texture, TREE, self.tint, lit)


@dataclass(frozen=True)
class Barrier:
    """A piece of fence or hedge along the street."""

    x: float
    start: float
    end: float
    height: float
    texture: Texture
    repeat: float
    """Share of the texture's width that is shown, from its left."""
    label: int = FENCE
    reach: ClassVar[float] = 100.0

    @property
    def s(self) -> float:
        return self.start

    @property
    def order(self) -> float:
        return self.end

    def paint(self, view: View, bend: Bend, lit: float) -> None:
        a, b = bend.point(self.x, self.start), bend.point(self.x, self.end)
        shown = np.array([[0, 0], [self.repeat, 0], [self.repeat, 1], [0, 1]])
        view.wall(
            a, (b - a) / self.repeat, np.array([0, self.height, 0.0]), self.texture, self.label,
            np.ones(3), lit=lit, solid_label=True, outline=shown,
        )  # fmt: skip
