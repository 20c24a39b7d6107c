"""What a scene is made of: solids, people, and textured panels, placed in the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from jetseg_core.street.figure import Figure
from jetseg_core.street.mesh import Mesh
from jetseg_core.street.pose import Pose
from jetseg_core.street.texture import Texture

WHOLE = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 1.0]])
"""The outline (5, 2) of a panel that is not cut: u right, v down, one corner twice."""


@dataclass(frozen=True)
class Spot:
    """A place along the street, for what concerns order and light."""

    x: float
    """Metres right of the street's middle."""
    s: float
    """Metres along the street."""
    order: float
    """Position along the street of the far end: things are painted from the largest down."""
    reach: float
    """Distance in metres from which the thing is too small to be painted."""


@dataclass(frozen=True)
class Solid:
    """Something made of flat faces: vehicles, posts, signs."""

    spot: Spot
    pose: Pose
    mesh: Mesh
    palette: np.ndarray
    size: tuple[float, float, float] | None = None
    """(half width, half length, height) of a vehicle, None for what throws hardly a shadow."""

    @cached_property
    def vertices(self) -> np.ndarray:
        """(V, 3) in the world."""
        return self.pose.to_world(self.mesh.vertices)

    @cached_property
    def normals(self) -> np.ndarray:
        """(F, 3) in the world."""
        return self.pose.turn(self.mesh.normals)

    @cached_property
    def albedo(self) -> np.ndarray:
        """(F, 3) colors of the faces before light falls on them."""
        return self.palette[self.mesh.slots] * self.mesh.gloss


@dataclass(frozen=True)
class Person:
    """A pedestrian or bicyclist."""

    spot: Spot
    pose: Pose
    figure: Figure
    palette: np.ndarray


@dataclass(frozen=True)
class Panel:
    """A flat picture: house fronts, fences, and plants, which always face the camera."""

    spot: Spot
    corner: np.ndarray
    """(3,) world position of the lower left corner; of the foot's middle where it faces the camera."""
    along: np.ndarray
    """(3,) from there to the lower right corner; (width, 0, 0) where it faces the camera."""
    up: np.ndarray
    """(3,) from there to the upper left corner; (0, height, 0) where it faces the camera."""
    texture: Texture
    label: int
    tint: np.ndarray = field(default_factory=lambda: np.ones(3))
    """(3,) factors on the texture's colors."""
    outline: np.ndarray = field(default_factory=lambda: WHOLE)
    """(5, 2) the part of the texture that is shown."""
    solid_label: bool = False
    """Label the whole outline, also where the texture is transparent."""
    facing: bool = False
    """Whether it turns to the camera."""
    sun: float | None = None
    """Share of the sun that reaches it; None = what reaches the ground beside it."""
    outward: np.ndarray = field(default_factory=lambda: np.zeros(3))
    """(3,) direction from which alone it can be seen; zero for any."""


Thing = Solid | Person | Panel
