"""The tables of a report's page."""

from __future__ import annotations

from html import escape

from jetseg_core.replay.report.charts import rgb
from jetseg_core.replay.report.page import bar, figure, section, swatch
from jetseg_core.replay.report.replay_report import Report


def class_colors(report: Report) -> dict[str, str]:
    """CSS color of each class."""
    classes = report["classes"]
    return {
        name: rgb(color) for name, color in zip(classes["names"], classes["palette"], strict=True)
    }


def class_table(report: Report) -> str:
    """Share, flicker, confidence and IoU of each class."""
    iou = report["per_class_iou"]
    head = ["Class", "Share", "Flicker", "Confi&shy;dence", *(["IoU"] if iou else [])]
    rows = []
    for name, color in class_colors(report).items():
        share = report["occupancy"][name]
        flicker = report["flicker"]["per_class"][name]
        sure = report["confidence"]["per_class"][name]
        cells = [
            f"{swatch(color)}{escape(name)}",
            figure(f"occupancy.{name}", share, 2, "%", 100) + bar(share),
            figure(f"flicker.per_class.{name}", flicker, 2, "%", 100) + bar(flicker),
            figure(f"confidence.per_class.{name}", sure, 1, "%", 100) + bar(sure),
        ]
        if iou:
            value = iou[name]
            known = None if value is None else value / 100
            cells.append(figure(f"per_class_iou.{name}", value, 2, "%") + bar(known))
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    table = (
        f"<thead><tr>{''.join(f'<th>{word}</th>' for word in head)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody>"
    )
    return section("Classes", f'<div class="scroll"><table>{table}</table></div>')


def region_table(report: Report) -> str:
    """Share of each class in each region, over all frames; nothing without regions."""
    regions = report["region_occupancy"]
    if not regions:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in regions)
    rows = []
    for name, color in class_colors(report).items():
        cells = "".join(
            f"<td>{figure(f'region_occupancy.{region}.{name}', shares[name], 2, '%', 100)}{bar(shares[name])}</td>"
            for region, shares in regions.items()
        )
        rows.append(f"<tr><td>{swatch(color)}{escape(name)}</td>{cells}</tr>")
    return section(
        "Regions",
        f'<div class="scroll"><table><thead><tr><th>Class</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table></div>",
        "Share of each class in the labelled pixels of each region.",
    )


def confusion_table(report: Report) -> str:
    """What is taken for what; nothing without ground truth."""
    matrix = report["confusion_matrix"]
    if matrix is None:
        return ""
    names = report["classes"]["names"]
    head = "".join(f"<th><span>{escape(name)}</span></th>" for name in names)
    rows = []
    for name, row in zip(names, matrix, strict=True):
        whole = sum(row)
        cells = "".join(_heat(name, other, n, whole) for other, n in zip(names, row, strict=True))
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    table = f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return section(
        "Confusion",
        f'<div class="scroll matrix">{table}</div>',
        "Rows: the true class; columns: what was predicted, in percent of the row's pixels.",
    )


def input_table(report: Report) -> str:
    """Rates and gaps of each camera, and why frames were not segmented."""
    rows = []
    for number, camera in enumerate(report["cameras"]):
        gaps, period = camera["gaps"], camera.get("period_ms")
        key = f"cameras.{number}"
        cells = [
            escape(camera["topic"]),
            figure(f"{key}.frames", camera["frames"], 0),
            figure(f"{key}.failed", camera["failed"], 0),
            figure(f"{key}.rate_hz", camera["rate_hz"], 2, "/s"),
            figure(f"{key}.period_ms.p95", period and period["p95"], 1, "ms"),
            figure(f"{key}.gaps.count", gaps["count"], 0),
            figure(f"{key}.gaps.missing_frames", gaps["missing_frames"], 0),
            figure(f"{key}.gaps.longest_s", gaps["longest_s"], 3, "s"),
            figure(f"{key}.backwards", camera["backwards"], 0),
        ]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    words = [
        "Camera", "Frames", "Failed", "Median rate", "Period at 95 %", "Gaps", "Missing frames", "Longest gap",
        "Stamps not rising",
    ]  # fmt: skip
    head = "".join(f"<th>{word}</th>" for word in words)
    faults = [
        f"{camera['topic']}: {count} x {fault}"
        for camera in report["cameras"]
        for fault, count in camera["faults"].items()
    ]
    return section(
        "Input",
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
        + "".join(f"<p>Not segmented: {escape(fault)}</p>" for fault in faults),
        "By the stamps of the images. A gap is a pause of more than one and a half median periods.",
    )


def _heat(name: str, other: str, count: int, whole: int) -> str:
    share = count / whole if whole else 0.0
    word = f"{100 * share:.0f}" if share >= 0.005 else ""
    ink = ";color:#fff" if share > 0.55 else ""
    title = escape(f"{name} seen as {other}: {count} pixels")
    return f'<td title="{title}" style="background:rgba(var(--heat),{share:.3f}){ink}">{word}</td>'
