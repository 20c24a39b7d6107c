"""Table from cells of the ground to pixels, made once for a calibration, a pose and a grid.

The ground is sampled in rays from the point below the camera, half a cell from sample to sample, so that a thing's foot
is met before the ground that it hides. Each sample is projected into the image through the lens, which undoes its
distortion without moving a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, hypot, pi, tau

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.ground.camera_pose import CameraPose
from jetseg_core.ground.lens import Lens

MAX_CELLS = 4_000_000
"""Largest number of cells of a grid, and of samples."""
PROBES = (360, 60)
"""Bearings and distances at which is looked for what the camera sees, before the table is made."""


@dataclass(frozen=True)
class GroundGrid:
    """Cells of the ground in the base's frame (x forward, y left), with their sides along the axes.

    Raises:
        JetSegError: no cell, or too many.
    """

    resolution: float = 0.1
    """Side of a cell, metres."""
    length: float = 10.0
    """Extent along x, metres."""
    width: float = 10.0
    """Extent along y, metres."""
    x: float = 0.0
    """x of the edge nearest to the base, metres."""
    y: float = 0.0
    """y of the middle, metres."""

    def __post_init__(self) -> None:
        if not self.resolution > 0 or min(self.shape) < 1 or self.cells > MAX_CELLS:
            raise JetSegError(
                f"grid.resolution is {self.resolution:g} m and the grid {self.length:g} m by {self.width:g} m; "
                f"expected one to {MAX_CELLS} cells"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(rows along y, columns along x), as an OccupancyGrid is stored."""
        return round(self.width / self.resolution), round(self.length / self.resolution)

    @property
    def cells(self) -> int:
        """Number of cells."""
        rows, columns = self.shape
        return rows * columns

    @property
    def origin(self) -> tuple[float, float]:
        """(x, y) of the outer corner of the first cell, metres."""
        return self.x, self.y - self.shape[0] * self.resolution / 2

    @cached_property
    def centers(self) -> np.ndarray:
        """(cells, 2) float32, x and y of each cell's middle, metres."""
        rows, columns = self.shape
        across = self.origin[0] + (np.arange(columns, dtype=np.float32) + 0.5) * self.resolution
        along = self.origin[1] + (np.arange(rows, dtype=np.float32) + 0.5) * self.resolution
        return np.stack(np.meshgrid(across, along), axis=-1).astype(np.float32).reshape(-1, 2)

    def cell_of(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Number of the cell at each place, row by row; `cells` for a place outside."""
        rows, columns = self.shape
        column = np.floor((x - self.origin[0]) / self.resolution)
        row = np.floor((y - self.origin[1]) / self.resolution)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        return np.where(inside, row * columns + column, self.cells).astype(np.int32)

    @property
    def corners(self) -> np.ndarray:
        """(4, 2) x and y of the corners, metres."""
        x, y = self.origin
        far, left = x + self.shape[1] * self.resolution, y + self.shape[0] * self.resolution
        return np.array([(x, y), (far, y), (far, left), (x, left)])


@dataclass(frozen=True, eq=False)
class GroundLookup:
    """The table from image to ground. B rays of R samples each, outwards from the point below the camera.

    Raises:
        JetSegError: the camera sees no ground inside the grid at this resolution.
    """

    lens: Lens
    pose: CameraPose
    grid: GroundGrid
    min_range: float = 0.0
    """Least distance from the point below the camera, metres; it leaves out the robot's own hood, say."""
    max_range: float = 0.0
    """Largest distance, metres; 0 = as far as pixels are smaller than cells."""

    pixels: np.ndarray = None  # type: ignore[assignment]
    """(B, R) int32, place of each sample in the flattened image; 0 where `seen` is False."""
    seen: np.ndarray = None  # type: ignore[assignment]
    """(B, R) bool: a pixel shows it, and covers no more than a cell."""
    cells: np.ndarray = None  # type: ignore[assignment]
    """(B, R) int32, cell of each sample, `grid.cells` outside."""
    first: np.ndarray = None  # type: ignore[assignment]
    """(B, 1) int16, number of the first sample of each ray that is seen."""

    def __post_init__(self) -> None:
        step = self.grid.resolution / 2
        bearings, reach = self._view(step)
        rings = ceil(reach / step)
        if rings * len(bearings) > MAX_CELLS:
            raise JetSegError(
                f"grid.resolution is {self.grid.resolution:g} m, too fine for a range of {reach:g} m; raise it, "
                "or limit range.max"
            )
        distances = (np.arange(rings) + 0.5) * step
        x, y = self._places(bearings[:, None], distances)
        pixels, coarse = self._pixels(x, y)
        columns, rows = (np.floor(pixels[..., axis] + 0.5) for axis in (0, 1))
        height, width = self.lens.size
        with np.errstate(invalid="ignore"):
            seen = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & ~coarse
        seen &= (distances >= self.min_range) & (distances <= (self.max_range or np.inf))
        cells = self.grid.cell_of(x, y)
        kept = (seen & (cells < self.grid.cells)).any(axis=1)
        if not kept.any():
            raise JetSegError(self._nothing_seen())
        last = np.flatnonzero(seen[kept].any(axis=0))[-1] + 1
        seen = np.ascontiguousarray(seen[kept, :last])
        places = np.where(seen, (rows * width + columns)[kept, :last], 0)
        for name, value in (
            ("pixels", places.astype(np.int32)),
            ("seen", seen),
            ("cells", np.ascontiguousarray(cells[kept, :last])),
            ("first", seen.argmax(axis=1).astype(np.int16)[:, None]),
        ):
            object.__setattr__(self, name, value)

    @cached_property
    def in_view(self) -> np.ndarray:
        """(cells + 1,) bool: a pixel shows a place in the cell; the last one stands for all that is outside."""
        mask = np.zeros(self.grid.cells + 1, bool)
        mask[self.cells[self.seen]] = True
        mask[-1] = False
        return mask

    def _reach(self) -> float:
        """Distance of the grid's farthest corner from the point below the camera, metres, or less by max_range."""
        x, y, _ = self.pose.position
        corners = self.grid.corners - (x, y)
        farthest = max(hypot(*corner) for corner in corners)
        return min(farthest, self.max_range or farthest)

    def _places(self, bearings: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y, _ = self.pose.position
        return x + np.cos(bearings) * distances, y + np.sin(bearings) * distances

    def _pixels(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (..., 2) of places on the ground, and whether (...) they cover more than a cell's width."""
        shape, flat = x.shape, np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)

        pixels, slopes = self.lens.project_with_slopes(self.pose.to_camera(flat))
        a, b = (slopes @ self.pose.rotation[axis] for axis in (0, 1))  # by x and by y of the base
        # The smaller singular value of the 2x2 derivative: pixels a metre in the direction in which they are longest.
        squares, area = (a**2).sum(1) + (b**2).sum(1), a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        with np.errstate(invalid="ignore"):
            least = (squares - np.sqrt(np.maximum(squares**2 - 4 * area**2, 0))) / 2
            coarse = ~(np.sqrt(np.maximum(least, 0)) * self.grid.resolution >= 1)
        return pixels.reshape(*shape, 2), coarse.reshape(shape)

    def _view(self, step: float) -> tuple[np.ndarray, float]:
        """Bearings (N,) of the rays, radians, and their length, metres: little more than what is seen, by probes."""
        reach = self._reach()
        distances = np.geomspace(min(0.02, reach), reach, PROBES[1])
        probes = np.arange(PROBES[0]) * (tau / PROBES[0]) - pi
        pixels, coarse = self._pixels(*self._places(probes[:, None], distances))
        height, width = self.lens.size
        with np.errstate(invalid="ignore"):
            inside = (np.abs(pixels - (width / 2, height / 2)) < (0.6 * width, 0.6 * height)).all(2)
        shown = np.flatnonzero((inside & ~coarse).any(axis=0))
        if not len(shown):
            raise JetSegError(self._nothing_seen())
        farthest = float(distances[min(shown[-1] + 1, len(distances) - 1)])
        some = inside.any(axis=1)
        some |= np.roll(some, 1) | np.roll(some, -1)
        rays = ceil(tau * farthest / step)
        bearings = np.arange(rays) * (tau / rays) - pi
        return bearings[some[np.arange(rays) * PROBES[0] // rays]], farthest

    def _nothing_seen(self) -> str:
        return (
            f"the camera, {self.pose.position[2]:g} m above the ground, sees no cell of {self.grid.resolution:g} m of "
            "the grid; correct its pose (a positive pitch looks down), or move or coarsen the grid"
        )
