"""Charts as HTML: the curves are SVG that stretches with the page, the words around them stay their size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

Curve = Sequence[float | None]
"""Values at the points of a chart; None where there is none."""


def rgb(color: Sequence[int]) -> str:
    """A color of a palette as CSS writes it."""
    return f"rgb({color[0]},{color[1]},{color[2]})"


def stacked_areas(
    times: Sequence[float], shares: Mapping[str, Curve], colors: Mapping[str, str]
) -> str:
    """Shares of a whole over time, one band for each name, the first at the bottom."""
    places = _places(times)
    if len(times) == 1:  # one frame has a width to be seen, too
        places, shares = [0.0, 1000.0], {name: [*curve, *curve] for name, curve in shares.items()}
    below = [0.0] * len(places)
    bands = []
    for name, curve in shares.items():
        above = [low + (value or 0.0) for low, value in zip(below, curve, strict=True)]
        edge = [*zip(places, above, strict=True), *reversed([*zip(places, below, strict=True)])]
        points = " ".join(f"{x:.1f},{100 - 100 * min(1.0, y):.2f}" for x, y in edge)
        bands.append(
            f'<polygon points="{points}" fill="{colors[name]}"><title>{escape(name)}</title></polygon>'
        )
        below = above
    return _chart("".join(bands), 1.0, times, lambda value: f"{100 * value:.0f} %")


def line(times: Sequence[float], curve: Curve, scale: float, top: float | None = None) -> str:
    """A curve over time in percent (values times `scale`), from 0 to `top` or to what the largest value needs."""
    top = top or nice_top(max((value for value in curve if value is not None), default=1.0))
    places = _places(times)
    drawn = []
    for part in _unbroken(curve):
        points = " ".join(f"{places[i]:.1f},{100 - 100 * min(1.0, v / top):.2f}" for i, v in part)
        drawn.append(f'<polyline points="{points}"/>')
    return _chart("".join(drawn), top, times, lambda value: f"{scale * value:.3g} %")


def histogram(
    edges: Sequence[float], counts: Sequence[int], marks: Mapping[str, float], unit: str
) -> str:
    """Bars of counts, with vertical marks at some values."""
    highest, end = max([1, *counts]), edges[-1]
    bars = "".join(
        f'<rect x="{1000 * low / end + 1:.1f}" y="{100 - 100 * count / highest:.2f}" '
        f'width="{max(1.0, 1000 * (high - low) / end - 2):.1f}" height="{100 * count / highest:.2f}">'
        f"<title>{low:.1f} to {high:.1f} {unit}: {count} frames</title></rect>"
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    )
    shown = {name: value for name, value in marks.items() if value <= end}
    rules = "".join(
        f'<line class="mark" x1="{1000 * v / end:.1f}" x2="{1000 * v / end:.1f}" y1="0" y2="100"/>'
        for v in shown.values()
    )
    words = "".join(
        f'<span class="mark-word" style="left:{100 * value / end:.2f}%">{escape(name)}</span>'
        for name, value in shown.items()
    )
    ticks = _x_ticks(0.0, end, lambda value: f"{value:g} {unit}")
    return (
        f'<div class="chart"><div class="plot bars">{_svg(bars + rules)}{words}'
        f"{_y_ticks(float(highest), lambda value: f'{value:.0f}')}</div>{ticks}</div>"
    )


def nice_top(value: float) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that is not less."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0) if value <= step * power
    )


def _chart(
    drawing: str,
    top: float,
    times: Sequence[float],
    show: Callable[[float], str],
) -> str:
    return (
        f'<div class="chart"><div class="plot" data-times>{_svg(drawing)}'
        f'{_y_ticks(top, show)}<div class="cursor"></div></div>'
        f"{_x_ticks(times[0], times[-1], lambda value: f'{value:g} s')}</div>"
    )


def _svg(drawing: str) -> str:
    return (
        '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">'
        + "".join(f'<line class="rule" x1="0" x2="1000" y1="{y}" y2="{y}"/>' for y in (0, 50, 100))
        + f"{drawing}</svg>"
    )


def _y_ticks(top: float, show: Callable[[float], str]) -> str:
    return "".join(
        f'<span class="y-tick" style="top:{100 - 50 * i}%">{escape(show(top * i / 2))}</span>'
        for i in range(3)
    )


def _x_ticks(start: float, end: float, show: Callable[[float], str]) -> str:
    span = end - start
    if span <= 0:
        return (
            f'<div class="x-axis"><span style="left:0">{escape(show(round(start, 3)))}</span></div>'
        )
    step = nice_top(span / 5)
    ticks = []
    value = math.ceil(start / step - 1e-9) * step
    while value <= end + 1e-9 * span:
        left = 100 * (value - start) / span
        ticks.append(f'<span style="left:{left:.2f}%">{escape(show(round(value, 6)))}</span>')
        value += step
    return f'<div class="x-axis">{"".join(ticks)}</div>'


def _places(times: Sequence[float]) -> list[float]:
    """Where points in time are on a drawing's width of 1000."""
    span = (times[-1] - times[0]) or 1.0
    return [1000 * (time - times[0]) / span for time in times]


def _unbroken(curve: Curve) -> list[list[tuple[int, float]]]:
    """The stretches of a curve in which every point has a value."""
    parts: list[list[tuple[int, float]]] = [[]]
    for i, value in enumerate(curve):
        if value is None:
            parts.append([])
        else:
            parts[-1].append((i, value))
    return [part for part in parts if part]
