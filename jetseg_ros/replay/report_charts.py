"""The charts of a report's page."""

from __future__ import annotations

from html import escape

from jetseg_ros.replay.charts import histogram, lines, stacked_areas
from jetseg_ros.replay.page import figure, legend, section
from jetseg_ros.replay.report import Report
from jetseg_ros.replay.report_tables import class_colors


def curves_over_time(report: Report) -> str:
    """Occupancy of the image and of each region, flicker, confidence and accuracy, camera by camera."""
    colors = class_colors(report)
    parts = [legend(colors)]
    for number, camera in enumerate(report["cameras"]):
        series = camera["series"]
        if not series["points"]:
            parts.append(f"<h3>{escape(camera['topic'])}: no frame could be segmented</h3>")
            continue
        of = f", {camera['topic']}" if len(report["cameras"]) > 1 else ""
        times = series["t_s"]

        def add(title: str, path: str, chart: str, scale: float, digits: int, unit: str) -> None:
            settings = f"{number}|{path}|{scale:g}|{digits}|{unit}"  # noqa: B023
            parts.append(
                f'<h3>{escape(title + of)}</h3><div data-series="{escape(settings)}" '  # noqa: B023
                f'data-title="{escape(title)}">{chart}</div>'
            )

        whole = series["occupancy"]
        add("Occupancy", "occupancy", stacked_areas(times, whole, colors), 100, 1, " %")
        for region, shares in series["regions"].items():
            chart = stacked_areas(times, shares, colors)
            add(f"Occupancy of region {region}", f"regions/{region}", chart, 100, 1, " %")
        curves: list[tuple[str, str, float, float | None]] = [
            ("Flicker", "flicker", 100, None),
            ("Confidence", "confidence", 100, 1.0),
            ("mIoU of single frames", "miou", 1, 100.0),
        ]
        for title, key, scale, top in curves:
            if any(value is not None for value in series[key]):
                chart = lines(
                    times,
                    {title: series[key]},
                    {title: "var(--accent)"},
                    lambda value, scale=scale: f"{scale * value:.3g} %",  # type: ignore[misc]
                    top,
                )
                add(title, key, chart, scale, 2, " %")
    return section("Over time", "".join(parts))


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
    return section(
        "Latency",
        f'{chart}<div class="scroll"><table><thead><tr><th>Stage, ms</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>",
        "From the message to all results of a frame: decode (pixels out of the message), infer (labels and "
        "confidence), post (occupancy and overlay). Reading and writing files do not count. The last bar "
        "also holds all frames that took longer.",
    )
