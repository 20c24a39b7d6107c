"""The launch file of several cameras, started by launch itself, over real DDS."""

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

LAUNCH_FILE = Path(__file__).parents[2] / "launch" / "multi_camera.launch.py"


@launch_pytest.fixture
def two_cameras(domain: int, launched: Callable[..., LaunchDescription]) -> LaunchDescription:
    """Two drivers: one below the node's namespace, and one with a longer, absolute name."""
    return launched(LAUNCH_FILE, cameras="front/, /rear/left", namespace="car")


@pytest.mark.launch(fixture=two_cameras)
def test_every_camera_is_served(peer: Peer, record: Record) -> Iterator[None]:
    peer.segment_one("/car/front/image_raw", "/car/front/segmentation/label")
    peer.segment_one("/rear/left/image_raw", "/rear/left/segmentation/label")
    for camera in ("/car/front", "/rear/left"):
        assert peer.count_subscribers(f"{camera}/camera_info") == 1
        assert peer.count_publishers(f"{camera}/segmentation/occupancy") == 1
    names = peer.parameter("/car/jetseg", "cameras").string_array_value
    assert list(names) == ["front", "/rear/left"]
    yield
    assert record.exits == [0]
    assert "[WARN]" not in record.output and "[ERROR]" not in record.output
