"""compare.html and the summary of a comparison, for people."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from jetseg_core.replay.compare.comparison import Comparison
from jetseg_core.replay.report.page import cards, figure, section, swatch, write_page
from jetseg_core.replay.report.pictures import FramePictures
from jetseg_core.replay.report.replay_report import Report, load_report
from jetseg_core.replay.report.report_page import picture_row, stamp_text
from jetseg_core.replay.report.report_tables import class_colors

FILE = "compare.html"
_HEADLINES = {
    "miou": ("mIoU", "%", 2, True),
    "pixel_accuracy": ("Pixels right", "%", 2, True),
    "flicker": ("Flicker", "%", 2, False),
    "latency_p50": ("Latency, median", "ms", 1, False),
    "latency_p95": ("Latency at 95 %", "ms", 1, False),
}
"""Name, unit, digits, and whether more is better."""


def save_comparison_page(out: Path, folders: tuple[Path, Path], found: Comparison) -> None:
    """Write compare.html about the replays in two folders."""
    reports = load_report(folders[0]), load_report(folders[1])
    with FramePictures(folders[0], reports[0]) as a, FramePictures(folders[1], reports[1]) as b:
        shots = "".join(_shot(frame, (a, b), reports) for frame in found["most_different"])
    colors = class_colors(reports[0])
    body = [
        _head(found),
        _gates(found),
        cards(_card(key, found["figures"][key]) for key in _HEADLINES),
        section(
            "By class",
            _class_table("IoU", "iou", colors, found["figures"], more_is_better=True)
            + _class_table("Flicker", "flicker", colors, found["figures"], more_is_better=False),
            "B minus A in percent points, with its 95 % interval from resampling the frames. Colored where the "
            "interval leaves no doubt about the sign. Neighbouring frames of a drive are alike: other drives "
            "may differ by more.",
        ),
    ]
    overall = found["disagreement"]["overall"]
    if shots:
        body.append(
            section(
                "Frames that differ most",
                f'<div class="shots">{shots}</div>',
                f"A and B label {figure('disagreement.overall', overall, 2, '%')} of all pixels differently.",
            )
        )
    title = f"{found['b']['model']['name']} against {found['a']['model']['name']}"
    write_page(out / FILE, title, "\n".join(body), {"timeline": [], "series": []})


def format_comparison(found: Comparison) -> str:
    """The comparison as a few lines of text."""
    lines = [f"{side.upper()}  {_describe(found[side])}" for side in ("a", "b")]
    lines += [f"over {_frames(found)}", ""]
    lines.append(f"{'':<24}{'A':>9}{'B':>9}{'B - A':>9}   95 % interval")
    for key, entry in found["figures"].items():
        if entry["difference"] is None:
            continue
        row = f"{key:<24}{entry['a']:9.2f}{entry['b']:9.2f}{entry['difference']:+9.2f}"
        lines.append(f"{row}   {entry['low']:+.2f} to {entry['high']:+.2f}")
    lines += [
        f"{'FAILED' if gate['failed'] else 'passed'}: fail if {gate['condition']}; it is {gate['value']:+.2f}"
        for gate in found["gates"]
    ]
    return "\n".join(lines)


def _head(found: Comparison) -> str:
    sides = "".join(
        f"<p><strong>{side.upper()}</strong> {escape(_describe(found[side]))}</p>"
        for side in ("a", "b")
    )
    name = Path(found["a"]["bag"]).name
    return (
        f"<header><h1>{escape(name)}: B against A</h1>{sides}<p>over {_frames(found)}</p></header>"
    )


def _describe(side: Comparison) -> str:
    model = side["model"]
    return (
        f"{model['name']} ({model['sha256'][:12]}), {side['backend']} {side['precision']} on "
        f"{side['device']}, {side['machine']['processor']}; {side['folder']}"
    )


def _frames(found: Comparison) -> str:
    return (
        f"{found['frames']} frames in common, {found['labelled_frames']} of them with ground truth"
    )


def _gates(found: Comparison) -> str:
    listed = "".join(
        f"<li><strong>{'Failed' if gate['failed'] else 'Passed'}</strong>: fail if "
        f"{escape(gate['condition'])}; it is {gate['value']:+.2f}</li>"
        for gate in found["gates"]
    )
    return f'<ul class="warnings">{listed}</ul>' if listed else ""


def _card(key: str, entry: dict[str, Any]) -> tuple[str, str, str]:
    name, unit, digits, more_is_better = _HEADLINES[key]
    if entry["difference"] is None:
        return name, figure(f"figures.{key}.difference", None), "not known for both"
    value = figure(f"figures.{key}.difference", entry["difference"], digits, unit, sign=True)
    sides = " → ".join(
        figure(f"figures.{key}.{side}", entry[side], digits, unit) for side in ("a", "b")
    )
    interval = " to ".join(
        figure(f"figures.{key}.{end}", entry[end], digits, sign=True) for end in ("low", "high")
    )
    judged = f'<span class="{_judgement(entry, more_is_better)}">{value}</span>'
    return name, judged, f"{sides}<br>{interval}"


def _judgement(entry: dict[str, Any], more_is_better: bool) -> str:
    """Better or worse, or nothing where the interval holds both."""
    if entry["low"] is None or entry["low"] <= 0 <= entry["high"]:
        return ""
    return "better" if (entry["low"] > 0) == more_is_better else "worse"


def _class_table(
    title: str,
    key: str,
    colors: dict[str, str],
    figures: dict[str, dict[str, Any]],
    more_is_better: bool,
) -> str:
    rows = []
    for name, color in colors.items():
        path = f"figures.{key}.{name}"
        entry = figures[f"{key}.{name}"]
        signed = {word: figure(f"{path}.{word}", entry[word], 2, sign=True) for word in
                  ("difference", "low", "high")}  # fmt: skip
        judged = "" if entry["difference"] is None else _judgement(entry, more_is_better)
        cells = [
            f"{swatch(color)}{escape(name)}",
            figure(f"{path}.a", entry["a"], 2),
            figure(f"{path}.b", entry["b"], 2),
            f'<span class="{judged}">{signed["difference"]}</span>',
            f"{signed['low']}&hellip;{signed['high']}",
        ]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(
        f"<th>{word}</th>" for word in (f"{title}, %", "A", "B", "B - A", "95 % interval")
    )
    return (
        f'<h3>{title}</h3><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _shot(
    frame: Comparison, pictures: tuple[FramePictures, FramePictures], reports: Sequence[Report]
) -> str:
    found = []
    for side, pictured, report in zip(("a", "b"), pictures, reports, strict=True):
        topics = [camera["topic"] for camera in report["cameras"]]
        place = {"camera": topics.index(frame["topic"]), "stamp_ns": frame["stamp_ns"]}
        found.append(pictured.images(place | {"recorded_ns": frame[side]["recorded_ns"]}))
    a, b = found
    panels = {
        "A": pictures[0].colored(a["label"]),
        "B": pictures[1].colored(b["label"]),
        "where they differ": pictures[0].difference(a["label"], b["label"], a["overlay"]),
    }
    if "truth" in a:
        panels["label"] = pictures[0].colored(a["truth"])
    return (
        f'<div class="shot"><p>{escape(frame["topic"])} at {stamp_text(frame["stamp_ns"])} s: '
        f"{frame['disagreement']:.2f} % of pixels</p>{picture_row(panels)}</div>"
    )
