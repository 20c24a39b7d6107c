"""The report of a replay, made from its frame log."""

from __future__ import annotations

import json
from bisect import insort
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.replay.report.camera_counter import CameraCounter
from jetseg_core.replay.report.figures import MIOU, Values, count_frame, frame_values, judged
from jetseg_core.replay.report.frame_counter import FrameCounter
from jetseg_core.replay.report.replay_report import CameraReport, FrameFigures, Report, RunFacts
from jetseg_core.replay.report.typed_json import from_plain
from jetseg_core.replay.run.frame_log import FrameRow, read_rows
from jetseg_core.replay.run.replay_settings import RUN_FILE, load_run

EXTREMES = 3
"""Number of best frames and of worst frames."""
TIMELINE_FRAMES = 120
"""Largest number of frames on the timeline."""


def make_report(folder: Path) -> Report:
    """Count the frames of the replay in a folder.

    Raises:
        JetSegError: there is no replay, or none of its frames could be segmented.
    """
    record = load_run(folder)
    if record is None:
        raise JetSegError(f"{folder}: no replay there; make one: jetseg replay BAG --out {folder}")
    try:
        run = from_plain(RunFacts, record)
        json.dumps(record, allow_nan=False)  # reports hold no other numbers
    except (ValueError, JetSegError) as error:
        raise JetSegError(f"{folder / RUN_FILE}: not the record of a replay ({error})") from error
    names, regions = run.classes.names, run.regions
    counters = [CameraCounter(names, regions) for _ in record["cameras"]]
    totals = FrameCounter(names, regions)
    size = len(counters), len(names), len(regions)
    on_timeline = _spread(sum(1 for _ in read_rows(folder, *size)))
    timeline: list[FrameFigures] = []
    ranked: list[FrameFigures] = []
    for number, row in enumerate(read_rows(folder, *size)):
        counts = count_frame(row)
        values = frame_values(counts)
        totals.add(row, counts)
        counters[row.camera].add(row, counts, values)
        if row.fault:
            continue
        frame = _frame_figures(number, row, values)
        if number in on_timeline:
            timeline.append(frame)
        if values[MIOU.key] is not None:
            insort(ranked, frame, key=lambda one: (one.figures[MIOU.key], one.frame))
            del ranked[EXTREMES:-EXTREMES]  # those between the worst and the best
    cameras = [
        counter.report(camera["topic"], camera["prefix"])
        for counter, camera in zip(counters, record["cameras"], strict=True)
    ]
    if not totals.frames:
        faults = sum((Counter(camera.faults) for camera in cameras), Counter[str]())
        why = ", ".join(f"{count} x {fault}" for fault, count in faults.items()) or "no messages"
        raise JetSegError(f"{run.bag}: no frame could be segmented ({why})")
    run.warnings.extend(text for camera in cameras for text in _jumps(camera))
    return Report(
        **vars(run),
        **vars(totals.report()),
        cameras=cameras,
        worst=ranked[:EXTREMES],
        best=ranked[EXTREMES:][::-1],
        timeline=timeline,
    )


def _jumps(camera: CameraReport) -> Iterator[str]:
    """The jumps of a camera's clock in words, if there are any."""
    jumps = camera.clock_jumps or []
    for jump in jumps[:1]:
        hours = jump.length_s / 3600
        length = f"{hours:+.1f} hours" if abs(hours) < 48 else f"{hours / 24:+,.0f} days"
        more = f", and {len(jumps) - 1} more times" if len(jumps) > 1 else ""
        yield (
            f"{camera.topic}: the clock jumps by {length} after frame {jump.after_frame}{more}; rates, gaps and times "
            "are counted without it"
        )


def _frame_figures(number: int, row: FrameRow, values: Values) -> FrameFigures:
    return FrameFigures(
        frame=number,
        camera=row.camera,
        stamp_ns=row.stamp_ns,
        recorded_ns=row.recorded_ns,
        latency_ms=round(row.latency_ms, 3),
        figures={figure.key: values[figure.key] for figure in judged() if figure.of_frames},
    )


def _spread(total: int) -> set[int]:
    """Numbers of the rows on the timeline."""
    count = min(TIMELINE_FRAMES, total)
    return {round(i * (total - 1) / max(1, count - 1)) for i in range(count)}
