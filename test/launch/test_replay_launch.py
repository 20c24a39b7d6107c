"""The launch file that plays a recording, started by launch itself, over real DDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip(
    "launch_pytest",
    reason="launch_pytest is not installed; it comes with a ROS 2 distribution only",
)

import launch_pytest
from launch.launch_description import LaunchDescription

if TYPE_CHECKING:
    from test.launch.conftest import Peer, Record

LAUNCH_FILE = Path(__file__).parents[2] / "launch" / "replay.launch.py"

Launched = Callable[..., LaunchDescription]
Launch = Callable[..., tuple[int, str]]

# Stands in for rosbag2, which no package index has: says how it was called, and waits to be ended.
PLAYER = """#!/bin/sh
[ "$3" = --help ] || { echo "called: $*"; exec sleep "$SECONDS_TO_PLAY"; }
"""


@pytest.fixture
def bag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording, and a `ros2` to play it with."""
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "bag_0.mcap").touch()
    (tmp_path / "ros2").write_text(PLAYER)
    (tmp_path / "ros2").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path / "bag"


@launch_pytest.fixture
def playing(
    domain: int, launched: Launched, bag: Path, monkeypatch: pytest.MonkeyPatch
) -> LaunchDescription:
    """A recording that lasts."""
    monkeypatch.setenv("SECONDS_TO_PLAY", "60")
    arguments = {"bag": str(bag), "image_topic": "/eye/image_raw", "rate": "2.0", "loop": "true"}
    return launched(LAUNCH_FILE, **arguments)


@pytest.mark.launch(fixture=playing)
def test_the_player_waits_for_the_node(peer: Peer, record: Record, bag: Path) -> Iterator[None]:
    peer.wait_until(lambda: "called:" in record.output, "the player")
    assert f"called: bag play {bag} --rate 2 --clock 100 --loop" in record.output
    peer.segment_one("/eye/image_raw", "segmentation/label")
    assert peer.parameter("jetseg", "use_sim_time").bool_value is True
    yield
    assert 0 in record.exits
    assert "[WARN]" not in record.output and "Traceback" not in record.output


@launch_pytest.fixture
def ending(
    domain: int, launched: Launched, bag: Path, monkeypatch: pytest.MonkeyPatch
) -> LaunchDescription:
    """A recording that ends at once."""
    monkeypatch.setenv("SECONDS_TO_PLAY", "0")
    return launched(LAUNCH_FILE, bag=str(bag))


@pytest.mark.launch(fixture=ending)
def test_all_ends_with_the_recording(peer: Peer, record: Record) -> None:
    peer.wait_until(lambda: len(record.exits) == 2, "player and node to end")
    assert record.exits == [0, 0]


@pytest.mark.parametrize("content", [None, "notes.txt"])
def test_a_file_that_is_no_recording_ends_it_before_anything_starts(
    launch: Launch, tmp_path: Path, content: str | None
) -> None:
    bag = tmp_path / "nothing"
    if content:
        bag.mkdir()
        (bag / content).touch()
    status, output = launch(LAUNCH_FILE, bag=str(bag))
    reason = "not a rosbag2 recording" if content else "no such file or folder"
    assert f"{bag}: {reason}; expected a folder with .mcap or .db3" in output
    assert status == 1 and "process started" not in output


@pytest.mark.parametrize("fault", [{"checkpoint": "nowhere.pt"}, {"rate": "fast"}])
def test_a_failing_process_makes_launch_fail(
    launch: Launch, bag: Path, monkeypatch: pytest.MonkeyPatch, fault: dict[str, str]
) -> None:
    monkeypatch.setenv("SECONDS_TO_PLAY", "60")
    status, output = launch(LAUNCH_FILE, bag=str(bag), **fault)
    assert status == 1 and "ended with status 2; it says why above" in output
    assert "called:" not in output  # nothing is played


def test_the_end_of_a_recording_is_no_failure(
    launch: Launch, bag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDS_TO_PLAY", "0")
    status, output = launch(LAUNCH_FILE, bag=str(bag))
    assert status == 0 and "called:" in output
