"""Named polygons of the image (an ego lane, say) for which occupancy is counted as well."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jetseg_core.errors import JetSegError

FORMAT = "'name: x y, x y, x y', with three or more corners relative to width and height (0..1)"


@dataclass(frozen=True)
class Region:
    """A polygon in coordinates relative to the image, so that it holds at every resolution."""

    name: str
    corners: tuple[tuple[float, float], ...]
    """(x, y) of each corner, 0..1: fractions of the image's width and height."""

    @classmethod
    def parse(cls, text: str) -> Region:
        """A region from an entry of the parameter `regions`: 'lane: 0.4 0.5, 0.6 0.5, 1 1, 0 1'.

        Raises:
            JetSegError: the text is not of that form.
        """
        name, _, corners_text = text.partition(":")
        try:
            corners = tuple(
                (float(x), float(y)) for x, y in (pair.split() for pair in corners_text.split(","))
            )
        except ValueError as error:
            raise JetSegError(f"region '{text}': expected {FORMAT}") from error
        inside = all(0.0 <= value <= 1.0 for corner in corners for value in corner)
        if not name.strip() or len(corners) < 3 or not inside:
            raise JetSegError(f"region '{text}': expected {FORMAT}")
        return cls(name.strip(), corners)

    def mask(self, height: int, width: int) -> np.ndarray:
        """(height, width) bool, read-only: the pixels whose centre lies inside (even-odd rule)."""
        return _mask(self.corners, height, width)


@lru_cache(maxsize=16)
def parse_regions(texts: tuple[str, ...]) -> tuple[Region, ...]:
    """The regions of the parameter `regions`, in its order; empty texts are passed over.

    Raises:
        JetSegError: a text is not a region, or two have the same name.
    """
    # An empty list has no type in a ROS parameter file; [''] is how "none" is written there.
    regions = tuple(Region.parse(text) for text in texts if text.strip())
    names = [region.name for region in regions]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise JetSegError(f"regions: names must differ, repeated: {', '.join(repeated)}")
    return regions


@lru_cache(maxsize=64)
def _mask(corners: tuple[tuple[float, float], ...], height: int, width: int) -> np.ndarray:
    # A row's centre line crosses the polygon's edges at some x; the pixels between the first and
    # second crossing, third and fourth, ... are inside. Toggling from each crossing to the right
    # does just that.
    points = np.array(corners) * (width, height)
    mask = np.zeros((height, width), bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        top, bottom = np.ceil(np.sort((y0, y1)) - 0.5).astype(int)
        rows = np.arange(top, bottom)
        crossings = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
        mask[top:bottom] ^= np.arange(width) + 0.5 >= crossings[:, None]
    mask.setflags(write=False)
    return mask
