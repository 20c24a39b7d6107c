"""The command that waits for the node, then plays a recording; with a stand-in for rosbag2."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

Install = Callable[[str], None]


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """A recording, as far as the command looks into it."""
    file = tmp_path / "drive.mcap"
    file.touch()
    return file


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes the only `ros2` on the path, of this shell script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(script: str) -> None:
        (folder / "ros2").write_text(f"#!{os.path.realpath('/bin/sh')}\n{script}\n")
        (folder / "ros2").chmod(0o755)

    return write


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jetseg_ros.play_bag", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(*arguments: str) -> str:
    """The one line that says why it did not play."""
    process = start(*arguments)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and not output and "Traceback" not in errors
    assert errors.startswith("error: ")
    return errors


def test_it_plays_once_the_node_is_active(rig: Rig, bag: Path, install: Install) -> None:
    install('echo "$*"')
    node = rig.node(autostart=False)
    player = start(str(bag), "--rate", "0.5", "--loop")
    rig.spin_until(
        lambda: rig.peer.count_subscribers("segmentation/model_info") == 1, "the player to wait"
    )
    assert player.poll() is None
    node.trigger_configure()
    node.trigger_activate()
    rig.spin_until(lambda: player.poll() is not None, "the player to play")
    output, errors = player.communicate()
    assert output == f"bag play {bag} --rate 0.5 --clock 100 --loop\n" and not errors
    assert player.returncode == 0


def test_no_ros2_command(bag: Path, install: Install) -> None:
    reason = refusal(str(bag))
    assert "no `ros2` command" in reason and "install ros-$ROS_DISTRO-ros2bag" in reason


def test_a_ros2_command_without_rosbag2(bag: Path, install: Install) -> None:
    install("echo \"ros2: error: argument Call: invalid choice: 'bag'\" >&2; exit 2")
    reason = refusal(str(bag))
    assert "invalid choice: 'bag'" in reason and "install ros-$ROS_DISTRO-ros2bag" in reason


def test_no_recording(tmp_path: Path, install: Install) -> None:
    install("exit 0")
    assert "nothing: no such file or folder" in refusal(str(tmp_path / "nothing"))


def test_no_node(domain: int, bag: Path, install: Install) -> None:
    install("exit 0")
    assert "no segmentation node became active within 0.5 s" in refusal(str(bag), "--wait", "0.5")
