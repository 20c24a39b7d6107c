"""Named polygons of the image (an ego lane, say) for which occupancy is counted as well."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.plain_data import short

MOST_REGIONS = 32
MOST_CORNERS = 1000
"""Largest number of corners of a region; a mask of 1920x1080 pixels then takes about 0.05 s."""
LONGEST_NAME = 100
"""Largest number of characters of a region's name."""
CACHE_BYTES = 1 << 28
"""Bytes of the masks that are kept: the last ones that were used."""
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
        if (count := corners_text.count(",") + 1) > MOST_CORNERS or len(name) > LONGEST_NAME:
            raise JetSegError(
                f"region {short(text)}: {count} corners, a name of {len(name)} characters; expected {MOST_CORNERS} and "
                f"{LONGEST_NAME} or fewer"
            )
        try:
            corners = tuple(
                (float(x), float(y)) for x, y in (pair.split() for pair in corners_text.split(","))
            )
        except ValueError as error:
            raise JetSegError(f"region {short(text)}: expected {FORMAT}") from error
        inside = all(0.0 <= value <= 1.0 for corner in corners for value in corner)
        if not name.strip() or len(corners) < 3 or not inside:
            raise JetSegError(f"region {short(text)}: expected {FORMAT}")
        return cls(name.strip(), corners)

    def mask(self, height: int, width: int) -> np.ndarray:
        """(height, width) bool, read-only: the pixels whose centre lies inside (even-odd rule)."""
        return _masks.of(self.corners, height, width)


@lru_cache(maxsize=16)
def parse_regions(texts: tuple[str, ...]) -> tuple[Region, ...]:
    """The regions of the parameter `regions`, in its order; empty texts are passed over.

    Raises:
        JetSegError: a text is not a region, two have the same name, or there are more than `MOST_REGIONS`.
    """
    # An empty list has no type in a ROS parameter file; [''] is how "none" is written there.
    filled = [text for text in texts if text.strip()]
    if len(filled) > MOST_REGIONS:
        raise JetSegError(f"regions: {len(filled)} of them; expected {MOST_REGIONS} or fewer")
    regions = tuple(map(Region.parse, filled))
    names = [region.name for region in regions]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise JetSegError(f"regions: names must differ, repeated: {', '.join(repeated)}")
    return regions


Corners = tuple[tuple[float, float], ...]


class _MaskCache:
    """The masks that were used last, up to `CACHE_BYTES` in all; safe to call from several threads."""

    def __init__(self) -> None:
        self._masks: OrderedDict[tuple[Corners, int, int], np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, corners: Corners, height: int, width: int) -> np.ndarray:
        """The mask of a region, as `Region.mask` gives it."""
        key = corners, height, width
        with self._lock:
            if key not in self._masks:
                self._masks[key] = _mask(corners, height, width)
                # The newest one stays, however large: the next frame needs it again.
                while len(self._masks) > 1 and self.size() > CACHE_BYTES:
                    self._masks.popitem(last=False)
            self._masks.move_to_end(key)
            return self._masks[key]

    def size(self) -> int:
        """Bytes of all masks."""
        return sum(mask.nbytes for mask in self._masks.values())


_masks = _MaskCache()


def _mask(corners: Corners, height: int, width: int) -> np.ndarray:
    # A row's centre line crosses the polygon's edges at some x; the pixels between the first and
    # second crossing, third and fourth, ... are inside. So each crossing is noted at the first pixel
    # on its right, and a pixel is inside if the number of crossings up to it is odd.
    points = np.array(corners) * (width, height)
    crossed = np.zeros((height, width + 1), bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        top, bottom = np.ceil(np.sort((y0, y1)) - 0.5).astype(int)
        rows = np.arange(top, bottom)
        crossings = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
        columns = np.ceil(crossings - 0.5).astype(int).clip(0, width)
        crossed[rows, columns] ^= True
    mask = np.logical_xor.accumulate(crossed, axis=1)[:, :width]
    mask = np.ascontiguousarray(mask)
    mask.setflags(write=False)
    return mask
