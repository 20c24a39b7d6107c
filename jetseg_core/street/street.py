"""A street that never ends: its blocks, each a pure function of its number, and the shade they give."""

from __future__ import annotations

from functools import lru_cache

from jetseg_core.street.bend import Bend
from jetseg_core.street.blocks import Builder
from jetseg_core.street.light import Light
from jetseg_core.street.profile import BLOCK, Block, Profile
from jetseg_core.street.things import Thing


class Street:
    """The street of a seed."""

    def __init__(self, seed: int, light: Light) -> None:
        self.seed = seed
        self.profile = Profile.of(seed)
        self.bend = Bend(seed)
        builder = Builder(seed, self.profile, self.bend, light)
        self._block = lru_cache(maxsize=12)(builder.build)
        self._lit_things = lru_cache(maxsize=12)(self._light_up)
        right, up, ahead = light.sun.tolist()
        self._sunny_side = 1 if right > 0 else -1
        # Per metre across the street: how far along it a ray to the sun runs, and how far up.
        across = max(abs(right), 0.05)
        self._ray = (ahead / across, up / across)

    def blocks(self, start: float, end: float) -> list[Block]:
        """The blocks of BLOCK metres each that touch a stretch of the street."""
        return [self._block(number) for number in _numbers(start, end)]

    def things(self, start: float, end: float) -> list[tuple[Thing, float]]:
        """What stands in those blocks, and the share of the sun that reaches it."""
        return [pair for number in _numbers(start, end) for pair in self._lit_things(number)]

    def lit(self, x: float, s: float) -> float:
        """1 where the sun reaches the ground, 0 in the shadow of the houses."""
        side = self._sunny_side
        away = max(self.profile.fronts[side > 0] - x * side, 0.0)
        along = s + away * self._ray[0]
        for built, start, end, height in self._block(int(along // BLOCK)).skyline:
            if built == side and start <= along < end:
                return float(height < away * self._ray[1])
        return 1.0

    def _light_up(self, number: int) -> list[tuple[Thing, float]]:
        return [
            (thing, self.lit(thing.spot.x, thing.spot.s)) for thing in self._block(number).things
        ]


def _numbers(start: float, end: float) -> range:
    return range(int(start // BLOCK), int(end // BLOCK) + 1)
