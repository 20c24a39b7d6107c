"""Sums over segmented frames, of one recording or of many, and the figures that follow from them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.replay.report.camera_figures import confidence_figures, flicker_figures
from jetseg_core.replay.run.frame_log import FrameRow

HISTOGRAM_BINS = 30
_STAGES = ("decode", "infer", "post")


class Totals:
    """Adds up rows; keeps nothing of a single frame but its times.

    Args:
        names: of the C classes.
        regions: of the R regions.
    """

    def __init__(self, names: Sequence[str], regions: Sequence[str]) -> None:
        self._names, self._regions = names, regions
        self.frames = self.failed = self.labelled = 0
        self._pixels = np.zeros((1 + len(regions), len(names)), np.int64)
        self._confidence_sums = np.zeros(len(names), np.int64)
        self._was, self._changed = np.zeros((2, len(names) + 1), np.int64)
        self._confusion = ConfusionMatrix(len(names))
        self._times_ms = {stage: array("d") for stage in (*_STAGES, "total")}

    def add(self, row: FrameRow) -> None:
        """Count a frame."""
        if row.fault:
            self.failed += 1
            return
        assert row.pixel_counts is not None and row.confidence_sums is not None
        assert row.regions is not None
        self.frames += 1
        self._pixels += [row.pixel_counts, *row.regions]
        self._confidence_sums += row.confidence_sums
        if row.was is not None and row.changed is not None:
            self._was += row.was
            self._changed += row.changed
        if row.confusion is not None:
            self._confusion.counts += row.confusion
            self.labelled += 1
        for stage in _STAGES:
            self._times_ms[stage].append(getattr(row, f"{stage}_ms"))
        self._times_ms["total"].append(row.latency_ms)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: shares 0..1, IoU and accuracy in percent, milliseconds; None is "not known".

        There must be a frame.
        """
        matrix, labelled = self._confusion, self.labelled
        return {
            "frames": self.frames,
            "failed": self.failed,
            "labelled_frames": labelled,
            "latency_ms": self._latency(),
            "occupancy": self._shares(0),
            "region_occupancy": {
                name: self._shares(1 + number) for number, name in enumerate(self._regions)
            },
            "flicker": flicker_figures(self._names, self._was, self._changed),
            "confidence": confidence_figures(self._names, self._confidence_sums, self._pixels[0]),
            "miou": matrix.miou() if labelled else None,
            "per_class_iou": self._iou() if labelled else None,
            "pixel_accuracy": matrix.pixel_accuracy() if labelled else None,
            "confusion_matrix": matrix.counts[:, :-1].tolist() if labelled else None,
        }

    def _shares(self, part: int) -> dict[str, float]:
        shares = self._pixels[part] / max(1, self._pixels[part].sum())
        return dict(zip(self._names, shares.tolist(), strict=True))

    def _iou(self) -> dict[str, float | None]:
        values = (100 * self._confusion.iou()).tolist()
        return {
            name: None if value != value else value
            for name, value in zip(self._names, values, strict=True)
        }

    def _latency(self) -> dict[str, Any]:
        times = {stage: np.array(values) for stage, values in self._times_ms.items()}
        total = times.pop("total")
        # The few longest frames, which the maximum tells, would squeeze all others into one bar.
        longest = max(float(np.percentile(total, 99)), 1e-3)
        counts, edges = np.histogram(np.minimum(total, longest), HISTOGRAM_BINS, (0.0, longest))
        return {
            **_percentiles(total),
            "mean": float(total.mean()),
            "stages": {stage: _percentiles(values) for stage, values in times.items()},
            "histogram": {"edges": edges.round(3).tolist(), "counts": counts.tolist()},
        }


def _percentiles(values: np.ndarray) -> dict[str, float]:
    points = np.percentile(values, (50, 90, 95, 99, 100)).round(3).tolist()
    return dict(zip(("p50", "p90", "p95", "p99", "max"), points, strict=True))
