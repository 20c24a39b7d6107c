"""The figures of one camera: rates and gaps, shares of classes and the table of figures, in all and over time."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from jetseg_core.replay.report.figures import FIGURES, Counts, Values
from jetseg_core.replay.report.frame_counter import FrameCounter
from jetseg_core.replay.report.replay_report import (
    CameraReport,
    ClockJump,
    Curve,
    Gap,
    Gaps,
    Period,
    Series,
)
from jetseg_core.replay.run.frame_log import FrameRow

CURVE_POINTS = 240
"""Largest number of points of a curve over time."""
GAP_PERIODS = 1.5
"""A gap is a pause of more than this many median periods."""
LISTED_GAPS = 20
CLOCK_JUMP_S = 3600.0
"""A longer step between two stamps, forward or back, is one of the clock: a robot without a battery for it begins in
1970, until the network tells it the time."""


class CameraCounter:
    """Counts the frames of one camera, and keeps a few numbers of each.

    Args:
        names: of the C classes.
        regions: of the R regions.
    """

    def __init__(self, names: Sequence[str], regions: Sequence[str]) -> None:
        self._names, self._regions = names, regions
        self._counter = FrameCounter(names, regions)
        self._faults: Counter[str] = Counter()
        self._all_stamps, self._stamps = array("q"), array("q")
        # For each segmented frame the share of every class: of the image, then of each region.
        self._shares = [array("f") for _ in range(1 + len(regions))]
        self._latency_ms = array("d")
        self._values = {figure.key: array("d") for figure in FIGURES if figure.of_frames}

    def add(self, row: FrameRow, counts: Counts, values: Values) -> None:
        """Count a frame.

        Args:
            row: its row in the log.
            counts: those of `count_frame`.
            values: what follows from them for this frame alone.
        """
        self._counter.add(row, counts)
        self._all_stamps.append(row.stamp_ns)
        if row.fault:
            self._faults[row.fault] += 1
            return
        assert row.pixel_counts is not None and row.regions is not None
        self._stamps.append(row.stamp_ns)
        for shares, pixels in zip(self._shares, [row.pixel_counts, *row.regions], strict=True):
            labelled = max(1, sum(pixels))
            shares.extend(count / labelled for count in pixels)
        self._latency_ms.append(row.latency_ms)
        for key, curve in self._values.items():
            value = values[key]
            curve.append(np.nan if value is None else value)

    def report(self, topic: str, prefix: str) -> CameraReport:
        """The figures of the camera."""
        image, *regions = self._counter.occupancy()
        table = [figure for figure in FIGURES if figure.added_up and not figure.needs_labels]
        return CameraReport(
            topic=topic,
            prefix=prefix,
            frames=self._counter.frames,
            failed=self._counter.failed,
            faults=dict(self._faults),
            **self._rates(),
            occupancy=image,
            regions=dict(zip(self._regions, regions, strict=True)),
            series=self._series(),
            figures=self._counter.figures(table),
        )

    def _rates(self) -> dict[str, Any]:
        """Fields of `CameraReport` that follow from the stamps."""
        stamps = np.array(self._all_stamps, np.int64)
        periods = 1e-9 * np.diff(stamps)
        jumps = np.abs(periods) > CLOCK_JUMP_S
        forward = periods[(periods > 0) & ~jumps]
        found = [
            ClockJump(after_frame=int(i), length_s=float(periods[i])) for i in np.flatnonzero(jumps)
        ]
        if not len(forward):
            none = Gaps(count=0, missing_frames=0, longest_s=0.0, longest=[])
            return {
                "duration_s": 0.0,
                "rate_hz": None,
                "gaps": none,
                "backwards": 0,
                "clock_jumps": found or None,
            }
        median = float(np.median(forward))
        p5, p95 = np.percentile(forward, (5, 95)).tolist()
        seconds = _seconds(stamps)
        gaps = [
            Gap(
                after_frame=int(i),
                at_s=float(seconds[i]),
                length_s=float(periods[i]),
                missing_frames=round(float(periods[i]) / median) - 1,
            )
            for i in np.flatnonzero((periods > GAP_PERIODS * median) & ~jumps)
        ]
        longest = sorted(gaps, key=lambda gap: -gap.length_s)[:LISTED_GAPS]
        return {
            "duration_s": float(seconds.max() - seconds.min()),
            "rate_hz": 1.0 / median,
            "mean_rate_hz": len(forward) / float(forward.sum()),
            "period_ms": Period(
                p5=1e3 * p5, p50=1e3 * median, p95=1e3 * p95, max=1e3 * float(forward.max())
            ),
            "gaps": Gaps(
                count=len(gaps),
                missing_frames=sum(gap.missing_frames for gap in gaps),
                longest_s=max((gap.length_s for gap in gaps), default=0.0),
                longest=sorted(longest, key=lambda gap: gap.after_frame),
            ),
            "backwards": int(((periods <= 0) & ~jumps).sum()),
            "clock_jumps": found or None,
        }

    def _series(self) -> Series:
        frames = len(self._stamps)
        if not frames:
            return Series(points=0)
        groups = np.array_split(np.arange(frames), min(CURVE_POINTS, frames))
        stamps = np.array(self._stamps, np.int64)
        seconds = _seconds(stamps)
        image, *regions = (
            {
                name: _curve(shares, groups)
                for name, shares in zip(
                    self._names, np.array(part).reshape(frames, -1).T, strict=True
                )
            }
            for part in self._shares
        )
        return Series(
            points=len(groups),
            t_s=[round(float(seconds[group].mean()), 5) for group in groups],
            occupancy=image,
            regions=dict(zip(self._regions, regions, strict=True)),
            latency_ms=_curve(np.array(self._latency_ms), groups),
            figures={key: _curve(np.array(one), groups) for key, one in self._values.items()},
        )


def _seconds(stamps: np.ndarray) -> np.ndarray:
    """(N,) seconds since the first of some stamps, (N,) int64 ns; jumps of the clock take no time."""
    periods = np.diff(stamps)
    periods[np.abs(periods) > 1e9 * CLOCK_JUMP_S] = 0
    return 1e-9 * np.concatenate([[0], np.cumsum(periods)])


def _curve(values: np.ndarray, groups: Sequence[np.ndarray]) -> Curve:
    """Mean of each group of frames over the known values, of which it may have none."""
    known = (values[group][~np.isnan(values[group])] for group in groups)
    return [round(float(group.mean()), 5) if len(group) else None for group in known]
