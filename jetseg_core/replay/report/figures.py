"""The table of figures: each entry is in report.json, on every page, in the summaries and in compare.

To add a figure, add an entry to `FIGURES`; nothing else has to change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, SupportsFloat

import numpy as np

from jetseg_core.evaluation.confusion import class_counts, iou, miou, pixel_accuracy
from jetseg_core.replay.run.frame_log import FrameRow

Counts = Mapping[str, np.ndarray]
"""Counts of one frame by key of the figure; figures that the frame says nothing about are missing."""
Values = Mapping[str, float | None]
"""Figures of one frame by key."""


@dataclass(frozen=True)
class Figure:
    """A figure of a replay: how it is counted, named and shown.

    Every frame gives an array of counts. They are added up over frames, and the figure is made of their sum, so that
    the figure of many frames is never a mean of means. NaN means "not known".
    """

    key: str
    """Name in report.json, compare.json and conditions such as ``--fail-if 'miou<-1'``."""
    title: str
    """Name for people."""
    count: Callable[[FrameRow], np.ndarray | None]
    """Counts of a segmented frame, always of one shape; None where the frame says nothing about the figure."""
    overall: Callable[[np.ndarray], SupportsFloat]
    """The figure, from summed counts."""
    by_class: Callable[[np.ndarray], np.ndarray] | None = None
    """(C,) the figure of each class, from summed counts; None if classes have no such figure."""
    class_key: str = ""
    """Key of the figure of a class, if not `key`: ``iou.Road`` belongs to ``miou``."""
    class_title: str = ""
    """Title of the figure of a class, if not `title`."""
    unit: str = "%"
    """Unit in which people read it."""
    scale: float = 100.0
    """Factor from report.json to `unit`."""
    digits: int = 2
    """Digits after the point."""
    more_is_better: bool | None = False
    """None if it is neither good nor bad; compare, summaries in the terminal and single frames then leave it out."""
    note: str | None = ""
    """Remark on its card; ``{key}`` stands for another figure. None for a minor figure: it has no card, no line in
    summaries and no curve, but a column in tables."""
    needs_labels: bool = False
    """True if it is unknown without ground truth."""
    added_up: bool = True
    """False if frames are not added up: each counts a single number, and `overall` takes all of them, (N,)."""
    place: str = ""
    """Dotted place in report.json, if another part of the report holds the value."""

    @property
    def of_frames(self) -> bool:
        """True if it is also given over time and, unless it is neither good nor bad, for single frames."""
        return self.added_up and self.note is not None

    @property
    def json_place(self) -> str:
        """Dotted place of the value in report.json."""
        return self.place or (f"{self.key}.overall" if self._nested else self.key)

    @property
    def json_class_place(self) -> str:
        """Dotted place of the values by class in report.json."""
        return f"{self.key}.per_class" if self._nested else f"per_class_{self.class_key}"

    @property
    def heading(self) -> str:
        """Title of the values by class."""
        return self.class_title or self.title

    def key_of(self, class_name: str) -> str:
        """Key of the figure of a class in compare.json."""
        return f"{self.class_key or self.key}.{class_name}"

    def pool(self, counts: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """Counts of some frames together, as `overall` and `by_class` take them.

        Args:
            counts: (N, ...) of all frames.
            draw: (n,) indexes of the frames; each counts as often as it occurs.
        """
        if not self.added_up:
            return counts[draw]
        return np.tensordot(np.bincount(draw, minlength=len(counts)).astype(float), counts, 1)

    def to_json(self, pooled: np.ndarray | None, names: Sequence[str]) -> dict[str, Any]:
        """Entries of report.json: the value and, if there are any, the values by class.

        Args:
            pooled: counts of all frames together; None if no frame has any.
            names: of the C classes.
        """
        if self.place:
            return {}
        overall = None if pooled is None else or_none(self.overall(pooled))
        if self.by_class is None:
            return {self.key: overall}
        values = np.full(len(names), np.nan) if pooled is None else self.by_class(pooled)
        per_class = {name: or_none(value) for name, value in zip(names, values, strict=True)}
        if self._nested:
            return {self.key: {"overall": overall, "per_class": per_class}}
        return {
            self.key: overall,
            f"per_class_{self.class_key}": None if pooled is None else per_class,
        }

    def text(self, value: float | None) -> str:
        """A value of report.json as people read it, with its unit; a dash if it is unknown."""
        return "-" if value is None else f"{self.scale * value:.{self.digits}f} {self.unit}"

    @property
    def _nested(self) -> bool:
        """True if report.json holds the value and those by class in an object of their own."""
        return self.by_class is not None and not self.class_key


def or_none(value: SupportsFloat) -> float | None:
    """A number for JSON, which has no NaN."""
    return None if math.isnan(number := float(value)) else number


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Quotient without a warning for 0 / 0, which is NaN."""
    with np.errstate(invalid="ignore"):
        return np.divide(part, whole)


def _accuracy(row: FrameRow) -> np.ndarray | None:
    return None if row.confusion is None else class_counts(np.array(row.confusion))


def _changes(row: FrameRow) -> np.ndarray | None:
    """(2, C + 1) pixels that changed their label, and all pixels; by class, then without a class."""
    return None if row.was is None else np.array([row.changed, row.was])


def _confidence(row: FrameRow) -> np.ndarray:
    """(2, C) sum of the confidence x 255, and pixels, by class."""
    return np.array([row.confidence_sums, row.pixel_counts])


def _latency(row: FrameRow) -> np.ndarray:
    return np.array(row.latency_ms)


def _latency_percentile(percent: int, title: str, note: str | None) -> Figure:
    return Figure(
        key=f"latency_p{percent}",
        title=title,
        count=_latency,
        overall=partial(np.percentile, q=percent),
        unit="ms",
        scale=1.0,
        digits=1,
        note=note,
        added_up=False,
        place=f"latency_ms.p{percent}",
    )


MIOU = Figure(
    key="miou",
    title="mIoU",
    count=_accuracy,
    overall=miou,
    by_class=lambda counts: 100 * iou(counts),
    class_key="iou",
    class_title="IoU",
    scale=1.0,
    more_is_better=True,
    note="{pixel_accuracy} of pixels right",
    needs_labels=True,
)
FIGURES = [
    MIOU,
    Figure(
        key="pixel_accuracy",
        title="Pixels right",
        count=_accuracy,
        overall=pixel_accuracy,
        scale=1.0,
        more_is_better=True,
        note=None,
        needs_labels=True,
    ),
    _latency_percentile(50, "Latency, median", note="{latency_p95} at 95 %"),
    _latency_percentile(95, "Latency at 95 %", note=None),
    Figure(
        key="flicker",
        title="Flicker",
        count=_changes,
        overall=lambda counts: ratio(*counts.sum(1)),
        by_class=lambda counts: ratio(*counts[:, :-1]),
        note="pixels whose label changes between frames",
    ),
    Figure(
        key="confidence",
        title="Confidence",
        count=_confidence,
        overall=lambda counts: ratio(counts[0].sum() / 255, counts[1].sum()),
        by_class=lambda counts: ratio(counts[0] / 255, counts[1]),
        digits=1,
        more_is_better=None,
        note="mean over all pixels",
    ),
]
"""All figures, in the order in which they are shown."""


def judged() -> list[Figure]:
    """Figures that are good or bad: those of compare, of summaries and of single frames."""
    return [figure for figure in FIGURES if figure.more_is_better is not None]


def count_frame(row: FrameRow) -> Counts:
    """Counts of one frame for every figure; empty if it was not segmented."""
    if row.fault:
        return {}
    # Several figures may follow from the same counts.
    counts = {count: count(row) for count in {figure.count for figure in FIGURES}}
    found = {figure.key: counts[figure.count] for figure in FIGURES}
    return {key: one for key, one in found.items() if one is not None}


def frame_values(counts: Counts) -> Values:
    """Figures of one frame alone; empty if it was not segmented."""
    return {
        figure.key: or_none(figure.overall(counts[figure.key])) if figure.key in counts else None
        for figure in FIGURES
        if counts and figure.of_frames
    }
