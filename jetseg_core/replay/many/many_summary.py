"""The report over many recordings as a few lines of text."""

from __future__ import annotations

from pathlib import Path

from jetseg_core.replay.report.replay_report import Report
from jetseg_core.replay.report.summary import figure_lines, frames_line, model_line


def format_fleet_report(report: Report, folder: Path) -> str:
    """What matters most, a line for each recording, and where the rest is."""
    counts = [f"{count} {status}" for status, count in report["recordings"].items() if count]
    lines = [
        model_line(report),
        f"recordings {', '.join(counts)}",
        frames_line(report),
        *figure_lines(report),
    ]
    width = max(len(bag["name"]) for bag in report["bags"]) + 2
    lines += ["", f"{'recording':<{width}}{'frames':>8}{'median':>10}{'flicker':>10}{'mIoU':>9}"]
    lines += [_line(bag, width) for bag in report["bags"]]
    lines += ["", f"in {folder}: report.html, report.json, and a folder for each recording"]
    return "\n".join(lines)


def _line(bag: Report, width: int) -> str:
    if "frames" not in bag:
        return f"{bag['name']:<{width}}{bag['status']}"
    flicker, miou = bag["flicker"], bag["miou"]
    return (
        f"{bag['name']:<{width}}{bag['frames']:8}{bag['latency_ms']['p50']:7.1f} ms"
        + ("         -" if flicker is None else f"{100 * flicker:9.2f}%")
        + ("        -" if miou is None else f"{miou:8.2f}%")
        + ("" if bag["status"] == "complete" else f"  {bag['status']}")
    )
