"""What is painted on the road, and its patches; CamVid counts all of it as road."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from jetseg_core.street.bend import Bend
from jetseg_core.street.camera import NEAR, clip_near, to_pixels
from jetseg_core.street.canvas import fixed_point
from jetseg_core.street.ids import ROAD
from jetseg_core.street.noise import generator
from jetseg_core.street.profile import BLOCK, CROSSING, SIDES, Profile, has_crossing
from jetseg_core.street.view import View

_WHITE = (214.0, 214.0, 208.0)
_YELLOW = (176.0, 158.0, 84.0)
_LONGEST = 6.0
"""Longer marks are cut into pieces of this length in metres, so that they follow the street."""


class Markings:
    """The marks of a street, block by block."""

    def __init__(self, seed: int, profile: Profile, asphalt: np.ndarray) -> None:
        self._seed = seed
        self._profile = profile
        self._asphalt = asphalt
        self._yellow_lines = bool(generator(seed, 63).random() < 0.6)
        self._block = lru_cache(maxsize=8)(self._build)

    def paint(self, view: View, bend: Bend, low: float, high: float) -> None:
        """Paints all marks between two positions along the street, in metres."""
        blocks = [self._block(n) for n in range(int(low // BLOCK), int(high // BLOCK) + 1)]
        marks = np.concatenate(blocks)
        marks = marks[(marks[:, 3] > low) & (marks[:, 2] < high)]
        x0, x1, s0, s1 = marks[:, :4].T
        corners = [bend.points(x, s) for x, s in ((x0, s0), (x0, s1), (x1, s1), (x1, s0))]
        rays = view.camera.to_rays(np.stack(corners, axis=1).reshape(-1, 3)).reshape(-1, 4, 3)
        whole = (rays[:, :, 2] > NEAR).all(1)
        for quad, color in zip(rays[~whole], marks[~whole, 4:], strict=True):
            view.canvas.polygon(to_pixels(clip_near(quad)), color, ROAD)
        pixels = fixed_point(to_pixels(rays[whole].reshape(-1, 3))).reshape(-1, 4, 2)
        view.canvas.polygons(pixels, marks[whole, 4:], [ROAD] * len(pixels))

    def _build(self, number: int) -> np.ndarray:
        """Marks (N, 7) of a block: x from and to, s from and to, and the RGB color."""
        marks: list[tuple[float, ...]] = []

        def mark(x0: float, x1: float, s0: float, s1: float, color: object = _WHITE) -> None:
            rgb = np.asarray(color, float).tolist()
            pieces = max(1, int(np.ceil((s1 - s0) / _LONGEST)))
            ends = np.linspace(s0, s1, pieces + 1).tolist()
            for a, b in pairwise(ends):
                marks.append((x0, x1, a, b, *rgb))

        rng = generator(self._seed, 62, number)
        left, right = (self._profile.kerb(side) for side in SIDES)
        start = number * BLOCK
        for _ in range(int(rng.integers(2, 6))):  # repairs
            x, s = rng.uniform(left + 1, right - 1), start + rng.uniform(0, BLOCK - 4)
            tone = self._asphalt * rng.uniform(0.84, 1.1)
            mark(x, x + rng.uniform(0.4, 1.6), s, s + rng.uniform(0.4, 5), tone)
        x, s = rng.uniform(left + 1, right - 1), start + rng.uniform(0, BLOCK - 4)
        mark(x, x + 0.6, s, s + 0.6, self._asphalt * 0.55)  # manhole
        stop = start + CROSSING if has_crossing(number) else None
        for s in np.arange(start, start + BLOCK, 6.0):
            if stop is None or not stop - 12 < s < stop + 5:
                mark(-0.06, 0.06, s, s + 3.6)
        if stop is not None:
            for s in (stop + 0.5, stop + 3.2):  # studs beside where people cross
                for x in np.linspace(left + 0.4, right - 0.4, 14):
                    mark(x, x + 0.12, s, s + 0.12)
            mark(left + 0.3, -0.1, stop - 1.5, stop - 1.2)
            for a, b in ((-0.16, -0.06), (0.06, 0.16)):
                mark(a, b, stop - 9, stop - 1.5)
        for side, parked in zip(SIDES, self._profile.parking, strict=True):
            kerb = self._profile.kerb(side)
            if parked:
                a, b = sorted((kerb - side * 2.1, kerb - side * 2.2))
                for s in np.arange(start, start + BLOCK, 6.0):
                    mark(a, b, s, s + 2.0)
            elif self._yellow_lines:
                for inset in (0.35, 0.55):
                    a, b = sorted((kerb - side * inset, kerb - side * (inset + 0.07)))
                    mark(a, b, start, start + BLOCK, _YELLOW)
        return np.array(marks)
