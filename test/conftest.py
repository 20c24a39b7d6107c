"""A ROS 2 domain of its own for every test; and what is left out where there is no ROS 2."""

from __future__ import annotations

import fcntl
import os
import random
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


def lock_folder() -> Path:
    """Folder in which scripts/run.sh, by the same rule, locks the domains in use; the user's own."""
    text = os.environ.get("XDG_RUNTIME_DIR", "")
    base = Path(text)
    if not text or not os.access(base, os.W_OK) or base.stat().st_uid != os.getuid():
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "jetseg-ros-domains"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    assert not folder.is_symlink() and folder.stat().st_uid == os.getuid(), folder
    return folder


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A domain id that no other test or command of this user has; processes inherit it."""
    folder = lock_folder()
    for number in random.sample(range(1, 102), 101):
        # A lock ends with the process that holds it.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        file = os.open(folder / f"{number}.lock", flags, 0o600)
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
    """Number of frames that a test of endurance sends: few, unless JETSEG_SOAK_FRAMES is larger."""
    return int(os.environ.get("JETSEG_SOAK_FRAMES") or 100)
