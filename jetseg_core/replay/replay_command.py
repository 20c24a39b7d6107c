"""A replay from the recording to the finished report."""

from __future__ import annotations

import json
from pathlib import Path

from jetseg_core.atomic_file import replacing
from jetseg_core.replay.report.replay_report import FILE as REPORT_FILE
from jetseg_core.replay.report.replay_report import Report, load_report, save_report
from jetseg_core.replay.report.report_maker import make_report
from jetseg_core.replay.report.report_page import FILE as PAGE_FILE
from jetseg_core.replay.report.report_page import save_page
from jetseg_core.replay.run.replay_outputs import LAYOUT_FILE
from jetseg_core.replay.run.replay_run import replay
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.replay.run.watch import Watch
from jetseg_core.results.foxglove import make_layout


def replay_with_report(settings: ReplaySettings, watch: Watch | None = None) -> Report:
    """Replay, and write report.json, report.html and a layout for Foxglove about as much as was replayed.

    Raises:
        JetSegError: see `replay`; or no frame could be segmented.
    """
    replay(settings, watch)
    if all((settings.out / name).is_file() for name in (REPORT_FILE, PAGE_FILE)):
        return load_report(settings.out)  # it was finished before
    report = make_report(settings.out)
    save_report(settings.out, report)
    save_page(settings.out, report)
    _save_layout(settings.out, report)
    return report


def _save_layout(folder: Path, report: Report) -> None:
    layout = make_layout(
        [camera.prefix for camera in report.cameras],
        report.classes,
        live=False,
        truth=report.labels is not None,
    )
    with replacing(folder / LAYOUT_FILE) as path:
        path.write_text(json.dumps(layout, indent=2) + "\n")
