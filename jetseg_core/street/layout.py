"""Layout of the street: its cross section, the things along it block by block, and the traffic on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import atan2, floor, pi, sin

import numpy as np

from jetseg_core.street import road_users, roadside
from jetseg_core.street.canvas import BICYCLIST, FENCE, PEDESTRIAN, TREE, Panel, Solid, Thing
from jetseg_core.street.daylight import seeded

BLOCK = 48.0
"""Length of a block in metres."""
CROSSING = 20.0
"""Position of the traffic lights in every other block, in metres."""
SIDES = (-1, 1)
"""Left and right, as factors on x."""
LANE = -1.6
"""Position of the camera's lane across the street in metres: traffic keeps left."""
SPEED = 8.0
"""Mean speed of the camera in metres per second."""


class Street:
    """The street of a seed. Pairs are (left, right), in metres from its middle."""

    def __init__(self, seed: int) -> None:
        rng = seeded(seed, 10)
        self.seed = seed
        self.parking = bool(rng.random() < 0.6)
        right = rng.uniform(5.2, 5.8) if self.parking else rng.uniform(3.8, 4.8)
        self.kerbs = (float(rng.uniform(3.4, 4.2)), float(right))
        self.fronts = (self.kerbs[0] + rng.uniform(2.2, 4.0), right + rng.uniform(2.2, 4.5))
        self.asphalt = np.array([79, 84, 92]) * rng.uniform(0.85, 1.1)
        self.slabs = np.array([102, 100, 97]) * rng.uniform(0.85, 1.1)
        self.green, self.alley = rng.choice([0.1, 0.3, 0.5]), bool(rng.random() < 0.5)
        self._start, self._phase = rng.uniform(1000, 3000), rng.uniform(0, 2 * pi)
        self._block = lru_cache(maxsize=12)(lambda number: _Block(self, number).things)

    def drive(self, time: float) -> float:
        """Position of the camera along the street after `time` seconds; it always increases."""
        wave = sin(0.35 * time + self._phase) - sin(self._phase)
        return float(self._start + SPEED * time + 5.0 * wave)

    def crosses(self, z: float) -> bool:
        """True if the block at a position along the street has traffic lights."""
        return z // BLOCK % 2 == 0

    def standing(self, low: float, high: float) -> list[Thing]:
        """Everything that stands in the blocks that touch a stretch of the street."""
        numbers = range(int(low // BLOCK), int(high // BLOCK) + 1)
        return [thing for number in numbers for thing in self._block(number)]

    def traffic(self, time: float, here: float, reach: float) -> Iterator[Thing]:
        """Everything that moves, from a little behind the camera to `reach` metres ahead of it."""
        drive, low, high = seeded(self.seed, 12), here - 6, here + reach

        def stream(
            key: int, spacing: float, base: float, low: float = low, high: float = high
        ) -> Iterator[tuple[float, np.random.Generator]]:
            """Position and private randomness of the members of a stream that started at `base`."""
            first, last = floor((low - base) / spacing), floor((high - base) / spacing)
            for number in range(first, last + 1):
                rng = seeded(self.seed, key, number % 2**32)
                z = base + (number + 0.6 * rng.random()) * spacing
                if low <= z <= high:
                    yield z, rng

        for z, rng in stream(13, drive.uniform(24, 60), -drive.uniform(6, 9) * time):
            yield _car(rng, 1.7, z, pi)
        for z, rng in stream(14, drive.uniform(30, 60), here + drive.uniform(14, 40), here + 12):
            yield _car(rng, LANE, z + 1.5 * sin(0.4 * time + rng.uniform(0, 2 * pi)), 0.0)
        people = here + 0.6 * reach
        for z, rng in stream(15, 14.0, here + drive.uniform(5, 8), here + 5, people):
            x = max(1.0 - self.kerbs[0], -2.9) + rng.uniform(-0.3, 0.5)
            yield _person(rng, BICYCLIST, time, (x, z + sin(0.5 * time + x)), 0.0, here)
        for key, speed in enumerate((1.3, -1.25, 1.2, -1.35), 17):
            side, heading = SIDES[key % 2], 0.0 if speed > 0 else pi
            kerb, wall = self.kerbs[side > 0], self.fronts[side > 0]
            for z, rng in stream(key, drive.uniform(14, 36), speed * time, high=people):
                x = side * (kerb + (wall - kerb) * rng.uniform(0.25, 0.85))
                yield _person(rng, PEDESTRIAN, time, (x, z), heading, here)


class _Block:
    """Everything in a block of a street, in `things`."""

    def __init__(self, street: Street, number: int) -> None:
        self.things: list[Thing] = []
        self._street, self._start = street, number * BLOCK
        self._rng = seeded(street.seed, 11, number)
        for side in SIDES:
            self._add_lots(side)
            self._add_kerbside(side)

    def _kind(self) -> int:
        return int(self._rng.integers(roadside.VARIANTS))

    def _add_lots(self, side: int) -> None:
        """Add houses and yards; the last lot is a yard, so that fences and trees are never far."""
        at, x = self._start, side * self._street.fronts[side > 0]
        end, beside = at + BLOCK, 0.0
        while at < end - 1:
            front = roadside.front(self._kind())
            if self._rng.random() < self._street.green or at + front.width > end - 5:
                length = min(end - at, self._rng.uniform(10, 20))
                self._add_yard(x, at, length)
                at, beside = at + length, 0.0
            else:
                self._add_house(front, x, at, beside)
                at, beside = at + front.width, front.height

    def _add_house(self, front: roadside.Front, x: float, z: float, beside: float = 0.0) -> None:
        tint = self._rng.uniform(0.75, 1.15) * self._rng.uniform(0.96, 1.04, 3)
        self.things += roadside.house(front, x, z, tint, beside)

    def _add_yard(self, x: float, start: float, length: float) -> None:
        """Add trees and bushes behind a fence, sometimes with a house at the back."""
        rng, out = self._rng, np.sign(x)
        if rng.random() < 0.6:
            self._add_house(roadside.front(self._kind()), x + out * rng.uniform(9, 14), start)
        texture, height = roadside.fence(self._kind())
        for z in np.arange(0, length, roadside.FENCE_LENGTH):
            shown = min(roadside.FENCE_LENGTH, length - z)
            foot, along = np.array([[x, 0, start + z], [0, 0, shown]])
            self.things.append(Panel(foot, along, height, texture, FENCE))
        for z in np.arange(start + 2, start + length - 1, 4.5):
            self._add_plant(roadside.tree(self._kind()), x + out * rng.uniform(2.5, 6), z)
            self._add_plant(roadside.bush(self._kind()), x + out * rng.uniform(1.2, 3), z + 2)

    def _add_plant(self, plant: roadside.Plant, x: float, z: float, nearer: float = 0.0) -> None:
        texture, *size = plant
        width, height = np.array(size) * self._rng.uniform(0.8, 1.15)
        tint = self._rng.uniform(0.8, 1.15) * self._rng.uniform(0.95, 1.05, 3)
        foot, along = np.array([[x, 0, z], [width, 0, 0]])
        self.things.append(Panel(foot, along, height, texture, TREE, tint, True, nearer))

    def _add_kerbside(self, side: int) -> None:
        """Add lamp posts, trees, signs, traffic lights and parked cars along the kerb."""
        rng, street, start = self._rng, self._street, self._start
        edge = side * (street.kerbs[side > 0] + 0.5)

        def put(mesh: roadside.Mesh, z: float, heading: float) -> None:
            self.things.append(Solid(np.array([edge, 0, start + z]), mesh, heading))

        put(roadside.lamp_post(), 4 if side < 0 else 27, 0.0 if side < 0 else pi)
        for z in (16, 40) if street.alley else ():
            tree = roadside.tree(self._kind())
            self._add_plant(tree, edge + side * 0.3, start + z, nearer=4.0)
        for z in (10, 22, 34, 46):
            if rng.random() < 0.5:
                turned = 0.0 if side < 0 or rng.random() < 0.5 else pi
                put(roadside.sign(self._kind()), z + rng.uniform(-3, 3), turned)
        if street.crosses(start):
            put(roadside.traffic_light(), CROSSING, 0.0)
            put(roadside.traffic_light(), CROSSING + 4, pi)
        for z in np.arange(2.5, BLOCK - 3, 6.0) if side > 0 and street.parking else ():
            if rng.random() < 0.5:
                self.things.append(_car(rng, street.kerbs[1] - 1.1, start + z + 2, pi))


def _car(rng: np.random.Generator, x: float, z: float, heading: float) -> Solid:
    kind = int(rng.random() < 0.15)
    mesh = road_users.vehicle(kind, int(rng.integers(len(road_users.PAINTS))))
    return Solid(np.array([x, 0, z]), mesh, heading, road_users.footprint(kind))


def _person(rng: np.random.Generator, label: int, time: float, place: tuple[float, float],
            heading: float, here: float) -> Panel:  # fmt: skip
    """A pedestrian or bicyclist in the view that the camera at `here` has."""
    bearing = atan2(place[0] - LANE, max(place[1] - here, 0.1))
    view = round((bearing - heading) / (2 * pi) * road_users.VIEWS) % road_users.VIEWS
    phase = int((time + rng.random()) * road_users.PHASES) % road_users.PHASES
    figure = road_users.pedestrian if label == PEDESTRIAN else road_users.bicyclist
    texture = figure(phase, view, int(rng.integers(road_users.OUTFITS)))
    width, height = road_users.FIGURE_SIZE
    foot, along = np.array([[place[0], 0, place[1]], [width, 0, 0]])
    return Panel(foot, along, height, texture, label, float(rng.uniform(0.8, 1.15)), turns=True)
