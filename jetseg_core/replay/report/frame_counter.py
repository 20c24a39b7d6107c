"""Sums over the frames of one recording or of many, and the figures that follow from them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.replay.report.figures import FIGURES, Counts, Figure
from jetseg_core.replay.report.replay_report import (
    FrameTotals,
    Latency,
    LatencyHistogram,
    Percentiles,
)
from jetseg_core.replay.run.frame_log import FrameRow

HISTOGRAM_BINS = 30
_STAGES = ("decode", "infer", "post")


class FrameCounter:
    """Adds up frames, and keeps nothing of a single one but its times.

    Args:
        names: of the C classes.
        regions: of the R regions.
    """

    def __init__(self, names: Sequence[str], regions: Sequence[str]) -> None:
        self._names, self._regions = names, regions
        self.frames = self.failed = self._labelled = 0
        self._pixels = np.zeros((1 + len(regions), len(names)), np.int64)
        self._confusion = ConfusionMatrix(len(names))
        self._sums: dict[str, np.ndarray] = {}
        self._kept: dict[str, array[float]] = {}
        self._times_ms = {stage: array("d") for stage in ("all", *_STAGES)}

    def add(self, row: FrameRow, counts: Counts) -> None:
        """Count a frame.

        Args:
            row: its row in the log.
            counts: those of `count_frame`.
        """
        if row.fault:
            self.failed += 1
            return
        assert row.pixel_counts is not None and row.regions is not None
        self.frames += 1
        self._pixels += [row.pixel_counts, *row.regions]
        for figure in FIGURES:
            if figure.key not in counts:
                continue
            if figure.added_up:
                self._sums[figure.key] = self._sums.get(figure.key, 0) + counts[figure.key]
            else:
                self._kept.setdefault(figure.key, array("d")).append(float(counts[figure.key]))
        if row.confusion is not None:
            self._confusion.counts += row.confusion
            self._labelled += 1
        for stage in _STAGES:
            self._times_ms[stage].append(getattr(row, f"{stage}_ms"))
        self._times_ms["all"].append(row.latency_ms)

    def report(self) -> FrameTotals:
        """The figures over all frames, of which there must be at least one."""
        image, *regions = self.occupancy()
        return FrameTotals(
            frames=self.frames,
            failed=self.failed,
            labelled_frames=self._labelled,
            latency_ms=self._latency(),
            occupancy=image,
            region_occupancy=dict(zip(self._regions, regions, strict=True)),
            confusion_matrix=self._confusion.counts[:, :-1].tolist() if self._labelled else None,
            figures=self.figures(FIGURES),
        )

    def occupancy(self) -> list[dict[str, float]]:
        """Share of each class in the labelled pixels of the image, then of each region."""
        shares = self._pixels / np.maximum(1, self._pixels.sum(1, keepdims=True))
        return [dict(zip(self._names, part, strict=True)) for part in shares.tolist()]

    def figures(self, table: Iterable[Figure]) -> dict[str, Any]:
        """Entries of report.json for some figures."""
        entries: dict[str, Any] = {}
        for figure in table:
            kept = self._kept.get(figure.key)
            pooled = self._sums.get(figure.key) if kept is None else np.array(kept)
            entries |= figure.to_json(pooled, self._names)
        return entries

    def _latency(self) -> Latency:
        times = {stage: np.array(values) for stage, values in self._times_ms.items()}
        total = times.pop("all")
        # A few slow frames, which the maximum shows, would squeeze all others into one bar.
        end = max(float(np.percentile(total, 99)), 1e-3)
        counts, edges = np.histogram(np.minimum(total, end), HISTOGRAM_BINS, (0.0, end))
        return Latency(
            **_percentiles(total),
            mean=float(total.mean()),
            stages={stage: Percentiles(**_percentiles(values)) for stage, values in times.items()},
            histogram=LatencyHistogram(edges.round(3).tolist(), counts.tolist()),
        )


def _percentiles(values: np.ndarray) -> dict[str, float]:
    points = np.percentile(values, (50, 90, 95, 99, 100)).round(3).tolist()
    return dict(zip(("p50", "p90", "p95", "p99", "max"), points, strict=True))
