"""What stands in a block of the street: houses, yards, trees, furniture and parked cars."""

from __future__ import annotations

from math import pi

import numpy as np

from jetseg_core.street import furniture, vehicles
from jetseg_core.street.bend import Bend
from jetseg_core.street.facades import STYLES, Facade, facade
from jetseg_core.street.houses import DEPTH, Materials, house
from jetseg_core.street.ids import FENCE, TREE
from jetseg_core.street.light import Light
from jetseg_core.street.mesh import Mesh
from jetseg_core.street.noise import generator
from jetseg_core.street.profile import (
    BLOCK,
    CROSSING,
    SIDES,
    Block,
    Profile,
    has_crossing,
)
from jetseg_core.street.shadows import hull
from jetseg_core.street.texture import Texture
from jetseg_core.street.things import Panel, Solid, Spot, Thing
from jetseg_core.street.vegetation import BUSHES, TREES, Plant, bush, hedge, tree

_SIDE_ROAD = 8.0


class Builder:
    """Builds the blocks of one street."""

    def __init__(self, seed: int, profile: Profile, bend: Bend, light: Light) -> None:
        self._seed = seed
        self._profile = profile
        self._bend = bend
        self._light = light
        rng = generator(seed, 42)
        self._materials = Materials.of(rng)
        self._lamp = furniture.lamp_post(int(rng.integers(3)))

    def build(self, number: int) -> Block:
        """Block `number`. Every block has a yard, so that fences and trees are never far."""
        rng = generator(self._seed, 43, number)
        block = Block()
        start = number * BLOCK
        yard_side = int(rng.choice(SIDES))
        for side in SIDES:
            self._lots(rng, block, side, start, with_yard=side == yard_side)
            self._parked_cars(rng, block, side, start)
            self._kerbside(rng, block, side, start)
            self._signs(rng, block, side, start)
        if has_crossing(number):
            self._crossing(rng, block, start + CROSSING)
        return block

    def _lots(
        self, rng: np.random.Generator, block: Block, side: int, start: float, *, with_yard: bool
    ) -> None:
        """Fills one side with houses, yards and at most one side road."""
        at, end = start, start + BLOCK
        yard_at = start + rng.uniform(0, BLOCK - 16) if with_yard else end
        road_at = start + rng.uniform(8, BLOCK - 10) if rng.random() < 0.3 else end
        neighbor = 0.0  # height of the house before
        while at < end - 1:
            if at >= road_at and end - at > _SIDE_ROAD:
                block.side_roads.append((side, at, at + _SIDE_ROAD))
                at, road_at, neighbor = at + _SIDE_ROAD, end, 0.0
                continue
            front = facade(int(rng.integers(STYLES)))
            green = rng.random() < self._profile.green or at >= yard_at
            if green or at + front.width > end:
                length = min(end - at, float(rng.uniform(9, 18)) if green else BLOCK)
                self._yard(rng, block, side, at, at + length)
                at, yard_at, neighbor = at + length, end, 0.0
                continue
            x = self._profile.front(side)
            block.things += self._house(rng, x, at, front, neighbor)
            block.skyline.append((side, at, at + front.width, front.height))
            self._shade(block, side, at, front)
            for s in np.arange(at + 1.5, at + front.width - 1, 5.0):
                if rng.random() < 0.4:
                    heading = 0.0 if side < 0 else pi
                    board, height = furniture.shop_sign(), float(rng.uniform(2.9, 4.6))
                    colors = furniture.random_colors(rng)
                    self._put(block, board, x, s, heading, y=height, palette=colors)
            at, neighbor = at + front.width, front.height

    def _house(
        self, rng: np.random.Generator, x: float, at: float, front: Facade, neighbor: float
    ) -> list[Thing]:
        tint = (rng.uniform(0.72, 1.2) * rng.uniform(0.96, 1.04, 3)).clip(0.6, 1.2)
        rise = float(rng.uniform(1.8, 3.2)) if front.pitched else 0.0
        sun = self._light.sun
        across = sum(self._profile.fronts) * sun[1] / max(abs(sun[0]), 0.05)
        # Houses opposite are about as high as this one.
        shaded = max(front.height - across, 0.0) if sun[0] * x < 0 else 0.0
        exposed = neighbor < front.height + rise
        return house(
            self._bend, self._light, x, at, front, tint, self._materials, rise,
            exposed=exposed, shaded=float(shaded),
        )  # fmt: skip

    def _shade(self, block: Block, side: int, at: float, front: Facade) -> None:
        """The shadow that a house throws into the street."""
        sun = self._light.sun
        if side * sun[0] > 0:
            x = self._profile.front(side)
            feet = [self._bend.point(x, at), self._bend.point(x, at + front.width)]
            foot = np.array([*feet, *(p + np.array([side * DEPTH, 0, 0]) for p in feet)])
            block.shades.append(hull(np.concatenate([foot, foot - sun / sun[1] * front.height])))

    def _yard(
        self, rng: np.random.Generator, block: Block, side: int, start: float, end: float
    ) -> None:
        """A lawn behind a fence, with trees and bushes, sometimes a house at its back."""
        block.yards.append((side, start, end))
        x = self._profile.front(side)
        self._fence(block, x, start, end, int(rng.integers(furniture.FENCES)))
        if rng.random() < 0.35:
            leaves = hedge(int(rng.integers(4)))
            for a in np.arange(start, end, 4.0):
                self._wall(block, x + side * 0.6, a, min(a + 4.0, end), 4.0, 1.9, leaves, TREE)
        for s in np.arange(start + 2, end - 1, 5.0):
            tall = rng.random() < 0.75
            plant = tree(int(rng.integers(TREES))) if tall else bush(int(rng.integers(BUSHES)))
            self._plant(rng, block, x + side * rng.uniform(2.5, 7), s, plant)
            if rng.random() < 0.6:
                low = bush(int(rng.integers(BUSHES)))
                self._plant(rng, block, x + side * rng.uniform(1.2, 3), s + 2, low)
        if rng.random() < 0.6:
            front = facade(int(rng.integers(STYLES)))
            away = x + side * float(rng.uniform(9, 14))
            block.things += self._house(rng, away, start, front, 0.0)

    def _fence(self, block: Block, x: float, start: float, end: float, kind: int) -> None:
        texture, height = furniture.fence(kind)
        length = furniture.FENCE_LENGTH
        for a in np.arange(start, end, length):
            self._wall(block, x, a, min(a + length, end), length, height, texture, FENCE)

    def _wall(
        self, block: Block, x: float, start: float, end: float, length: float, height: float,
        texture: Texture, label: int,
    ) -> None:  # fmt: skip
        """A fence or hedge of a texture that shows `length` metres, cut off at its end."""
        a, b = self._bend.point(x, start), self._bend.point(x, end)
        share = (end - start) / length
        shown = np.array([[0, 0], [share, 0], [share, 1], [0, 1], [0, 1]])
        spot = Spot(x, float(start), float(end), reach=100.0)
        up = np.array([0, height, 0.0])
        block.things.append(
            Panel(spot, a, (b - a) / share, up, texture, label, outline=shown, solid_label=True)
        )

    def _plant(
        self, rng: np.random.Generator, block: Block, x: float, s: float, plant: Plant,
        scale: float = 1.0,
    ) -> None:  # fmt: skip
        tint = rng.uniform(0.8, 1.15) * rng.uniform(0.95, 1.05, 3)
        size = scale * float(rng.uniform(0.75, 1.15))
        across, up = np.array([plant.width * size, 0, 0]), np.array([0, plant.height * size, 0])
        spot = Spot(float(x), float(s), float(s), reach=125.0 if plant.height > 4 else 60.0)
        foot = self._bend.point(x, s)
        block.things.append(Panel(spot, foot, across, up, plant.texture, TREE, tint, facing=True))

    def _put(
        self, block: Block, mesh: Mesh, x: float, s: float, heading: float = 0.0, *, y: float = 0.0,
        palette: np.ndarray = furniture.PALETTE, reach: float = 130.0,
    ) -> None:  # fmt: skip
        """Puts up street furniture."""
        spot = Spot(x, float(s), float(s), reach)
        block.things.append(Solid(spot, self._bend.pose(x, float(s), heading, y), mesh, palette))

    def _parked_cars(self, rng: np.random.Generator, block: Block, side: int, start: float) -> None:
        share = self._profile.parking[side > 0]
        taken = rng.random() < share
        for s in np.arange(start + 2.5, start + BLOCK - 3, 6.0):
            if taken:
                kind = int(rng.choice(5, p=[0.36, 0.26, 0.18, 0.1, 0.1]))
                long, half = vehicles.length(kind) / 2, vehicles.half_width(kind)
                x = self._profile.kerb(side) - side * (half + rng.uniform(0.05, 0.3))
                # Most are parked in the direction of travel of their side.
                heading = pi if (side > 0) == (rng.random() < 0.85) else 0.0
                heading += float(rng.normal(0, 0.02))
                car = vehicles.placed(self._bend, kind, float(x), float(s) + long, heading, rng)
                block.things.append(car)
            taken = rng.random() < (0.5 + 0.5 * share if taken else share * 0.8)

    def _kerbside(self, rng: np.random.Generator, block: Block, side: int, start: float) -> None:
        """Lamp posts, and bollards or a guard rail or trees along the kerb."""
        edge = self._profile.kerb(side) + side * 0.45
        s = start + (4 if side < 0 else 27) + float(rng.uniform(-1, 1))
        heading = 0.0 if side < 0 else pi
        self._put(block, self._lamp, edge, s, heading)
        chance = rng.random()
        at = start + float(rng.uniform(2, 20))
        if chance < 0.3:
            for i in range(int(rng.integers(4, 9))):
                self._put(block, furniture.bollard(), edge, at + 1.6 * i, reach=60.0)
        elif chance < 0.5:
            self._fence(block, edge, at, at + float(rng.uniform(8, 20)), 0)
        if rng.random() < 0.4:
            x, s = self._profile.front(side) - side * 0.5, start + float(rng.uniform(0, BLOCK))
            self._put(block, furniture.bin_(), x, s, reach=60.0)
        if self._profile.alley:
            for s in np.arange(start + 8, start + BLOCK, 13.0):
                plant = tree(int(rng.integers(TREES)))
                self._plant(rng, block, edge + side * 0.35, s, plant, 0.8)

    def _signs(self, rng: np.random.Generator, block: Block, side: int, start: float) -> None:
        x = self._profile.kerb(side) + side * 0.5
        for offset in (8, 20, 32, 44):
            if rng.random() < 0.5:
                sign = furniture.sign_post(int(rng.integers(furniture.SIGNS)))
                turned = 0.0 if side < 0 or rng.random() < 0.4 else pi
                s = start + offset + float(rng.uniform(-3, 3))
                heading = turned + float(rng.normal(0, 0.1))
                self._put(block, sign, x, s, heading, reach=110.0)

    def _crossing(self, rng: np.random.Generator, block: Block, s: float) -> None:
        """Traffic lights, for the camera's direction and for the other one."""
        phase = int(rng.integers(3))
        for side in SIDES:
            x = self._profile.kerb(side) + side * 0.45
            mesh = furniture.traffic_light(phase)
            for at, heading in ((s, 0.0), (s + 4.5, pi)):
                self._put(block, mesh, x, at, heading)
