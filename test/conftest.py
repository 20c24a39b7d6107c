"""A ROS 2 domain of its own for every test; and what is left out where there is no ROS 2."""

from __future__ import annotations

import fcntl
import os
import random
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

collect_ignore = [] if find_spec("rclpy") else ["jetseg_ros", "launch"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what `collect_ignore` left out."""
    if collect_ignore:
        terminalreporter.write_line(
            "LEFT OUT test/jetseg_ros, test/launch: ROS 2 (rclpy) is not installed"
        )


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A domain id that no other test or command on this machine uses; processes inherit it."""
    for number in random.sample(range(1, 102), 101):
        # The same locks as scripts/run.sh; a lock ends with the process that holds it.
        lock = Path(tempfile.gettempdir()) / f"jetseg-ros-domain-{number}.lock"
        try:
            file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except PermissionError:  # another user's
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            continue
        monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
        yield number
        os.close(file)
        return
    pytest.fail("all 101 ROS 2 domains of this machine are in use")


@pytest.fixture(scope="session")
def soak_frames() -> int:
    """How many frames a test of endurance sends: few, unless JETSEG_SOAK_FRAMES says more."""
    return int(os.environ.get("JETSEG_SOAK_FRAMES") or 100)
