"""Counts of pixels, against the same sums written out in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from jetseg_core.classes import CAMVID11
from jetseg_ros import histogram
from jetseg_ros.occupancy import measure_occupancy
from jetseg_ros.regions import parse_regions

LANE = parse_regions(("lane: 0.2 0.3, 0.8 0.3, 1 1, 0 1",))


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (97, 131), (480, 640)])
@pytest.mark.parametrize("exact_pixels", [1 << 24, 1000])
def test_counts_and_sums(
    size: tuple[int, int], exact_pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histogram, "EXACT_PIXELS", exact_pixels)
    rng = np.random.default_rng(0)
    labels = rng.choice(np.array([*range(11), 11, 200, 255], np.uint8), size)
    confidence = rng.integers(0, 256, size, np.uint8)
    inside = LANE[0].mask(*size)
    found = measure_occupancy(labels, confidence, CAMVID11, LANE)
    for part, mask in zip(found, (np.ones(size, bool), inside), strict=True):
        assert part.total_pixels == mask.sum()
        for index in range(11):
            of_class = mask & (labels == index)
            assert part.pixel_counts[index] == of_class.sum()
            assert part.confidence_sums[index] == confidence[of_class].astype(int).sum()
        fields = part.fields(CAMVID11)
        assert fields["unlabelled_pixels"] == (mask & (labels > 10)).sum()
