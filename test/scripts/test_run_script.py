"""scripts/run.sh: a domain for every command, and its locks in a folder of the user's own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from test.conftest import lock_folder

SCRIPT = Path(__file__).parents[2] / "scripts" / "run.sh"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command through the script, in an environment that is empty but for a home."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").touch()
    for name in ("ROS_DOMAIN_ID", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        words = ["bash", str(tmp_path / "scripts" / "run.sh"), *command]
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"])
def test_locks_are_in_a_folder_of_the_user_s_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    (tmp_path / "place").mkdir()
    monkeypatch.setenv(variable, str(tmp_path / "place"))
    ended = run("printenv", "ROS_DOMAIN_ID")
    number = int(ended.stdout)
    base = tmp_path / "place" / (".cache" if variable == "HOME" else "")
    assert lock_folder() == base / "jetseg-ros-domains"
    assert (lock_folder() / f"{number}.lock").is_file() and 1 <= number <= 101
    assert lock_folder().stat().st_mode & 0o777 == 0o700


def test_a_runtime_folder_that_is_not_there_is_passed_over(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    assert run("printenv", "ROS_DOMAIN_ID").returncode == 0
    assert lock_folder() == tmp_path / "home" / ".cache" / "jetseg-ros-domains"


def test_a_link_is_not_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home" / ".cache").mkdir(parents=True)
    (tmp_path / "home" / ".cache" / "jetseg-ros-domains").symlink_to(tmp_path / "elsewhere")
    ended = run("true")
    assert ended.returncode == 2 and "is not a folder of yours" in ended.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_place_that_cannot_be_made_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    ended = run("true")
    assert ended.returncode == 2
    assert f"{tmp_path}/home/.cache/jetseg-ros-domains is not a folder of yours" in ended.stderr


def test_an_error_if_no_domain_is_free(run: Run) -> None:
    held = [os.open(lock_folder() / f"{n}.lock", os.O_CREAT | os.O_RDWR) for n in range(1, 102)]
    try:
        for file in held:
            fcntl.flock(file, fcntl.LOCK_EX)
        ended = run("printenv", "ROS_DOMAIN_ID")
    finally:
        for file in held:
            os.close(file)
    assert ended.returncode == 2 and "all ROS domains, 1 to 101, are in use" in ended.stderr
    assert ended.stdout == ""
    assert run("true").returncode == 0


def test_a_domain_that_is_set_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")
    assert run("printenv", "ROS_DOMAIN_ID").stdout == "7\n"
