"""report.html over many recordings, for people."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

from jetseg_core.replay.report.page import cards, facts, figure, section, write_page
from jetseg_core.replay.report.replay_report import Report
from jetseg_core.replay.report.report_charts import latency_chart
from jetseg_core.replay.report.report_page import FILE
from jetseg_core.replay.report.report_tables import class_table, confusion_table, region_table


def save_fleet_page(folder: Path, report: Report) -> None:
    """Write report.html above the reports of the recordings, which it links to."""
    body = [
        _head(report),
        _cards(report),
        _bag_table(report),
        class_table(report),
        region_table(report),
        confusion_table(report),
        latency_chart(report),
        _what_ran(report),
        "<footer>All of these numbers are in report.json. They are of the pixels and frames of all "
        "recordings together: none is a mean of means.</footer>",
    ]
    title = f"{len(report['bags'])} recordings: {report['model']['name']}"
    write_page(folder / FILE, title, "\n".join(body), {"timeline": [], "series": []})


def _head(report: Report) -> str:
    listed = []
    left = report["recordings"]["interrupted"] + report["recordings"]["not begun"]
    if left:
        listed.append(
            f"The replay was interrupted: {left} of {len(report['bags'])} recordings are not finished."
        )
    for bag in report["bags"]:
        texts = [bag["error"]] if bag["error"] else bag.get("warnings", [])
        listed += [f"{bag['name']}: {text}" for text in texts]
    items = "".join(f"<li>{escape(text)}</li>" for text in listed)
    return (
        f"<header><h1>{len(report['bags'])} recordings</h1><p>{escape(report['model']['name'])} · "
        f"{escape(report['backend'])} {escape(report['precision'])} on {escape(report['device'])}</p></header>"
        + (f'<ul class="warnings">{items}</ul>' if items else "")
    )


def _cards(report: Report) -> str:
    counts = report["recordings"]
    rest = [
        f"{count} {status}" for status, count in counts.items() if count and status != "complete"
    ]
    failed = f"{report['failed']} failed" if report["failed"] else "none failed"
    entries = [
        (
            "Recordings",
            figure("recordings.complete", counts["complete"], 0),
            f"{', '.join(rest) or 'none failed'}",
        ),
        ("Frames", figure("frames", report["frames"], 0), failed),
    ]
    if report["miou"] is not None:
        remark = f"{report['labelled_frames']} frames have labels"
        entries.append(("mIoU", figure("miou", report["miou"], 2, "%"), remark))
    latency = report["latency_ms"]
    p95 = figure("latency_ms.p95", latency["p95"], 1, "ms")
    entries += [
        (
            "Latency, median",
            figure("latency_ms.p50", latency["p50"], 1, "ms"),
            f"{p95} at 95 %",
        ),
        (
            "Flicker",
            figure("flicker.overall", report["flicker"]["overall"], 2, "%", 100),
            "of pixels change label from frame to frame",
        ),
        (
            "Confidence",
            figure("confidence.overall", report["confidence"]["overall"], 1, "%", 100),
            "mean over all pixels",
        ),
    ]
    return cards(entries)


def _bag_table(report: Report) -> str:
    labelled = report["miou"] is not None
    words = [
        "Recording",
        "Frames",
        *(["mIoU", "Pixels right"] if labelled else []),
        "Latency",
        "At 95 %",
    ]
    words += ["Flicker", "Confi&shy;dence", "Duration", "Failed", "Missing"]
    rows = [_row(number, bag, labelled) for number, bag in enumerate(report["bags"])]
    head = "".join(f"<th>{word}</th>" for word in words)
    return section(
        "Recordings",
        f'<div class="scroll"><table class="bags"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table></div>",
        "Each leads to its own report, with pictures and curves over time. Missing: frames that gaps between the "
        "stamps leave room for.",
    )


def _row(number: int, bag: Report, labelled: bool) -> str:
    name = escape(bag["name"])
    if "frames" not in bag:
        return f'<tr><td>{name}</td><td colspan="10">{escape(bag["status"])}</td></tr>'
    key = f"bags.{number}"
    note = "" if bag["status"] == "complete" else f' <span class="remark">{bag["status"]}</span>'
    cells = [
        f'<a href="{escape(quote(bag["report"]))}">{name}</a>{note}',
        figure(f"{key}.frames", bag["frames"], 0),
    ]
    if labelled:
        cells += [
            figure(f"{key}.miou", bag["miou"], 2, "%"),
            figure(f"{key}.pixel_accuracy", bag["pixel_accuracy"], 2, "%"),
        ]
    cells += [
        figure(f"{key}.latency_ms.p50", bag["latency_ms"]["p50"], 1, "ms"),
        figure(f"{key}.latency_ms.p95", bag["latency_ms"]["p95"], 1, "ms"),
        figure(f"{key}.flicker", bag["flicker"], 2, "%", 100),
        figure(f"{key}.confidence", bag["confidence"], 1, "%", 100),
        figure(f"{key}.duration_s", bag["duration_s"], 1, "s"),
        figure(f"{key}.failed", bag["failed"], 0),
        figure(f"{key}.missing_frames", bag["missing_frames"], 0),
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _what_ran(report: Report) -> str:
    model = report["model"]
    height, width = model["input_size"]
    machines = dict.fromkeys(bag["machine"] for bag in report["bags"] if "machine" in bag)
    entries = {
        "Model": f"{model['name']} ({model['preset']}, C{model['combination']})",
        "Checkpoint, sha256": model["sha256"],
        "Network input": f"{width}x{height}, {model['resize']}",
        "Backend": report["selection"],
        "Processors": "; ".join(machines),
        "Least confidence": f"{report['min_confidence']:g}",
        "Regions": ", ".join(report["regions"]) or "none",
    }
    return section("What ran", facts(entries))
