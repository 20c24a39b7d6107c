"""report.html: the report of a replay for people."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from jetseg_core.classes import UNLABELLED
from jetseg_core.replay.report.page import cards, facts, figure, legend, section, write_page
from jetseg_core.replay.report.pictures import FramePictures, data_url
from jetseg_core.replay.report.replay_report import Report
from jetseg_core.replay.report.report_charts import curves_over_time, latency_chart
from jetseg_core.replay.report.report_tables import (
    class_colors,
    class_table,
    confusion_table,
    input_table,
    region_table,
)
from jetseg_core.replay.run.overlay_video import video_paths
from jetseg_core.replay.run.replay_settings import machine_line

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
            _videos(folder, report),
            class_table(report),
            region_table(report),
            curves_over_time(report),
            _extremes(report, pictures),
            confusion_table(report),
            latency_chart(report),
            input_table(report),
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


def _videos(folder: Path, report: Report) -> str:
    """The videos, which lie beside the page: it is too large with them in it, and does without where it is alone."""
    topics = [camera["topic"] for camera in report["cameras"]]
    files = video_paths(folder, [camera["prefix"] for camera in report["cameras"]])
    shown = "".join(
        f'<figure><video controls muted playsinline preload="metadata" src="{escape(quote(file.name))}"></video>'
        f"<figcaption>{escape(topic)}</figcaption></figure>"
        for topic, file in zip(topics, files, strict=True)
        if file.is_file()
    )
    if not shown:
        return ""
    remark = "The overlays of all frames; pauses of the recording are left out."
    return section("Video", f'<div class="videos">{shown}</div>', remark)


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


def _what_ran(report: Report) -> str:
    model, machine = report["model"], report["machine"]
    height, width = model["input_size"]
    entries = {
        "Recording": report["bag"],
        "Model": f"{model['name']} ({model['preset']}, C{model['combination']})",
        "Checkpoint, sha256": model["sha256"],
        "Network input": f"{width}x{height}, {model['resize']}",
        "Backend": report["selection"],
        "Processor": machine_line(report),
        "System": f"{machine['system']}, Python {machine['python']}",
        "Stamps": report.get("stamps") or "of the messages",
        "Labels": report["labels"] or "none",
        "Least confidence": f"{report['min_confidence']:g}",
        "Regions": ", ".join(report["regions"]) or "none",
    }
    return section("What ran", facts(entries))
