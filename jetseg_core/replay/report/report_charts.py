"""The charts of a report's page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from jetseg_core.replay.report.charts import histogram, line, stacked_areas
from jetseg_core.replay.report.page import figure, legend, section
from jetseg_core.replay.report.replay_report import Report
from jetseg_core.replay.report.report_tables import class_colors

_CURVES = (
    ("Flicker", "flicker", 100.0, None),
    ("Confidence", "confidence", 100.0, 1.0),
    ("mIoU of single frames", "miou", 1.0, 100.0),
)
"""Title, name in the series, factor to percent, and the top of the chart; None = what it needs."""


def curves_over_time(report: Report) -> str:
    """Occupancy of the image and of each region, flicker, confidence and accuracy, camera by camera."""
    colors = class_colors(report)
    parts = [legend(colors)]
    for number, camera in enumerate(report["cameras"]):
        of = f", {camera['topic']}" if len(report["cameras"]) > 1 else ""
        for title, path, scale, chart in _camera_charts(camera["series"], colors):
            # How the script finds the values under the pointer, and how it writes them.
            settings = f"{number}|{path}|{scale:g}|2| %"
            parts.append(
                f'<h3>{escape(title + of)}</h3><div data-series="{escape(settings)}" '
                f'data-title="{escape(title)}">{chart}</div>'
            )
    return section("Over time", "".join(parts))


def _camera_charts(
    series: dict[str, Any], colors: dict[str, str]
) -> Iterator[tuple[str, str, float, str]]:
    """Title, path in the series, factor to percent and chart, of whatever is known of a camera."""
    if not series["points"]:
        return
    times = series["t_s"]
    yield "Occupancy", "occupancy", 100.0, stacked_areas(times, series["occupancy"], colors)
    for region, shares in series["regions"].items():
        chart = stacked_areas(times, shares, colors)
        yield f"Occupancy of region {region}", f"regions/{region}", 100.0, chart
    for title, key, scale, top in _CURVES:
        if any(value is not None for value in series[key]):
            yield title, key, scale, line(times, series[key], scale, top)


def latency_chart(report: Report) -> str:
    """How long frames took, as a histogram and by stage."""
    latency = report["latency_ms"]
    marks = {name: latency[name] for name in ("p50", "p95")}
    chart = histogram(latency["histogram"]["edges"], latency["histogram"]["counts"], marks, "ms")
    points = ("p50", "p90", "p95", "p99", "max")
    rows = [("all", "latency_ms", latency)]
    rows += [
        (stage, f"latency_ms.stages.{stage}", values) for stage, values in latency["stages"].items()
    ]
    body = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(f"<td>{figure(f'{key}.{p}', values[p], 1)}</td>" for p in points)
        + "</tr>"
        for name, key, values in rows
    )
    head = "".join(f"<th>{point}</th>" for point in points)
    # A report over several recordings names no machine: each has its own.
    at_once = report.get("machine", {}).get("frames_at_once", 1)
    return section(
        "Latency",
        f'{chart}<div class="scroll"><table><thead><tr><th>Stage, ms</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>",
        "From the message to all results of a frame: decode (pixels out of the message), infer (labels and "
        "confidence), post (occupancy and overlay). Reading and writing files do not count, but go on beside it, "
        "for the frames before and after. The last bar also holds all frames that took longer."
        + (
            f" {at_once} frames were segmented at once, so that each took longer."
            if at_once > 1
            else ""
        ),
    )
