"""The report over many recordings for people: report.html, and the summary in the terminal."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from jetseg_core.replay.many.many_report import ManyReport
from jetseg_core.replay.report.figures import FIGURES, Figure, judged
from jetseg_core.replay.report.pages import write_page
from jetseg_core.replay.report.report_page import FILE, figure_lines, frames_line, model_line


def save_many_page(folder: Path, report: ManyReport) -> None:
    """Write report.html above the pages of the recordings, which it links to."""
    write_page(
        folder / FILE,
        "many.html.jinja",
        report=report,
        figures=[figure for figure in FIGURES if report.has(figure)],
        warnings=_warnings(report),
        links=[quote(entry.report or "") for entry in report.bags],
    )


def format_many_report(report: ManyReport, folder: Path) -> str:
    """The main figures as text, a line for each recording, and the places of the results."""
    counts = ", ".join(f"{count} {status}" for status, count in report.recordings.items() if count)
    lines = [model_line(report), f"{'Recordings':<17}{counts}", frames_line(report)]
    lines += figure_lines(report)
    columns = [figure for figure in judged() if figure.note is not None and report.has(figure)]
    width = max(len("Recording"), *(len(entry.name) for entry in report.bags)) + 2
    head = "".join(f"{figure.title:>{_width(figure)}}" for figure in columns)
    lines += ["", f"{'Recording':<{width}}{'Frames':>8}{head}"]
    for entry in report.bags:
        if entry.frames is None:
            lines.append(f"{entry.name:<{width}}{entry.status}")
            continue
        cells = [f"{one.text(entry.overall(one)):>{_width(one)}}" for one in columns]
        status = "" if entry.status == "complete" else f"  {entry.status}"
        lines.append(f"{entry.name:<{width}}{entry.frames:8}{''.join(cells)}{status}")
    lines += ["", f"in {folder}: report.html, report.json, and a folder for each recording"]
    return "\n".join(lines)


def _width(figure: Figure) -> int:
    return max(10, len(figure.title) + 2)


def _warnings(report: ManyReport) -> list[str]:
    warnings = []
    unfinished = report.recordings["interrupted"] + report.recordings["not begun"]
    if unfinished:
        warnings.append(
            f"The replay was interrupted: {unfinished} of {len(report.bags)} recordings are not finished."
        )
    for entry in report.bags:
        texts = [entry.error] if entry.error else entry.warnings or []
        warnings += [f"{entry.name}: {text}" for text in texts]
    return warnings
