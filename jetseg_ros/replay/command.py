"""A replay from the recording to the finished report."""

from __future__ import annotations

from jetseg_ros.replay.report import Report, make_report, save_report
from jetseg_ros.replay.report_page import save_page
from jetseg_ros.replay.run import replay
from jetseg_ros.replay.settings import ReplaySettings


def replay_with_report(settings: ReplaySettings) -> Report:
    """Replay, and write report.json and report.html about as much as was replayed.

    Raises:
        JetSegError: see `replay`; or no frame could be segmented.
    """
    replay(settings)
    report = make_report(settings.out)
    save_report(settings.out, report)
    save_page(settings.out, report)
    return report
