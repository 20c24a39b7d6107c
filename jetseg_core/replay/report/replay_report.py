"""The report of a replay as data: everything in it follows from the run's record and the frame log."""

from __future__ import annotations

import heapq
import json
from pathlib import Path
from typing import Any

from jetseg_core.atomic_file import replacing
from jetseg_core.errors import JetSegError
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.replay.report.camera_figures import CameraFigures
from jetseg_core.replay.report.totals import Totals
from jetseg_core.replay.run.frame_log import FrameRow, read_rows
from jetseg_core.replay.run.replay_settings import load_run

FILE = "report.json"
EXTREMES = 3
"""So many best and worst frames are shown."""
TIMELINE_FRAMES = 120
"""The timeline shows at most so many frames, evenly spread."""

Report = dict[str, Any]


def make_report(folder: Path) -> Report:
    """The report of the replay in a folder.

    Shares are 0..1, IoU and accuracy in percent, times in the unit of their name; None is "not known".

    Raises:
        JetSegError: no replay there, or none of its frames could be segmented.
    """
    record = load_run(folder)
    if record is None:
        raise JetSegError(f"{folder}: no replay there; make one: jetseg replay BAG --out {folder}")
    names = record["classes"]["names"]
    cameras = [CameraFigures(names, record["regions"]) for _ in record["cameras"]]
    totals = Totals(names, record["regions"])
    ranked: list[tuple[float, int, FrameRow]] = []
    timeline = _spread(folder)
    shown = []
    for number, row in enumerate(read_rows(folder)):
        miou = frame_miou(row)
        cameras[row.camera].add(row, miou)
        totals.add(row)
        if row.fault:
            continue
        if miou == miou:
            ranked = _keep_extremes(ranked, (miou, number, row))
        if number in timeline:
            shown.append(_frame(number, row, miou))
    described = [
        {"topic": camera["topic"], "prefix": camera["prefix"]} | figures.to_dict()
        for camera, figures in zip(record["cameras"], cameras, strict=True)
    ]
    if not totals.frames:
        faults = {fault: n for camera in described for fault, n in camera["faults"].items()}
        why = ", ".join(f"{count} x {fault}" for fault, count in faults.items()) or "no messages"
        raise JetSegError(f"{record['bag']}: no frame could be segmented ({why})")
    ranked.sort(key=lambda entry: entry[:2])
    extremes = [_frame(number, row, miou) for miou, number, row in ranked]
    return {
        **record,
        **totals.to_dict(),
        "worst": extremes[:EXTREMES],
        "best": extremes[::-1][: min(EXTREMES, max(0, len(extremes) - EXTREMES))],
        "timeline": shown,
        "cameras": described,
    }


def save_report(folder: Path, report: Report) -> None:
    """Write report.json."""
    with replacing(folder / FILE) as path:
        path.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")


def load_report(folder: Path) -> Report:
    """Read the report.json of a replay.

    Raises:
        JetSegError: it is not there, or not a replay's.
    """
    path = folder / FILE
    try:
        report = json.loads(path.read_text())
        assert {"frames", "latency_ms", "flicker", "cameras"} <= report.keys()
    except (OSError, ValueError, AssertionError, AttributeError) as error:
        raise JetSegError(
            f"{path}: not the report of a replay; make one: jetseg replay BAG --out {folder}"
        ) from error
    return report


def frame_miou(row: FrameRow) -> float:
    """mIoU of one frame over the classes in its ground truth, percent; NaN without."""
    if row.confusion is None:
        return float("nan")
    matrix = ConfusionMatrix(len(row.confusion))
    matrix.counts += row.confusion
    return matrix.miou()


def _keep_extremes(
    ranked: list[tuple[float, int, FrameRow]], entry: tuple[float, int, FrameRow]
) -> list[tuple[float, int, FrameRow]]:
    ranked.append(entry)
    if len(ranked) <= 2 * EXTREMES:
        return ranked

    def key(one: tuple[float, int, FrameRow]) -> tuple[float, int]:
        return one[:2]

    return heapq.nsmallest(EXTREMES, ranked, key) + heapq.nlargest(EXTREMES, ranked, key)


def _spread(folder: Path) -> set[int]:
    """Numbers of the rows to show on the timeline."""
    total = sum(1 for _ in read_rows(folder))
    count = min(TIMELINE_FRAMES, total)
    return {round(i * (total - 1) / max(1, count - 1)) for i in range(count)}


def _frame(number: int, row: FrameRow, miou: float) -> Report:
    flicker = None
    if row.was is not None and row.changed is not None:
        flicker = sum(row.changed) / max(1, sum(row.was))
    return {
        "frame": number,
        "camera": row.camera,
        "stamp_ns": row.stamp_ns,
        "recorded_ns": row.recorded_ns,
        "latency_ms": round(row.latency_ms, 3),
        "flicker": flicker,
        "miou": None if miou != miou else miou,
    }
