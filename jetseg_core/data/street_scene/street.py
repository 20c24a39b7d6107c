"""A street that never ends: its blocks, each a pure function of its number, and the shade they give."""

from __future__ import annotations

from collections.abc import Iterator

from jetseg_core.data.street_scene.blocks import Builder
from jetseg_core.data.street_scene.light import Light
from jetseg_core.data.street_scene.profile import BLOCK, Block, Profile


class Street:
    """The street of a seed."""

    def __init__(self, seed: int, light: Light) -> None:
        self.seed = seed
        self.light = light
        self.profile = Profile.of(seed)
        self._builder = Builder(seed, self.profile, light)
        self._blocks: dict[int, Block] = {}

    def block(self, number: int) -> Block:
        """Block `number`, which reaches from number * BLOCK to (number + 1) * BLOCK metres."""
        if number not in self._blocks:
            if len(self._blocks) > 12:
                self._blocks.clear()
            self._blocks[number] = self._builder.build(number)
        return self._blocks[number]

    def blocks(self, start: float, end: float) -> Iterator[tuple[int, Block]]:
        """Numbers and blocks of all that touch a stretch of the street."""
        for number in range(int(start // BLOCK), int(end // BLOCK) + 1):
            yield number, self.block(number)

    def lit(self, x: float, s: float) -> float:
        """1 where the sun reaches the ground, 0 in the shadow of the houses."""
        sun = self.light.sun
        side = 1 if sun[0] > 0 else -1
        away = max(self.profile.fronts[side > 0] - x * side, 0.0)
        along = s + away * sun[2] / max(abs(sun[0]), 0.05)
        for built, start, end, height in self.block(int(along // BLOCK)).skyline:
            if built == side and start <= along < end:
                return float(height * abs(sun[0]) < away * sun[1])
        return 1.0
