"""Fitting frames into the network's input, and the way back: exact to the pixel."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings
from jetseg_core.runtime.geometry import POLICIES, Box, Size, View, crop, letterbox, stretch

OUTSIDE = 255
SIZES = st.tuples(st.integers(1, 90), st.integers(1, 90))


def by_hand(view: View, size: Size, row: int, column: int) -> tuple[int, int] | None:
    """The cell that the center of a result's pixel falls into, in exact fractions; None outside."""
    cell = []
    for index, wanted, frame, seen, shown in (
        (
            row,
            size[0],
            view.frame[0],
            (view.seen.top, view.seen.height),
            (view.shown.top, view.shown.height),
        ),
        (
            column,
            size[1],
            view.frame[1],
            (view.seen.left, view.seen.width),
            (view.shown.left, view.shown.width),
        ),
    ):
        center = Fraction(2 * index + 1, 2 * wanted) * frame  # in pixels of the frame
        if not seen[0] <= center < sum(seen):
            return None
        cell.append(int(shown[0] + (center - seen[0]) * shown[1] / seen[1]))
    return cell[0], cell[1]


@pytest.mark.parametrize("policy", POLICIES)
@given(frame=SIZES, grid=SIZES, other=SIZES, own=st.booleans())
def test_every_pixel_takes_the_cell_under_its_center(
    policy: str, frame: Size, grid: Size, other: Size, own: bool
) -> None:
    view = POLICIES[policy](frame, grid)
    size = frame if own else other
    cells = np.arange(grid[0] * grid[1], dtype=np.int64).reshape(grid)
    found = view.invert(cells, size, -1)
    assert found.shape == size
    for row in {0, size[0] // 3, size[0] // 2, size[0] - 1}:
        for column in {0, size[1] // 3, size[1] // 2, size[1] - 1}:
            cell = by_hand(view, size, row, column)
            assert found[row, column] == (-1 if cell is None else cells[cell])
    pixels = np.bincount(found.ravel() + 1, minlength=cells.size + 1)[1:]
    evenly = len(set(pixels)) == 1 and (found >= 0).all()
    # Of a crop that happens to lose no pixel of the result, it does not tell.
    assert view.pixels_per_cell(size) in (pixels[0] if evenly else None, None)
    if policy == "stretch":
        assert (view.pixels_per_cell(size) is not None) == evenly


@pytest.mark.parametrize("policy", POLICIES)
@given(frame=SIZES, grid=SIZES)
def test_both_boxes_lie_inside_and_in_the_middle(policy: str, frame: Size, grid: Size) -> None:
    view = POLICIES[policy](frame, grid)
    for box, room in ((view.seen, frame), (view.shown, grid)):
        assert 0 < box.height <= room[0]
        assert 0 < box.width <= room[1]
        assert room[0] - box.height - 2 * box.top in (0, 1)
        assert room[1] - box.width - 2 * box.left in (0, 1)


@pytest.mark.parametrize("policy", ["letterbox", "crop"])
@given(frame=SIZES, grid=SIZES)
def test_the_aspect_ratio_is_kept_to_within_half_a_pixel(
    policy: str, frame: Size, grid: Size
) -> None:
    view = POLICIES[policy](frame, grid)
    free, fixed = (view.shown, view.seen) if policy == "letterbox" else (view.seen, view.shown)
    room = grid if policy == "letterbox" else frame
    # One side fills the room, the other follows from it; rounding may make both fill it.
    wide = max(Fraction(1), Fraction(fixed.width * room[0], fixed.height))
    tall = max(Fraction(1), Fraction(fixed.height * room[1], fixed.width))
    assert (free.height == room[0] and abs(free.width - wide) <= Fraction(1, 2)) or (
        free.width == room[1] and abs(free.height - tall) <= Fraction(1, 2)
    )


@pytest.mark.parametrize("policy", POLICIES)
@given(grid=SIZES, frame=SIZES)
def test_unseen_is_outside_and_seen_is_not(policy: str, grid: Size, frame: Size) -> None:
    view = POLICIES[policy](frame, grid)
    labels = np.zeros(grid, np.uint8)
    on_frame, on_grid = view.invert(labels, frame, OUTSIDE), view.blank(labels, OUTSIDE)
    for plane, box in ((on_frame, view.seen), (on_grid, view.shown)):
        assert plane.dtype == np.uint8
        assert (plane[box.slices] == 0).all()
        assert (plane == OUTSIDE).sum() == plane.size - box.height * box.width


@pytest.mark.parametrize("policy", POLICIES)
@given(factor=st.integers(1, 4), grid=SIZES)
def test_whole_factors_come_back_as_they_were(policy: str, factor: int, grid: Size) -> None:
    frame = (factor * grid[0], factor * grid[1])
    labels = np.random.default_rng(0).integers(0, 11, grid, np.uint8)
    found = POLICIES[policy](frame, grid).invert(labels, frame, OUTSIDE)
    np.testing.assert_array_equal(found, labels.repeat(factor, 0).repeat(factor, 1))


def test_the_boxes_of_a_wide_frame() -> None:
    frame, grid = (720, 1280), (360, 480)
    assert letterbox(frame, grid).shown == Box(45, 0, 270, 480)
    assert crop(frame, grid).seen == Box(0, 160, 720, 960)
    assert stretch(frame, grid) == View(frame, grid, Box(0, 0, *frame), Box(0, 0, *grid))


def test_rendering_shows_the_view_and_a_plain_border() -> None:
    frame = np.zeros((40, 80, 3), np.uint8)
    frame[:, 40:] = 200
    boxed = letterbox((40, 80), (80, 80)).render(frame)
    np.testing.assert_array_equal(boxed[20:60], frame)
    assert len(np.unique(np.concatenate((boxed[:20], boxed[60:])).reshape(-1, 3), axis=0)) == 1
    cropped = crop((40, 80), (40, 40)).render(frame)
    np.testing.assert_array_equal(cropped, frame[:, 20:60])
    assert cropped.flags.c_contiguous
    assert stretch((40, 80), (20, 40)).render(frame).shape == (20, 40, 3)


def test_a_policy_that_there_is_none_of() -> None:
    with pytest.raises(JetSegError, match="'squeeze' is not one of stretch, letterbox, crop"):
        RuntimeSettings(resize="squeeze")


@pytest.mark.parametrize("width", [101, 133, 149, 150, 151, 199, 340])
def test_shrinking_sees_every_column(width: int) -> None:
    view = stretch((90, width), (64, 100))
    for column in range(width):
        frame = np.zeros((90, width, 3), np.uint8)
        frame[:, column] = 255
        seen = view.render(frame).max() / 255  # its share of a pixel
        assert seen >= min(0.25, 100 / width / 2), f"column {column} is hardly seen"
