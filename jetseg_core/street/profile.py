"""The shape of a street: its cross section, and what a block of it holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jetseg_core.street.noise import generator
from jetseg_core.street.things import Thing

BLOCK = 48.0
"""Length of a block in metres."""
KERB_HEIGHT = 0.12
"""How much higher than the road people walk, in metres."""
SIDES = (-1, 1)
"""Left and right, as factors on x."""
CROSSING = 20.0
"""Where in a block that has one the traffic lights stand, in metres."""


def has_crossing(number: int) -> bool:
    """Whether block `number` has traffic lights."""
    return number % 2 == 0


@dataclass(frozen=True)
class Profile:
    """The cross section of a street, in metres from its middle; pairs are (left, right)."""

    kerbs: tuple[float, float]
    """Edges of the road."""
    fronts: tuple[float, float]
    """Lines of the house fronts; the pavements lie between kerbs and these."""
    green: float
    """Share of the street that is yards instead of houses, 0 to 1."""
    parking: tuple[float, float]
    """Share of the kerbs that is parked."""
    alley: bool
    """Whether trees stand along the kerb."""

    @classmethod
    def of(cls, seed: int) -> Profile:
        """The profile of a seed."""
        rng = generator(seed, 41)
        parked = (bool(rng.random() < 0.25), bool(rng.random() < 0.7))
        left = float(rng.uniform(5.0, 5.4) if parked[0] else rng.uniform(3.3, 4.2))
        right = float(rng.uniform(5.0, 5.6) if parked[1] else rng.uniform(3.6, 4.8))
        return cls(
            kerbs=(left, right),
            fronts=(left + float(rng.uniform(2.3, 4.4)), right + float(rng.uniform(2.3, 4.4))),
            green=float(rng.choice([0.1, 0.25, 0.5])),
            parking=(0.45 * parked[0], 0.5 * parked[1]),
            alley=bool(rng.random() < 0.55),
        )

    def kerb(self, side: int) -> float:
        """Position x of the kerb on one side, -1 left or 1 right."""
        return side * self.kerbs[side > 0]

    def front(self, side: int) -> float:
        """Position x of the house fronts on one side."""
        return side * self.fronts[side > 0]


@dataclass
class Block:
    """The content of one block."""

    things: list[Thing] = field(default_factory=list)
    yards: list[tuple[int, float, float]] = field(default_factory=list)
    """(side, start, end) of what is not built up: lawn."""
    side_roads: list[tuple[int, float, float]] = field(default_factory=list)
    """(side, start, end) of roads that turn off."""
    skyline: list[tuple[int, float, float, float]] = field(default_factory=list)
    """(side, start, end, height) of the house fronts."""
    shades: list[np.ndarray] = field(default_factory=list)
    """(N, 3) outlines of the shadows that the houses throw on the ground, in the world."""
