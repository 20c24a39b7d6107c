"""What a report says of one camera: rates and gaps, occupancy, flicker and confidence, in all and over time."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from jetseg_core.replay.run.frame_log import FrameRow

POINTS = 240
"""Points of a curve over time: more frames are averaged in groups."""
GAP_PERIODS = 1.5
"""Two frames further apart than so many median periods have a gap between them."""
LISTED_GAPS = 20

Figures = dict[str, Any]


class CameraFigures:
    """Collects the rows of one camera; keeps a few numbers of each frame."""

    def __init__(self, names: Sequence[str], regions: Sequence[str]) -> None:
        self._names, self._regions = names, regions
        self._faults: Counter[str] = Counter()
        self._all_stamps = array("q")
        self._stamps = array("q")
        # Of each segmented frame: share of every class, first in the image, then in each region.
        self._shares = [array("f") for _ in range(1 + len(regions))]
        self._flicker, self._confidence, self._miou, self._latency = (array("d") for _ in range(4))
        self.pixels = np.zeros((1 + len(regions), len(names)), np.int64)
        self.confidence_sums = np.zeros(len(names), np.int64)
        self.was, self.changed = np.zeros((2, len(names) + 1), np.int64)

    def add(self, row: FrameRow, miou: float) -> None:
        """Count a row; `miou` in percent, NaN without ground truth."""
        self._all_stamps.append(row.stamp_ns)
        if row.fault:
            self._faults[row.fault] += 1
            return
        assert row.pixel_counts is not None and row.confidence_sums is not None
        assert row.regions is not None
        self._stamps.append(row.stamp_ns)
        for number, counts in enumerate([row.pixel_counts, *row.regions]):
            self.pixels[number] += counts
            labelled = max(1, sum(counts))
            self._shares[number].extend(count / labelled for count in counts)
        self.confidence_sums += row.confidence_sums
        self._confidence.append(_share(sum(row.confidence_sums) / 255, sum(row.pixel_counts)))
        flicker = float("nan")
        if row.was is not None and row.changed is not None:
            self.was += row.was
            self.changed += row.changed
            flicker = _share(sum(row.changed), sum(row.was))
        self._flicker.append(flicker)
        self._miou.append(miou)
        self._latency.append(row.latency_ms)

    @property
    def frames(self) -> int:
        """Frames that were segmented."""
        return len(self._stamps)

    def to_dict(self) -> Figures:
        """Plain data: seconds, frames per second, shares 0..1, milliseconds, mIoU in percent."""
        return {
            "frames": self.frames,
            "failed": sum(self._faults.values()),
            "faults": dict(self._faults),
            **self._rates(),
            "occupancy": self.occupancy(0),
            "regions": {name: self.occupancy(1 + i) for i, name in enumerate(self._regions)},
            "flicker": flicker_figures(self._names, self.was, self.changed),
            "confidence": confidence_figures(self._names, self.confidence_sums, self.pixels[0]),
            "series": self._series(),
        }

    def occupancy(self, part: int) -> dict[str, float]:
        """Share of each class in the labelled pixels of all frames; part 0 is the image, then come the regions."""
        shares = self.pixels[part] / max(1, self.pixels[part].sum())
        return dict(zip(self._names, shares.tolist(), strict=True))

    def _rates(self) -> Figures:
        stamps = np.frombuffer(self._all_stamps, np.int64) if self._all_stamps else np.zeros(0)
        periods = 1e-9 * np.diff(stamps)
        forward = periods[periods > 0]
        if not len(forward):
            return {"duration_s": 0.0, "rate_hz": None, "gaps": _gaps([], 0), "backwards": 0}
        median = float(np.median(forward))
        wide = np.flatnonzero(periods > GAP_PERIODS * median)
        gaps = [
            {
                "after_frame": int(i),
                "at_s": float(1e-9 * (stamps[i] - stamps[0])),
                "length_s": float(periods[i]),
                "missing_frames": round(float(periods[i]) / median) - 1,
            }
            for i in wide
        ]
        return {
            "duration_s": float(1e-9 * (stamps.max() - stamps.min())),
            "rate_hz": 1.0 / median,
            "mean_rate_hz": len(forward) / float(forward.sum()),
            "period_ms": {
                "p5": 1e3 * float(np.percentile(forward, 5)),
                "p50": 1e3 * median,
                "p95": 1e3 * float(np.percentile(forward, 95)),
                "max": 1e3 * float(forward.max()),
            },
            "gaps": _gaps(gaps, sum(int(gap["missing_frames"]) for gap in gaps)),
            "backwards": int((periods <= 0).sum()),
        }

    def _series(self) -> Figures:
        if not self.frames:
            return {"points": 0}
        groups = np.array_split(np.arange(self.frames), min(POINTS, self.frames))
        stamps = np.frombuffer(self._stamps, np.int64)
        times = 1e-9 * (stamps - stamps[0])
        shares = [np.frombuffer(s, np.float32).reshape(self.frames, -1) for s in self._shares]

        def curve(values: np.ndarray) -> list[float | None]:
            means = (_mean(values[group]) for group in groups)
            return [None if mean != mean else round(mean, 5) for mean in means]

        def curves(part: int) -> dict[str, list[float | None]]:
            return {name: curve(shares[part][:, i]) for i, name in enumerate(self._names)}

        return {
            "points": len(groups),
            "t_s": curve(times),
            "occupancy": curves(0),
            "regions": {name: curves(1 + i) for i, name in enumerate(self._regions)},
            "flicker": curve(np.array(self._flicker)),
            "confidence": curve(np.array(self._confidence)),
            "miou": curve(np.array(self._miou)),
            "latency_ms": curve(np.array(self._latency)),
        }


def flicker_figures(names: Sequence[str], was: np.ndarray, changed: np.ndarray) -> Figures:
    """Share of the pixels whose label changed by the next frame, of all and of those of each class; None where none.

    Args:
        names: of the C classes.
        was: (C + 1,) pixels of each class, then of none, that have a next frame.
        changed: (C + 1,) those of them whose label changed.
    """
    values = zip(names, changed[:-1].tolist(), was[:-1].tolist(), strict=True)
    return {
        "overall": _or_none(_share(int(changed.sum()), int(was.sum()))),
        "per_class": {name: _or_none(_share(part, whole)) for name, part, whole in values},
    }


def confidence_figures(names: Sequence[str], sums: np.ndarray, pixels: np.ndarray) -> Figures:
    """Mean softmax maximum, 0..1, over all labelled pixels and over those of each class; None where none."""
    values = zip(names, (sums / 255).tolist(), pixels.tolist(), strict=True)
    return {
        "overall": _or_none(_share(float(sums.sum()) / 255, int(pixels.sum()))),
        "per_class": {name: _or_none(_share(part, whole)) for name, part, whole in values},
    }


def _gaps(gaps: list[Figures], missing: int) -> Figures:
    longest = max((gap["length_s"] for gap in gaps), default=0.0)
    listed = sorted(gaps, key=lambda gap: -gap["length_s"])[:LISTED_GAPS]
    listed.sort(key=lambda gap: gap["after_frame"])
    return {
        "count": len(gaps),
        "missing_frames": missing,
        "longest_s": longest,
        "longest": listed,
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _or_none(value: float) -> float | None:
    return None if value != value else value
