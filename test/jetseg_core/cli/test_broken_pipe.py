"""Commands end quietly when what they print is not read to the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from jetseg_core.cli.broken_pipe import STATUS, quiet_on_broken_pipe


@pytest.fixture
def unread() -> Iterator[int]:
    """A pipe that nobody reads, to write to."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def jetseg(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jetseg_core.cli.main", *arguments]
    return subprocess.run(command, text=True, **options)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", [["info", "--json"], ["doctor", "--checkpoint", "no.pt"]], ids=" ".join
)
def test_a_command_ends_quietly_without_a_reader(
    arguments: list[str], unbuffered: str, unread: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    finished = jetseg(*arguments, stdout=unread, stderr=subprocess.PIPE)
    assert finished.stderr == ""
    assert finished.returncode == STATUS == 141


def test_so_does_its_help(unread: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "")
    assert jetseg("evaluate", "--help", stdout=unread, stderr=subprocess.PIPE).stderr == ""


def test_an_error_ends_quietly_without_a_reader(unread: int) -> None:
    finished = jetseg("info", "--checkpoint", "no.pt", stdout=subprocess.PIPE, stderr=unread)
    assert finished.returncode == STATUS and finished.stdout == ""


def test_another_broken_pipe_is_an_error() -> None:
    with pytest.raises(BrokenPipeError, match="a worker has died"), quiet_on_broken_pipe():
        raise BrokenPipeError("a worker has died")
