"""A recording through the model: bag, video and report, without ROS middleware."""

from __future__ import annotations

import sys

from jetseg_core.cli.main import main as jetseg
from jetseg_ros.replay.command import replay_with_report
from jetseg_ros.replay.compare_command import compare_with_page
from jetseg_ros.replay.compare_page import format_comparison
from jetseg_ros.replay.settings import ReplaySettings
from jetseg_ros.replay.summary import format_report

__all__ = [
    "ReplaySettings",
    "compare_with_page",
    "format_comparison",
    "format_report",
    "main",
    "replay_with_report",
]


def main() -> None:
    """`ros2 run jetseg replay` and `jetseg-replay`: the command ``jetseg replay``."""
    jetseg(["replay", *sys.argv[1:]])
