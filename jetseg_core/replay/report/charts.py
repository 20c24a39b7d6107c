"""Geometry of the charts on pages; the macro ``chart`` in parts.html.jinja draws them.

A drawing is 1000 wide and 100 high, and stretches with the page; ticks and words around it keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jetseg_core.replay.report.replay_report import Curve, LatencyHistogram

WIDTH, HEIGHT = 1000.0, 100.0


@dataclass(frozen=True)
class Tick:
    """A word at an axis."""

    at: float
    """Percent of the width from the left, or of the height from the top."""
    text: str


@dataclass(frozen=True)
class Area:
    """A filled polygon."""

    points: str
    """Corners in SVG's form, as the points of a line."""
    color: str
    text: str
    """Shown under the pointer."""


@dataclass(frozen=True)
class Chart:
    """A chart over time, or a histogram."""

    y_ticks: list[Tick]
    x_ticks: list[Tick]
    areas: list[Area] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    marks: list[Tick] = field(default_factory=list)
    """Vertical lines with their names."""


def stacked_areas(
    times: Sequence[float], shares: Mapping[str, Curve], colors: Mapping[str, str]
) -> Chart:
    """Shares of a whole over time: one band for each name, the first at the bottom."""
    places = _places(times)
    if len(times) == 1:  # a single frame takes the whole width
        places, shares = [0.0, WIDTH], {name: [*curve, *curve] for name, curve in shares.items()}
    below = [0.0] * len(places)
    areas = []
    for name, curve in shares.items():
        above = [low + (value or 0.0) for low, value in zip(below, curve, strict=True)]
        edge = [*zip(places, above, strict=True), *reversed([*zip(places, below, strict=True)])]
        areas.append(Area(_points(edge, 1.0), colors[name], name))
        below = above
    return Chart(_y_ticks(1.0, 100.0, "%"), _time_ticks(times), areas=areas)


def line(times: Sequence[float], curve: Curve, scale: float, unit: str) -> Chart:
    """A curve over time, from 0 to a round number above its largest value.

    Args:
        times: (N,) seconds.
        curve: (N,) values; the line is interrupted where one is None.
        scale: factor from a value to the unit.
        unit: of the axis.
    """
    top = nice_top(max((value for value in curve if value is not None), default=1.0))
    lines, part = [], []
    for place, value in zip([*_places(times), 0.0], [*curve, None], strict=True):
        if value is not None:
            part.append((place, value))
        elif part:
            lines.append(_points(part, top))
            part = []
    return Chart(_y_ticks(top, scale, unit), _time_ticks(times), lines=lines)


def latency_bars(histogram: LatencyHistogram, marks: Mapping[str, float]) -> Chart:
    """Number of frames by latency, with marks at some latencies, ms."""
    edges, end = histogram.edges, histogram.edges[-1]
    highest = max(histogram.counts)
    highest += highest % 2  # so that half of it is a number of frames, too
    bars = []
    for low, high, count in zip(edges, edges[1:], histogram.counts, strict=False):
        left, right = WIDTH * low / end + 1, WIDTH * high / end - 1
        corners = [(left, 0), (left, count), (right, count), (right, 0)]
        text = f"{low:.1f} to {high:.1f} ms: {count} frames"
        bars.append(Area(_points(corners, highest), "var(--accent)", text))
    return Chart(
        _y_ticks(highest, 1.0, ""),
        _x_ticks(0.0, end, "ms"),
        areas=bars,
        marks=[Tick(100 * at / end, name) for name, at in marks.items() if at <= end],
    )


def nice_top(value: float) -> float:
    """Round up to 1, 1.5, 2, 3, 5 or 7.5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0) if value <= step * power
    )


def _points(curve: Sequence[tuple[float, float]], top: float) -> str:
    return " ".join(f"{x:.1f},{HEIGHT * (1 - min(1.0, y / top)):.2f}" for x, y in curve)


def _y_ticks(top: float, scale: float, unit: str) -> list[Tick]:
    return [Tick(100 - 50 * i, f"{scale * top * i / 2:.3g} {unit}".rstrip()) for i in range(3)]


def _time_ticks(times: Sequence[float]) -> list[Tick]:
    return _x_ticks(times[0], times[-1], "s")


def _x_ticks(start: float, end: float, unit: str) -> list[Tick]:
    span = end - start
    if span <= 0:
        return [Tick(0.0, f"{round(start, 3):g} {unit}")]
    step = nice_top(span / 5)
    first, last = math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9)
    return [
        Tick(100 * (i * step - start) / span, f"{round(i * step, 6):g} {unit}")
        for i in range(first, last + 1)
    ]


def _places(times: Sequence[float]) -> list[float]:
    """Positions of points in time on the width of a drawing."""
    span = (times[-1] - times[0]) or 1.0
    return [WIDTH * (time - times[0]) / span for time in times]
