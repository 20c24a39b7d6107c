"""The nodes as processes: how they start, end and fail."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sensor_msgs.msg import Image

if TYPE_CHECKING:
    from test.ros.conftest import Rig, Start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly_within_two_seconds(
    rig: Rig, street: np.ndarray, start: Start, number: signal.Signals
) -> None:
    node = start("segmentation_node")
    rig.wait_until_active()
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()

    rig.publish_until(camera, lambda: rig.image(street), lambda: len(labels) > 5, "labels")
    begin = time.monotonic()
    node.send_signal(number)
    output, _ = node.communicate(timeout=20)
    assert time.monotonic() - begin < 2.0
    assert node.returncode == 0, output
    assert "Traceback" not in output and "[ERROR]" not in output


def test_a_signal_ends_it_while_the_model_is_loaded(start: Start) -> None:
    node = start("segmentation_node")
    time.sleep(1.0)  # whatever it is at by now
    node.send_signal(signal.SIGTERM)
    output, _ = node.communicate(timeout=20)
    assert "[ERROR]" not in output


def test_a_failed_start_is_one_error_and_an_exit_status(start: Start) -> None:
    node = start("segmentation_node", "-p", "model.checkpoint:=nowhere.pt")
    output, _ = node.communicate(timeout=60)
    assert node.returncode == 2
    assert output.count("[ERROR]") == 1 and "nowhere.pt" in output
    assert "Traceback" not in output


def test_a_failed_start_of_the_camera(start: Start) -> None:
    camera = start("camera_node", "-p", "source:=nowhere")
    output, _ = camera.communicate(timeout=60)
    assert camera.returncode == 2
    assert output.startswith("error: nowhere: no such file or folder")
    assert "Traceback" not in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_camera_ends_with_a_signal(rig: Rig, start: Start, number: signal.Signals) -> None:
    camera = start("camera_node", "-p", "source:=generator:size=96x64", "-p", "loop:=true")
    images = rig.record(Image, "image")
    rig.spin_until(lambda: len(images) > 2, "images")
    begin = time.monotonic()
    camera.send_signal(number)
    output, _ = camera.communicate(timeout=20)
    assert time.monotonic() - begin < 2.0
    assert camera.returncode == 0, output
    assert "Traceback" not in output


def test_without_autostart_it_waits(rig: Rig, start: Start) -> None:
    node = start("segmentation_node", "-p", "autostart:=false")
    rig.spin_until(
        lambda: ("jetseg", "/") in rig.peer.get_node_names_and_namespaces(), "the node to come up"
    )
    rig.spin_for(0.5)
    assert rig.peer.count_publishers("segmentation/label") == 0
    assert node.poll() is None
