"""report.html: the report of a replay for people."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from jetseg_core.classes import UNLABELLED
from jetseg_ros.replay.charts import histogram, lines, rgb, stacked_areas
from jetseg_ros.replay.page import bar, cards, facts, figure, legend, section, swatch, write_page
from jetseg_ros.replay.pictures import FramePictures, data_url
from jetseg_ros.replay.report import Report

FILE = "report.html"
TIMELINE_WIDTH = 480
PANEL_WIDTH = 320


def save_page(folder: Path, report: Report) -> None:
    """Write report.html beside the replay's bag, whose frames it shows."""
    with FramePictures(folder, report) as pictures:
        shown = [pictures.images(frame)["overlay"] for frame in report["timeline"]]
        urls = [data_url(image, TIMELINE_WIDTH) for image in shown]
        body = [
            _head(report),
            _cards(report),
            _player(report),
            _classes(report),
            _over_time(report),
            _extremes(report, pictures),
            _confusion(report),
            _latency(report),
            _input(report),
            _what_ran(report),
            "<footer>All of these numbers are in report.json, those of single frames in frames.jsonl; "
            "the pictures are from the bag beside them.</footer>",
        ]
    data = {
        "timeline": [
            frame | {"stamp_text": stamp_text(frame["stamp_ns"])} for frame in report["timeline"]
        ],
        "pictures": urls,
        "topics": [camera["topic"] for camera in report["cameras"]],
        "series": [camera["series"] for camera in report["cameras"]],
    }
    title = f"{Path(report['bag']).name}: {report['model']['name']}"
    write_page(folder / FILE, title, "\n".join(body), data)


def stamp_text(stamp_ns: int) -> str:
    """Seconds with all nine digits after the point."""
    return f"{stamp_ns // 10**9}.{stamp_ns % 10**9:09d}"


def class_colors(report: Report) -> dict[str, str]:
    """CSS color of each class."""
    classes = report["classes"]
    return {
        name: rgb(color) for name, color in zip(classes["names"], classes["palette"], strict=True)
    }


def _head(report: Report) -> str:
    warnings = list(report["warnings"])
    if not report["complete"]:
        warnings.insert(0, "The replay was interrupted: this is about the frames up to there.")
    listed = "".join(f"<li>{escape(text)}</li>" for text in warnings)
    return (
        f"<header><h1>{escape(Path(report['bag']).name)}</h1><p>{escape(report['model']['name'])} · "
        f"{escape(report['backend'])} {escape(report['precision'])} on {escape(report['device'])} · "
        f"{escape(report['machine']['processor'])}</p></header>"
        + (f'<ul class="warnings">{listed}</ul>' if listed else "")
    )


def _cards(report: Report) -> str:
    latency, flicker = "latency_ms.p50", "flicker.overall"
    failed = f"{report['failed']} failed" if report["failed"] else "none failed"
    entries = [("Frames", figure("frames", report["frames"], 0), failed)]
    if report["miou"] is not None:
        remark = f"{report['pixel_accuracy']:.1f} % of pixels right"
        entries.append(("mIoU", figure("miou", report["miou"], 2, "%"), remark))
    p95 = figure("latency_ms.p95", report["latency_ms"]["p95"], 1, "ms")
    entries += [
        (
            "Latency, median",
            figure(latency, report["latency_ms"]["p50"], 1, "ms"),
            f"{p95} at 95 %",
        ),
        (
            "Flicker",
            figure(flicker, report["flicker"]["overall"], 2, "%", 100),
            "of pixels change label from frame to frame",
        ),
        (
            "Confidence",
            figure("confidence.overall", report["confidence"]["overall"], 1, "%", 100),
            "mean over all pixels",
        ),
    ]
    if len(report["cameras"]) == 1:
        camera = report["cameras"][0]
        gaps = camera["gaps"]
        remark = f"{gaps['count']} gaps, {gaps['missing_frames']} frames missing"
        entries.append(
            ("Input rate", figure("cameras.0.rate_hz", camera["rate_hz"], 1, "/s"), remark)
        )
    return cards(entries)


def _player(report: Report) -> str:
    rows = [("Frame", "frame"), ("Stamp", "stamp"), ("Latency", "latency"), ("Flicker", "flicker")]
    if len(report["cameras"]) > 1:
        rows.insert(1, ("Camera", "camera"))
    if report["miou"] is not None:
        rows.append(("mIoU", "miou"))
    values = "".join(f'<dt>{name}</dt><dd data-now="{key}"></dd>' for name, key in rows)
    return section(
        "Timeline",
        '<div class="player"><div><img alt="" width="480" height="360">'
        '<div class="controls"><button class="back" aria-label="previous frame">&lsaquo;</button>'
        '<input type="range" min="0" value="0" aria-label="frame">'
        '<button class="forth" aria-label="next frame">&rsaquo;</button></div></div>'
        f'<div>{legend(class_colors(report))}<dl class="now">{values}</dl></div></div>',
    )


def _classes(report: Report) -> str:
    iou = report["per_class_iou"]
    head = ["Class", "Share of pixels", "Flicker", "Confidence", *(["IoU"] if iou else [])]
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


def _over_time(report: Report) -> str:
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


def _extremes(report: Report, pictures: FramePictures) -> str:
    parts = []
    for word, frames in (("Worst", report["worst"]), ("Best", report["best"])):
        shots = "".join(_shot(frame, pictures) for frame in frames)
        if shots:
            parts.append(f'<h3>{word} frames</h3><div class="shots">{shots}</div>')
    if not parts:
        return ""
    return section(
        "Best and worst frames",
        "".join(parts),
        "By the mIoU of the single frame, over the classes in its ground truth. In the difference, "
        "wrong pixels are red.",
    )


def _shot(frame: Report, pictures: FramePictures) -> str:
    found = pictures.images(frame)
    label, truth = found["label"], found["truth"]
    known = np.where(truth == UNLABELLED, label, truth)  # void can be neither right nor wrong
    panels = {
        "overlay": found["overlay"],
        "prediction": pictures.colored(label),
        "label": pictures.colored(truth),
        "difference": pictures.difference(label, known, found["overlay"]),
    }
    return (
        f'<div class="shot"><p>Frame {frame["frame"]}: mIoU {frame["miou"]:.2f} %</p>'
        f"{picture_row(panels)}</div>"
    )


def picture_row(panels: dict[str, Any]) -> str:
    """Pictures side by side, with their names under them."""
    return (
        '<div class="panels">'
        + "".join(
            f'<figure><img src="{data_url(image, PANEL_WIDTH)}" alt="{escape(name)}">'
            f"<figcaption>{escape(name)}</figcaption></figure>"
            for name, image in panels.items()
        )
        + "</div>"
    )


def _confusion(report: Report) -> str:
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
        "Rows: the true class; columns: what was predicted instead, in percent of the row's pixels.",
    )


def _heat(name: str, other: str, count: int, whole: int) -> str:
    share = count / whole if whole else 0.0
    word = f"{100 * share:.0f}" if share >= 0.005 else ""
    ink = ";color:#fff" if share > 0.55 else ""
    title = escape(f"{name} seen as {other}: {count} pixels")
    return f'<td title="{title}" style="background:rgba(var(--heat),{share:.3f}){ink}">{word}</td>'


def _latency(report: Report) -> str:
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


def _input(report: Report) -> str:
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


def _what_ran(report: Report) -> str:
    model, machine = report["model"], report["machine"]
    height, width = model["input_size"]
    entries = {
        "Recording": report["bag"],
        "Model": f"{model['name']} ({model['preset']}, C{model['combination']})",
        "Checkpoint, sha256": model["sha256"],
        "Network input": f"{width}x{height}",
        "Backend": report["selection"],
        "Processor": f"{machine['processor']}, {machine['threads']} of {machine['cores']} threads",
        "System": f"{machine['system']}, Python {machine['python']}",
        "Labels": report["labels"] or "none",
        "Least confidence": f"{report['min_confidence']:g}",
        "Regions": ", ".join(report["regions"]) or "none",
    }
    return section("What ran", facts(entries))
