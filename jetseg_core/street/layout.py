"""Layout of the street: its cross section, the things along it block by block, and the traffic on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import atan2, floor, pi, sin

import numpy as np

from jetseg_core.street import roadside
from jetseg_core.street.buildings import STYLES, Front, front, house
from jetseg_core.street.canvas import (
    BICYCLIST,
    FENCE,
    PEDESTRIAN,
    TREE,
    Mesh,
    Panel,
    Solid,
    Texture,
    Thing,
)  # fmt: skip
from jetseg_core.street.daylight import Light
from jetseg_core.street.noise import seeded
from jetseg_core.street.road_users import (
    FIGURE_SIZE,
    OUTFITS,
    PAINTS,
    PHASES,
    VIEWS,
    bicyclist,
    footprint,
    pedestrian,
    vehicle,
)  # fmt: skip

BLOCK = 48.0
"""Length of a block in metres."""
CROSSING = 20.0
"""Position of the traffic lights in a block that has them, in metres."""
SIDES = (-1, 1)
"""Left and right, as factors on x."""
LANE = -1.6
"""Position of the camera's lane across the street in metres: traffic keeps left."""
SPEED = 8.0
"""Mean speed of the camera in metres per second."""

Stream = Iterator[tuple[float, np.random.Generator]]


@dataclass
class Block:
    """A stretch of the street; sides are -1 or 1, positions along the street in metres."""

    number: int
    things: list[Thing] = field(default_factory=list)
    yards: list[tuple[int, float, float]] = field(default_factory=list)
    """(side, start, end) of lawns."""
    walls: list[tuple[int, float, float, float, float]] = field(default_factory=list)
    """(side, start, end, x, height) of the house fronts."""

    @property
    def crossing(self) -> bool:
        """True if the block has traffic lights."""
        return self.number % 2 == 0


class Street:
    """The street of a seed. Pairs are (left, right), in metres from its middle."""

    def __init__(self, seed: int, light: Light) -> None:
        rng = seeded(seed, 10)
        self.seed = seed
        self.light = light
        self.parking = (bool(rng.random() < 0.2), bool(rng.random() < 0.6))
        left = float(rng.uniform(5.0, 5.4) if self.parking[0] else rng.uniform(3.4, 4.2))
        right = float(rng.uniform(5.2, 5.8) if self.parking[1] else rng.uniform(3.8, 4.8))
        self.kerbs = (left, right)
        self.fronts = (left + float(rng.uniform(2.2, 4.0)), right + float(rng.uniform(2.2, 4.5)))
        self.asphalt = np.array([79, 84, 92]) * rng.uniform(0.85, 1.1)
        self.slabs = np.array([102, 100, 97]) * rng.uniform(0.85, 1.1)
        self.yellow_lines = bool(rng.random() < 0.7)
        self._green = float(rng.choice([0.1, 0.3, 0.6]))
        self._alley = bool(rng.random() < 0.5)
        self._lamp = roadside.lamp_post(int(rng.integers(2)))
        self._start, self._phase = rng.uniform(1000, 3000), rng.uniform(0, 2 * pi)
        self._block = lru_cache(maxsize=12)(self._build)

    def drive(self, time: float) -> float:
        """Position of the camera along the street after `time` seconds; it always increases."""
        wave = sin(0.35 * time + self._phase) - sin(self._phase)
        return float(self._start + SPEED * time + 5.0 * wave)

    def blocks(self, low: float, high: float) -> list[Block]:
        """The blocks that touch a stretch of the street."""
        return [self._block(n) for n in range(int(low // BLOCK), int(high // BLOCK) + 1)]

    def sunlit(self, x: float, z: float, block: Block | None = None) -> float:
        """1 where the sun reaches the ground, 0 in the shadow of the houses of a block."""
        across, up, along = self.light.sun.tolist()
        for side, start, end, wall, tall in (block or self._block(int(z // BLOCK))).walls:
            away = (wall - x) / across if side * across > 0 else 0.0
            if away > 0 and start <= z + away * along < end and away * up < tall:
                return 0.0
        return 1.0

    def _build(self, number: int) -> Block:
        """Every block has a yard, so that fences and trees are never far."""
        rng = seeded(self.seed, 11, number)
        block = Block(number)
        yard_side = int(rng.choice(SIDES))
        for side in SIDES:
            self._add_lots(rng, block, side, side == yard_side)
        for side in SIDES:
            self._add_kerbside(rng, block, side)
            if self.parking[side > 0]:
                self._add_parked_cars(rng, block, side)
        return block

    def _add_lots(self, rng: np.random.Generator, block: Block, side: int, with_yard: bool) -> None:
        """Add houses and yards along one side."""
        at, x = block.number * BLOCK, side * self.fronts[side > 0]
        end = at + BLOCK
        yard_at = at + rng.uniform(0, BLOCK - 16) if with_yard else end
        neighbour = 0.0  # height of the house before
        while at < end - 1:
            facade = front(int(rng.integers(STYLES)))
            if rng.random() < self._green or at >= yard_at or at + facade.width > end:
                length = min(end - at, float(rng.uniform(10, 20)))
                self._add_yard(rng, block, side, at, at + length)
                at, yard_at, neighbour = at + length, end, 0.0
            else:
                self._add_house(rng, block, facade, x, at, neighbour)
                at, neighbour = at + facade.width, facade.height

    def _add_house(self, rng: np.random.Generator, block: Block, facade: Front, x: float,
                   z: float, neighbour: float = 0.0) -> None:  # fmt: skip
        tint = rng.uniform(0.75, 1.15) * rng.uniform(0.96, 1.04, 3)
        exposed = neighbour < facade.height * (1.25 if facade.pitched else 1.0)
        block.things += house(facade, x, z, tint, exposed)
        block.walls.append((int(np.sign(x)), z, z + facade.width, x, facade.height))

    def _add_yard(
        self, rng: np.random.Generator, block: Block, side: int, start: float, end: float
    ) -> None:
        """Add a lawn behind a fence, with trees and bushes, sometimes with a house at its back."""
        block.yards.append((side, start, end))
        x = side * self.fronts[side > 0]
        if rng.random() < 0.6:
            facade = front(int(rng.integers(STYLES)))
            self._add_house(rng, block, facade, x + side * rng.uniform(9, 14), start)
        texture, height = roadside.fence(int(rng.integers(roadside.FENCES)))
        for z in np.arange(start, end, roadside.FENCE_LENGTH):
            along = np.array([0, 0, min(roadside.FENCE_LENGTH, end - z)])
            foot, up = np.array([x, 0, z]), np.array([0, height, 0])
            block.things.append(Panel(z + along[2], foot, along, up, texture, FENCE))
        for z in np.arange(start + 2, end - 1, 4.5):
            plant = roadside.tree(int(rng.integers(roadside.TREES)))
            self._add_plant(rng, block, x + side * rng.uniform(2.5, 6), z, plant)
            plant = roadside.bush(int(rng.integers(4)))
            self._add_plant(rng, block, x + side * rng.uniform(1.2, 3), z + 2, plant)

    def _add_plant(self, rng: np.random.Generator, block: Block, x: float, z: float,
                   plant: tuple[Texture, float, float], before: float = 0.0) -> None:  # fmt: skip
        texture, width, height = plant
        size = rng.uniform(0.8, 1.15)
        tint = rng.uniform(0.8, 1.15) * rng.uniform(0.95, 1.05, 3)
        along, up = size * np.array([width, 0, 0]), size * np.array([0, height, 0])
        foot = np.array([x, 0, z])
        block.things.append(
            Panel(z - before, foot, along, up, texture, TREE, 1.0, tint, turns=True)
        )

    def _put(self, block: Block, mesh: Mesh, x: float, z: float, heading: float) -> None:
        sun = self.sunlit(x, z, block)
        block.things.append(Solid(z, mesh, np.array([x, 0, z]), heading, sun))

    def _add_kerbside(self, rng: np.random.Generator, block: Block, side: int) -> None:
        """Add lamp posts, trees, signs and traffic lights along the kerb."""
        start, edge = block.number * BLOCK, side * (self.kerbs[side > 0] + 0.5)
        inward = 0.0 if side < 0 else pi
        self._put(block, self._lamp, edge, start + (4 if side < 0 else 27), inward)
        for z in (start + 16, start + 40) if self._alley else ():
            plant = roadside.tree(int(rng.integers(roadside.TREES)))
            self._add_plant(
                rng, block, edge + side * 0.3, z, plant, before=4.0
            )  # of the houses beside
        for z in (10, 22, 34, 46):
            if rng.random() < 0.5:
                board = roadside.sign(int(rng.integers(roadside.SIGNS)))
                turned = 0.0 if side < 0 or rng.random() < 0.5 else pi
                self._put(block, board, edge, start + z + rng.uniform(-3, 3), turned)
        if block.crossing:
            mesh = roadside.traffic_light(int(rng.integers(3)))
            for z, heading in ((CROSSING, 0.0), (CROSSING + 4, pi)):
                self._put(block, mesh, edge, start + z, heading)

    def _add_parked_cars(self, rng: np.random.Generator, block: Block, side: int) -> None:
        for z in np.arange(block.number * BLOCK + 2.5, (block.number + 1) * BLOCK - 3, 6.0):
            if rng.random() < 0.5:
                kind = _any_car(rng)
                x = side * (self.kerbs[side > 0] - footprint(kind)[0] - rng.uniform(0.05, 0.3))
                heading = (0.0 if side < 0 else pi) + rng.normal(0, 0.02)
                block.things.append(self._car(rng, kind, x, z + 2, heading, block))

    def traffic(self, time: float, here: float, reach: float) -> Iterator[Thing]:
        """Everything that moves, from a little behind the camera to `reach` metres ahead of it."""
        mood = seeded(self.seed, 12)
        low, high, people = here - 6, here + reach, here + 0.6 * reach

        def stream(key: int, spacing: float, base: float, high: float, low: float = low) -> Stream:
            """Position and private randomness of the members of a stream that started at `base`."""
            first, last = floor((low - base) / spacing), floor((high - base) / spacing)
            for number in range(first, last + 1):
                rng = seeded(self.seed, key, number % 2**32)
                z = base + (number + 0.6 * rng.random()) * spacing
                if low <= z <= high:
                    yield z, rng

        spacing, speed = mood.uniform(24, 60), mood.uniform(6, 9)
        for z, rng in stream(13, spacing, -speed * time, high):
            yield self._car(rng, _any_car(rng), 1.7, z, pi)
        base = here + mood.uniform(14, 40)
        for z, rng in stream(14, mood.uniform(30, 60), base, high, here + 12):
            z += 1.5 * sin(0.4 * time + rng.uniform(0, 2 * pi))
            yield self._car(rng, _any_car(rng), LANE, z, 0.0)
        for z, rng in stream(15, 14.0, here + mood.uniform(5, 8), people, here + 5):
            phase = int((time * 1.1 + rng.random()) * PHASES) % PHASES
            x = max(1.0 - self.kerbs[0], -2.9) + rng.uniform(-0.3, 0.5)
            yield self._person(bicyclist, rng, phase, x, z + sin(0.5 * time + x), 0.0, here)
        for key, speed in enumerate((1.3, -1.25, 1.2, -1.35, 0.0, 0.0), 17):
            side = SIDES[key % 2]
            spacing = mood.uniform(14, 36) * (1 if speed else 3)
            for z, rng in stream(key, spacing, speed * time, people):
                phase = int((time * 0.95 + rng.random()) * PHASES) % PHASES if speed else -1
                heading = (0.0 if speed > 0 else pi) if speed else rng.uniform(0, 2 * pi)
                for companion in range(1 + int(rng.random() < 0.3)):
                    kerb, wall = self.kerbs[side > 0], self.fronts[side > 0]
                    x = side * (kerb + (wall - kerb) * rng.uniform(0.25, 0.85))
                    at = z + 0.5 * companion
                    yield self._person(pedestrian, rng, phase, x, at, heading, here)

    def _person(
        self, kind: Callable[[int, int, int], Texture], rng: np.random.Generator, phase: int,
        x: float, z: float, heading: float, here: float,
    ) -> Panel:  # fmt: skip
        bearing = atan2(x - LANE, max(z - here, 0.1))
        view = round((bearing - heading) / (2 * pi) * VIEWS) % VIEWS
        texture = kind(phase, view, int(rng.integers(OUTFITS)))
        width, height = FIGURE_SIZE
        along, up = np.array([width, 0, 0]), np.array([0, height, 0])
        foot, sun, tint = np.array([x, 0, z]), self.sunlit(x, z), float(rng.uniform(0.8, 1.15))
        label = PEDESTRIAN if kind is pedestrian else BICYCLIST
        return Panel(z + 0.3, foot, along, up, texture, label, sun, tint, turns=True)

    def _car(self, rng: np.random.Generator, kind: int, x: float, z: float, heading: float,
             block: Block | None = None) -> Solid:  # fmt: skip
        size, mesh = footprint(kind), vehicle(kind, int(rng.integers(len(PAINTS))))
        sun = self.sunlit(x, z, block)
        return Solid(z - size[1], mesh, np.array([x, 0, z]), heading, sun, size)


def _any_car(rng: np.random.Generator) -> int:
    return int(rng.choice(3, p=[0.5, 0.35, 0.15]))
