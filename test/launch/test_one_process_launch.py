"""Camera and node in one process, started by launch itself, over real DDS."""

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
from sensor_msgs.msg import Image

if TYPE_CHECKING:
    from test.launch.conftest import Peer, Record

LAUNCH_FILE = Path(__file__).parents[2] / "launch" / "one_process.launch.py"


@launch_pytest.fixture
def on_the_street(domain: int, launched: Callable[..., LaunchDescription]) -> LaunchDescription:
    """The generated street stands for a camera."""
    return launched(
        LAUNCH_FILE, device="generator:frames=3000,size=96x64", frame_id="eye", namespace="front"
    )


@pytest.mark.launch(fixture=on_the_street)
def test_labels_come_without_a_camera_driver(peer: Peer, record: Record) -> Iterator[None]:
    labels: list[Image] = []
    peer.create_subscription(Image, "/front/segmentation/label", labels.append, 5)
    peer.wait_until(lambda: len(labels) > 2, "labels")
    assert labels[0].header.frame_id == "eye" and (labels[0].height, labels[0].width) == (64, 96)
    yield
    assert record.exits == [0]
    assert "[ERROR]" not in record.output
