"""Free space on the ground, from one label image.

A pixel of a class that lies on the ground (road, sidewalk) shows the ground. A thing that stands on it shows the ground
only at its foot; its body hides what is behind. So the foot is occupied, for a depth that is a parameter, and what
follows along the ray is unknown up to the next pixel that shows the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import tau

import numpy as np

from jetseg_core.classes import UNLABELLED
from jetseg_core.errors import JetSegError
from jetseg_core.ground.ground_lookup import GroundLookup

FREE, OCCUPIED, UNKNOWN = 0, 100, -1
"""Values of nav_msgs/OccupancyGrid."""

_HIDDEN, _DRIVABLE, _FLAT, _UPRIGHT = range(4)

KNOWN_FLAT = ("Road", "Sidewalk", "Terrain", "RoadShoulder", "LaneMkgsDriv", "LaneMkgsNonDriv")
"""Classes that lie on the ground, of the known sets; compared without regard to case."""
KNOWN_HIGH = ("Sky", "Void")
"""Classes that do not touch the ground, or say nothing."""


@dataclass(frozen=True)
class ClassRoles:
    """Meaning of each class for the ground that its pixels cover.

    Raises:
        JetSegError: a class that the model does not have; the message lists its classes.
    """

    names: tuple[str, ...]
    """Classes of the model, in id order."""
    drivable: tuple[str, ...] = ("Road",)
    """Classes of free ground; compared without regard to case."""
    flat: tuple[str, ...] = ()
    """Classes that lie on the ground and are not free; none = those of `KNOWN_FLAT` that the model has."""

    def __post_init__(self) -> None:
        known = {name.casefold() for name in self.names}
        for parameter, given in (("drivable", self.drivable), ("flat", self.flat)):
            unknown = [name for name in given if name.casefold() not in known]
            if unknown or (parameter == "drivable" and not given):
                raise JetSegError(
                    f"classes.{parameter} is {list(given)}; expected some of the model's classes, "
                    f"{', '.join(self.names)}"
                )

    @cached_property
    def table(self) -> np.ndarray:
        """(256,) uint8, role of every label value."""
        roles = np.full(256, _HIDDEN, np.uint8)
        for number, name in enumerate(self.names):
            if _in(name, self.drivable):
                roles[number] = _DRIVABLE
            elif _in(name, self.flat or KNOWN_FLAT):
                roles[number] = _FLAT
            elif not _in(name, KNOWN_HIGH):
                roles[number] = _UPRIGHT
        roles[UNLABELLED] = _HIDDEN
        return roles


def _in(name: str, names: Sequence[str]) -> bool:
    return name.casefold() in {each.casefold() for each in names}


class FreeSpace:
    """Free and occupied ground in one label image.

    Args:
        lookup: for the image's camera.
        roles: of the classes.
        labels: (H, W) uint8 class ids, 255 = unlabelled, of the lens's size.
        confidence: (H, W) uint8, softmax maximum x 255; None = unknown.
        min_confidence: pixels with less (0..1) show nothing; needs the confidence.
        obstacle_depth: how much of the ground behind its foot a thing occupies, metres.
    """

    def __init__(
        self,
        lookup: GroundLookup,
        roles: ClassRoles,
        labels: np.ndarray,
        confidence: np.ndarray | None = None,
        min_confidence: float = 0.0,
        obstacle_depth: float = 0.5,
    ) -> None:
        self.lookup = lookup
        self._labels = np.take(labels, lookup.pixels)
        self._confidence = None if confidence is None else np.take(confidence, lookup.pixels)
        found = np.take(roles.table, self._labels)
        found *= lookup.seen
        if self._confidence is not None and min_confidence > 0:
            found[self._confidence < min_confidence * 255] = _HIDDEN
        free = np.flatnonzero(found == _DRIVABLE)
        occupied = np.flatnonzero(self._occupied(found, obstacle_depth))
        self._samples = free, occupied
        cells = lookup.cells.reshape(-1)
        self._cells = np.full(lookup.grid.cells + 1, UNKNOWN, np.int8)
        self._cells[cells[free]] = FREE
        self._cells[cells[occupied]] = OCCUPIED  # after: a cell is free only where nothing is in it
        self._cells[-1] = UNKNOWN  # stands for all that is outside the grid

    def _occupied(self, found: np.ndarray, depth: float) -> np.ndarray:
        upright = found == _UPRIGHT
        if not upright.any():
            return found == _FLAT
        order = np.arange(found.shape[1], dtype=np.int16)
        shows_ground = (found == _DRIVABLE) | (found == _FLAT)
        # A thing at the first sample of a ray begins there: its foot may be nearer.
        last = np.where(shows_ground, order, self.lookup.first - np.int16(1))
        np.maximum.accumulate(last, axis=1, out=last)
        samples = max(1, round(depth / (self.lookup.grid.resolution / 2)))
        upright &= order - last <= samples
        upright |= found == _FLAT
        return upright

    @property
    def grid(self) -> np.ndarray:
        """(rows, columns) int8 of nav_msgs/OccupancyGrid: 0 free, 100 occupied, -1 unknown."""
        return self._cells[:-1].reshape(self.lookup.grid.shape)

    def scan(self, bearings: ScanBearings) -> np.ndarray:
        """Distance (N,) float32 from the base to the first occupied cell by bearing, metres.

        +inf: free as far as the camera sees. NaN: nothing is known.
        """
        met = self._cells[bearings.cells]
        occupied = met == OCCUPIED
        first = occupied.argmax(axis=1)
        row = np.arange(len(first))
        free = met == FREE
        # The last free step of each bearing, and how far that is from the last one in view.
        steps = met.shape[1]
        last_free = steps - 1 - free[:, ::-1].argmax(axis=1)
        through = free[row, last_free] & (last_free >= bearings.last - bearings.slack)
        ranges = np.where(through, np.float32(np.inf), np.float32(np.nan))
        return np.where(occupied[row, first], bearings.distances[first], ranges)

    def known_cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Free and occupied cells: number (N,), class id (N,) uint8, confidence (N,) 0..1, NaN if unknown."""
        cells, labels = self.lookup.cells.reshape(-1), self._labels.reshape(-1)
        sample = np.zeros(self.lookup.grid.cells + 1, np.intp)
        for samples in self._samples:
            sample[cells[samples]] = samples
        known = np.flatnonzero(self._cells[:-1] != UNKNOWN)
        chosen = sample[known]
        if self._confidence is None:
            confidence = np.full(len(known), np.nan, np.float32)
        else:
            confidence = self._confidence.reshape(-1)[chosen] / np.float32(255)
        return known, labels[chosen], confidence


class ScanBearings:
    """The cells that lie along each bearing from the base: made once for a lookup.

    Args:
        lookup: its cells in view set first and last bearing.
    """

    slack = 4
    """Steps, half cells, before the end of the view up to which a bearing must be free to count as free."""

    def __init__(self, lookup: GroundLookup) -> None:
        grid = lookup.grid
        centers = grid.centers[lookup.in_view[:-1]].astype(float)
        distances, angles = np.hypot(*centers.T), np.arctan2(centers[:, 1], centers[:, 0])
        step = grid.resolution / 2
        self.range_min = step
        self.range_max = float(distances.max() + grid.resolution)
        """Farthest cell in view, metres."""
        self.increment = min(step / self.range_max, tau / 360)
        """Angle from one bearing to the next, radians."""
        low, high = float(angles.min()), float(angles.max())
        count = int((high - low) / self.increment) + 1
        self.angles = low + np.arange(count) * self.increment
        """(N,) radians from x towards y, ascending."""
        self.distances = np.arange(step, self.range_max, step, dtype=np.float32)
        x, y = (turn(self.angles)[:, None] * self.distances for turn in (np.cos, np.sin))
        self.cells = grid.cell_of(x, y)
        """(N, steps) int32."""
        seen = lookup.in_view[self.cells]
        self.last = np.where(seen.any(1), seen.shape[1] - 1 - seen[:, ::-1].argmax(1), 0)
        """(N,) number of the last step in view."""
