"""Polygons: which pixels are inside, and which texts are polygons."""

from __future__ import annotations

import numpy as np
import pytest

from jetseg_core.errors import JetSegError
from jetseg_core.results import regions
from jetseg_core.results.regions import Region, parse_regions


def test_parse() -> None:
    region = Region.parse("ego lane: 0.4 0.5, 0.6 0.5,1 1, 0 1")
    assert region.name == "ego lane"
    assert region.corners == ((0.4, 0.5), (0.6, 0.5), (1.0, 1.0), (0.0, 1.0))


@pytest.mark.parametrize(
    "text",
    [
        "lane",
        "lane:",
        ": 0 0, 1 0, 1 1",
        "lane: 0 0, 1 1",
        "lane: 0 0, 1 0, 1",
        "lane: 0 0, 1 0, 1 2",
        "lane: 0 0, 1 0, x 1",
        "lane: 0 0, 1 0, nan 1",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(JetSegError, match="expected 'name: x y"):
        Region.parse(text)


def test_names_must_differ_and_empty_texts_are_none() -> None:
    assert parse_regions(("", " ")) == ()
    with pytest.raises(JetSegError, match="repeated: lane"):
        parse_regions(("lane: 0 0, 1 0, 1 1", "lane: 0 0, 1 0, 0 1"))


def test_a_rectangle_holds_the_pixels_with_their_centres_inside() -> None:
    mask = Region.parse("box: 0.25 0.5, 0.75 0.5, 0.75 1, 0.25 1").mask(4, 8)
    expected = np.zeros((4, 8), bool)
    expected[2:, 2:6] = True
    np.testing.assert_array_equal(mask, expected)


def test_the_whole_image_and_its_halves() -> None:
    assert Region.parse("all: 0 0, 1 0, 1 1, 0 1").mask(31, 17).all()
    upper = Region.parse("u: 0 0, 1 0, 0 1").mask(100, 100)
    lower = Region.parse("l: 1 0, 1 1, 0 1").mask(100, 100)
    assert not (upper & lower).any() and (upper | lower).all()  # no pixel twice, none left out


def test_a_concave_polygon_and_both_directions() -> None:
    corners = "0 0, 0.5 0.5, 1 0, 1 1, 0 1"
    mask = Region.parse(f"notch: {corners}").mask(40, 40)
    assert not mask[5, 20] and mask[35, 20] and mask[12, 2] and mask[12, 37]
    backwards = ", ".join(reversed(corners.split(", ")))
    np.testing.assert_array_equal(Region.parse(f"notch: {backwards}").mask(40, 40), mask)


def test_regions_are_bounded() -> None:
    corners = ", ".join(["0 0, 1 0, 1 1"] * 400)
    with pytest.raises(JetSegError, match=r"1200 corners, .* expected 1000") as raised:
        Region.parse(f"lane: {corners}")
    assert len(str(raised.value)) < 300
    with pytest.raises(JetSegError, match="a name of 100000 characters"):
        Region.parse("x" * 10**5 + ": 0 0, 1 0, 1 1")
    with pytest.raises(JetSegError, match="regions: 33 of them; expected 32"):
        parse_regions(tuple(f"r{i}: 0 0, 1 0, 1 1" for i in range(33)))


def test_edges_that_leave_and_enter_a_pixel_cancel() -> None:
    """A spike as thin as a line between two pixels' centers adds nothing."""
    spike = Region.parse("s: 0 0, 0.5 0, 0.5 1, 0.5 0, 1 0, 1 1, 0 1").mask(9, 7)
    np.testing.assert_array_equal(spike, Region.parse("all: 0 0, 1 0, 1 1, 0 1").mask(9, 7))


def test_kept_masks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "CACHE_BYTES", 3000)
    region = Region.parse("lane: 0.4 0.5, 0.6 0.5, 1 1, 0 1")
    for width in range(20, 60):
        region.mask(40, width)
        assert regions._masks.size() <= 3000
    assert region.mask(40, 59) is region.mask(40, 59)
    assert region.mask(100, 100).any()  # larger than all that may be kept
    assert regions._masks.size() == 10_000
