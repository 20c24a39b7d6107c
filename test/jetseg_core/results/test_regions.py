"""Polygons: which pixels are inside, and which texts are polygons."""

from __future__ import annotations

import numpy as np
import pytest

from jetseg_core.errors import JetSegError
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
