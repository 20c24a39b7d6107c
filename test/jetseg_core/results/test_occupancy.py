"""Counts of pixels, against the same sums written out in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from jetseg_core.classes import CAMVID11
from jetseg_core.results import histogram
from jetseg_core.results.occupancy import measure_occupancy
from jetseg_core.results.regions import parse_regions
from jetseg_core.runtime.base import Grid, Segmentation
from jetseg_core.runtime.geometry import POLICIES, Size, stretch

LANE = parse_regions(("lane: 0.2 0.3, 0.8 0.3, 1 1, 0 1",))


@pytest.mark.parametrize(
    ("size", "grid", "policy"),
    [
        ((1, 1), (1, 1), "stretch"),
        ((1, 700), (1, 700), "stretch"),
        ((97, 131), (97, 131), "stretch"),
        ((480, 640), (240, 160), "stretch"),  # every cell becomes as many pixels
        ((97, 131), (64, 96), "stretch"),
        ((480, 640), (240, 240), "letterbox"),
        ((480, 640), (240, 240), "crop"),
    ],
)
@pytest.mark.parametrize("exact_pixels", [1 << 24, 1000])
def test_counts_and_sums(
    size: Size, grid: Size, policy: str, exact_pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histogram, "EXACT_PIXELS", exact_pixels)
    rng = np.random.default_rng(0)
    view = POLICIES[policy](size, grid)
    cells = Grid(
        rng.choice(np.array([*range(11), 11, 200, 255], np.uint8), grid),
        rng.integers(0, 256, grid, np.uint8),
        view,
    )
    seen = Segmentation(view.invert(cells.labels, size, 255), stretch(size, size), cells)
    labels, confidence = seen.labels, seen.confidence
    assert confidence is not None and confidence.shape == size
    inside = LANE[0].mask(*size)
    found = measure_occupancy(seen, CAMVID11, LANE)
    for part, mask in zip(found, (np.ones(size, bool), inside), strict=True):
        assert part.total_pixels == mask.sum()
        for index in range(11):
            of_class = mask & (labels == index)
            assert part.pixel_counts[index] == of_class.sum()
            assert part.confidence_sums[index] == confidence[of_class].astype(int).sum()
        fields = part.fields(CAMVID11)
        assert fields["unlabelled_pixels"] == (mask & (labels > 10)).sum()
