"""The fit of a frame into the network's input, and the way back to the frame's pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

Size = tuple[int, int]
"""(height, width), pixels."""

_BORDER = (124, 116, 104)
"""RGB around a letterboxed frame: the mean that normalisation subtracts, so it becomes zeros."""


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array with."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


@dataclass(frozen=True)
class View:
    """The position of a frame in a grid of another size."""

    frame: Size
    grid: Size
    seen: Box
    """The part of the frame that is in the grid."""
    shown: Box
    """The part of the grid that `seen` fills."""

    def render(self, frame: np.ndarray) -> np.ndarray:
        """The frame in the grid: (H, W, 3) uint8 RGB -> (h, w, 3), contiguous."""
        picture = _resize(frame[self.seen.slices], (self.shown.height, self.shown.width))
        if (self.shown.height, self.shown.width) == self.grid:
            return np.ascontiguousarray(picture)
        canvas = np.full((*self.grid, 3), _BORDER, np.uint8)
        canvas[self.shown.slices] = picture
        return canvas

    def blank(self, plane: np.ndarray, outside: int) -> np.ndarray:
        """A plane (h, w) of the grid, with `outside` in the cells that show nothing of the frame."""
        if (self.shown.height, self.shown.width) == self.grid:
            return plane
        blanked = np.full_like(plane, outside)
        blanked[self.shown.slices] = plane[self.shown.slices]
        return blanked

    def invert(self, plane: np.ndarray, size: Size, outside: int) -> np.ndarray:
        """Move a plane (h, w) of the grid back to the frame: each pixel takes the value of the cell that its
        center falls into, and `outside` where the grid does not show it.

        Args:
            plane: one value per cell of the grid.
            size: of the result, which covers the whole frame; the frame's own size or any other.
            outside: value of the pixels that lie outside `seen`.
        """
        whole_frame = self.seen == Box(0, 0, *self.frame)
        if whole_frame and self.grid == size and self.shown == Box(0, 0, *size):
            return plane
        rows, inside_rows = _cells(
            size[0],
            self.frame[0],
            (self.seen.top, self.seen.height),
            (self.shown.top, self.shown.height),
        )
        columns, inside_columns = _cells(
            size[1],
            self.frame[1],
            (self.seen.left, self.seen.width),
            (self.shown.left, self.shown.width),
        )
        seen_size = rows.size, columns.size
        if seen_size == size:
            return _pick(plane, rows, columns)
        whole = np.full(size, outside, plane.dtype)
        if min(seen_size) > 0:
            whole[inside_rows, inside_columns] = _pick(plane, rows, columns)
        return whole

    def pixels_per_cell(self, size: Size) -> int | None:
        """Pixels that `invert` makes of each cell of the grid; None if cells fill different numbers of pixels."""
        shows_all = self.seen == Box(0, 0, *self.frame) and self.shown == Box(0, 0, *self.grid)
        (rows, rest), (columns, left) = (divmod(size[axis], self.grid[axis]) for axis in (0, 1))
        return rows * columns if shows_all and not rest and not left else None


def stretch(frame: Size, grid: Size) -> View:
    """All of the frame fills all of the grid; its aspect ratio is not kept."""
    return View(frame, grid, Box(0, 0, *frame), Box(0, 0, *grid))


def letterbox(frame: Size, grid: Size) -> View:
    """All of the frame, its aspect ratio kept, in the middle of the grid; the rest shows nothing."""
    return View(frame, grid, Box(0, 0, *frame), _centered(frame, grid))


def crop(frame: Size, grid: Size) -> View:
    """The largest middle part of the frame that has the grid's aspect ratio; the rest is not seen."""
    return View(frame, grid, _centered(grid, frame), Box(0, 0, *grid))


POLICIES: dict[str, Callable[[Size, Size], View]] = {
    "stretch": stretch,
    "letterbox": letterbox,
    "crop": crop,
}
"""The resize policies by name; each takes the sizes of frame and grid."""


def _centered(shape: Size, room: Size) -> Box:
    """The largest box of `shape`'s aspect ratio in the middle of `room`."""
    # In whole numbers: which side fills the room must not depend on a rounding error.
    if shape[0] * room[1] >= shape[1] * room[0]:  # taller than the room
        height, width = room[0], _rounded(shape[1] * room[0], shape[0])
    else:
        height, width = _rounded(shape[0] * room[1], shape[1]), room[1]
    return Box((room[0] - height) // 2, (room[1] - width) // 2, height, width)


def _rounded(numerator: int, denominator: int) -> int:
    return max(1, (2 * numerator + denominator) // (2 * denominator))


def _cells(
    wanted: int, frame: int, seen: tuple[int, int], shown: tuple[int, int]
) -> tuple[np.ndarray, slice]:
    """Along one axis: the cell of each visible pixel, and the range of these pixels."""
    # A pixel's center is at (2 i + 1) / (2 wanted) of the frame. In whole numbers, since OpenCV's nearest
    # modes are half a pixel or a rounding error off.
    centers = (2 * np.arange(wanted, dtype=np.int64) + 1) * frame - 2 * wanted * seen[0]
    inside = np.flatnonzero((centers >= 0) & (centers < 2 * wanted * seen[1]))
    cells = shown[0] + centers[inside] * shown[1] // (2 * wanted * seen[1])
    start = int(inside[0]) if inside.size else 0
    return cells, slice(start, start + inside.size)


def _pick(plane: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Rows and columns of a plane, each of which may be repeated or left out; at least one of both."""
    # Whole rows are copied at the speed of memory. Columns are therefore picked as rows of the transposed plane, which
    # takes a fifth of the time of `take` along the columns.
    turned = cv2.transpose(cv2.transpose(plane).take(columns, 0))
    return turned.take(rows, 0)


def _resize(image: np.ndarray, size: Size) -> np.ndarray:
    height, width = size
    if image.shape[:2] == size:
        return image
    shrinks = height < image.shape[0] and width < image.shape[1]
    # Below two thirds of the size, interpolation would skip pixels, and thin poles with them; averaging does not.
    # Above, every pixel keeps at least a quarter of its weight, and interpolation takes a fifth of the time.
    far = 3 * height <= 2 * image.shape[0] or 3 * width <= 2 * image.shape[1]
    method = cv2.INTER_AREA if shrinks and far else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)
