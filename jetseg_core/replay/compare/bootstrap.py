"""Confidence intervals of differences, from resampling the frames that two replays share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

RESAMPLES = 1000
CONFIDENCE = 0.95


class FrameResampler:
    """Draws frames with replacement, the same ones for both sides, again and again.

    Neighbouring frames of a drive are alike, so intervals from few or short drives are narrower than those that new
    drives would give.

    Args:
        frames: how many there are to draw from, and are drawn each time; 1 or more.
        seed: another seed gives slightly other intervals.
    """

    def __init__(self, frames: int, seed: int = 0) -> None:
        self._frames, self._seed = frames, seed

    def draws(self) -> Iterator[np.ndarray]:
        """(frames,) indexes of each draw."""
        rng = np.random.default_rng(self._seed)
        for _ in range(RESAMPLES):
            yield rng.integers(self._frames, size=self._frames)


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the middle 95 % of each column; NaNs are left out, all of them give NaN.

    Args:
        values: (draws, K).
    """
    ends = 50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)
    found = np.full((2, values.shape[1]), np.nan)
    known = ~np.isnan(values).all(axis=0)
    found[:, known] = np.nanpercentile(values[:, known], ends, axis=0)
    return found[0], found[1]
