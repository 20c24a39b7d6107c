"""A ROS 2 domain of its own for every test, on this machine only."""

from __future__ import annotations

import fcntl
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


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
