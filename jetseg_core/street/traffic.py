"""What moves: cars, bicyclists and pedestrians, each stream a pure function of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, pi, sin

import numpy as np

from jetseg_core.street import people, vehicles
from jetseg_core.street.bend import Bend
from jetseg_core.street.noise import generator
from jetseg_core.street.profile import KERB_HEIGHT
from jetseg_core.street.street import Street
from jetseg_core.street.things import Person, Solid, Spot, Thing

SPEED = 8.0
"""Mean speed of the camera in metres per second."""
LANE = -1.6
"""Position of the camera's lane, in metres right of the street's middle: traffic keeps left."""
_VISIBLE = 90.0  # metres up to which people are painted


def drive(seed: int, time: float) -> float:
    """Position of the camera along the street in metres, always increasing, after `time` seconds."""
    rng = generator(seed, 50)
    start, phase = rng.uniform(1000, 3000), rng.uniform(0, 2 * pi)
    return float(start + SPEED * time + 5.0 * (sin(0.35 * time + phase) - sin(phase)))


@dataclass(frozen=True)
class _Stream:
    """Members at regular distances with some irregularity, all at the same mean speed."""

    key: int
    spacing: float
    speed: float
    """Along the street, negative against the camera; None of the members overtakes another."""
    jitter: float

    def members(
        self, seed: int, base: float, low: float, high: float
    ) -> Iterator[tuple[float, np.random.Generator]]:
        """Position and private randomness of every member between low and high metres."""
        reach = self.jitter * self.spacing
        first = ceil((low - base - reach) / self.spacing)
        for number in range(first, floor((high - base) / self.spacing) + 1):
            rng = generator(seed, self.key, number % 2**32)
            s = base + number * self.spacing + rng.uniform(0, reach)
            if low <= s <= high:
                yield s, rng


def traffic(street: Street, time: float, here: float, reach: float) -> list[Thing]:
    """Everything that moves, from a little behind the camera (`here`) to `reach` metres ahead."""
    seed, profile, bend = street.seed, street.profile, street.bend
    mood = generator(seed, 51)
    low, high = here - 6, here + reach
    things: list[Thing] = []
    oncoming = _Stream(52, float(mood.uniform(24, 60)), -float(mood.uniform(6, 9)), 0.6)
    for s, rng in oncoming.members(seed, oncoming.speed * time, low, high):
        things.append(_car(bend, rng, 1.75 + float(rng.uniform(-0.2, 0.2)), s, pi))
    leading = _Stream(53, float(mood.uniform(28, 60)), SPEED, 0.5)
    base = here + float(mood.uniform(14, 40))
    for s, rng in leading.members(seed, base, here + 9, high):
        drift = 1.5 * sin(0.4 * time + rng.uniform(0, 2 * pi))
        things.append(_car(bend, rng, LANE, s + drift, 0.0))
    left, right = profile.kerbs
    for key, speed, x, heading, gap in (
        (54, 4.6, max(-left + 0.7, -3.0), 0.0, 60.0),
        (55, -4.4, min(right - 0.7, 3.1), pi, 90.0),
    ):
        stream = _Stream(key, gap, speed, 0.7)
        for s, rng in stream.members(seed, speed * time, here - 1, min(high, here + _VISIBLE)):
            colors = people.palette(rng)
            phase = int((time * 1.1 + rng.uniform()) * people.PHASES) % people.PHASES
            wobble = 0.08 * sin(1.7 * time + s * 0.1)
            pose = bend.pose(x + wobble, s, heading)
            spot = Spot(x, s, s + 0.9, _VISIBLE)
            things.append(Person(spot, pose, people.bicyclist(phase), colors))
    things += _walkers(street, time, low, min(high, here + _VISIBLE))
    return things


def _car(bend: Bend, rng: np.random.Generator, x: float, s: float, heading: float) -> Solid:
    kind = int(rng.choice(6, p=[0.32, 0.26, 0.16, 0.1, 0.11, 0.05]))
    braking = bool(heading == 0.0 and rng.random() < 0.4)
    return vehicles.placed(bend, kind, x, s, heading, rng, braking=braking)


def _walkers(street: Street, time: float, low: float, high: float) -> Iterator[Thing]:
    seed, profile = street.seed, street.profile
    mood = generator(seed, 56)
    speeds = (1.3, -1.25, 1.2, -1.35, 0.0, 0.0)
    for number, speed in enumerate(speeds):
        side = -1 if number % 2 else 1
        kerb, front = profile.kerb(side), profile.front(side)
        spacing = float(mood.uniform(14, 36)) * (1.0 if speed else 3.0)
        stream = _Stream(57 + number, spacing, speed, 0.9)
        for s, rng in stream.members(seed, speed * time, low, high):
            heading = float(rng.uniform(0, 2 * pi)) if speed == 0 else 0.0 if speed > 0 else pi
            for companion in range(1 + int(rng.random() < 0.3)):
                x = kerb + (front - kerb) * float(rng.uniform(0.25, 0.85))
                step = int((time * 0.95 + rng.uniform()) * people.PHASES) % people.PHASES
                figure = people.pedestrian(step if speed else -1, int(rng.integers(3)))
                at = s + 0.5 * companion
                pose = street.bend.pose(x, at, heading, KERB_HEIGHT)
                yield Person(Spot(x, at, at + 0.3, _VISIBLE), pose, figure, people.palette(rng))
