"""The report over many recordings: the figures of all their frames together, and a line about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.replay.many.replay_inputs import ReplayInput
from jetseg_core.replay.many.worker_pool import Outcome
from jetseg_core.replay.report.replay_report import Report, load_report
from jetseg_core.replay.report.report_page import FILE as PAGE_FILE
from jetseg_core.replay.report.totals import Totals
from jetseg_core.replay.run.frame_log import read_rows
from jetseg_core.replay.run.replay_settings import machine_line

_OF_ALL = (
    "model", "classes", "regions", "min_confidence", "backend", "precision", "device", "selection",
)  # fmt: skip
"""What the reports of all recordings say alike."""


def make_fleet_report(
    out: Path, bags: Sequence[ReplayInput], outcomes: Mapping[str, Outcome]
) -> Report:
    """The report of the replays in the folders of their names below `out`.

    Figures are in the units of a single replay's report, and of the pixels and frames of all recordings: none is a
    mean of means.

    Raises:
        JetSegError: no recording could be replayed.
    """
    totals: Totals | None = None
    shared: Report = {}
    entries = []
    for bag in bags:
        outcome = outcomes.get(bag.name)
        entry: Report = {"name": bag.name, "bag": str(bag.path), "status": _status(outcome)}
        if entry["status"] in ("failed", "not begun"):
            entries.append(entry | {"error": (outcome and outcome.error) or None})
            continue
        report = load_report(out / bag.name)
        if totals is None:
            shared = {key: report[key] for key in _OF_ALL}
            totals = Totals(report["classes"]["names"], report["regions"])
        for row in read_rows(out / bag.name):
            totals.add(row)
        entries.append(entry | {"error": None} | _figures(bag.name, report))
    if totals is None:
        reasons = dict.fromkeys(outcome.error for outcome in outcomes.values() if outcome.error)
        raise JetSegError(
            f"none of {len(bags)} recordings could be replayed: {'; '.join(reasons) or 'interrupted'}"
        )
    return {
        **shared,
        "complete": all(entry["status"] == "complete" for entry in entries),
        "recordings": {
            status: sum(entry["status"] == status for entry in entries)
            for status in ("complete", "interrupted", "failed", "not begun")
        },
        **totals.to_dict(),
        "bags": entries,
    }


def _status(outcome: Outcome | None) -> str:
    if outcome is None or not outcome.begun:
        return "not begun"
    if outcome.error:
        return "failed"
    return "complete" if outcome.complete else "interrupted"


def _figures(name: str, report: Report) -> Report:
    return {
        "report": f"{name}/{PAGE_FILE}",
        "frames": report["frames"],
        "failed": report["failed"],
        "labelled_frames": report["labelled_frames"],
        "duration_s": max(camera["duration_s"] for camera in report["cameras"]),
        "missing_frames": sum(camera["gaps"]["missing_frames"] for camera in report["cameras"]),
        "latency_ms": {key: report["latency_ms"][key] for key in ("p50", "p95")},
        "flicker": report["flicker"]["overall"],
        "confidence": report["confidence"]["overall"],
        "miou": report["miou"],
        "pixel_accuracy": report["pixel_accuracy"],
        "machine": machine_line(report),
        "warnings": report["warnings"],
    }
