"""The nodes as processes: how they start, end and fail."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sensor_msgs.msg import Image

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig, Start


SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])

HANGS_ON_FRAMES = """
import sys, time
from jetseg_core.runtime import Runtime
from jetseg_ros.node.segmentation_node import main

segment = Runtime.segment

def hang(runtime, image, **options):
    if image.any():  # not the trial on a black image, which configuring makes
        print("hangs", flush=True)
        time.sleep(1000)
    return segment(runtime, image, **options)

Runtime.segment = hang
sys.exit(main())
"""


def ends_cleanly(node: subprocess.Popen[str], number: signal.Signals, what: str) -> None:
    """Send the signal; the process ends without an error.

    The time is printed. On an idle machine it is under 2 s; the limit here is one that only a hanging node misses.
    """
    begin = time.monotonic()
    node.send_signal(number)
    output, _ = node.communicate(timeout=60)
    seconds = time.monotonic() - begin
    print(f"{what}: {number.name} ended it after {seconds:.2f} s with status {node.returncode}")
    assert seconds < 20.0
    assert node.returncode == 0, output
    assert "Traceback" not in output and "[ERROR]" not in output


def wait_for_line(node: subprocess.Popen[str], words: str) -> None:
    assert node.stdout is not None
    assert any(words in line for line in node.stdout), f"it ended without '{words}'"


@SIGNALS
def test_signals_end_it_cleanly(
    rig: Rig, street: np.ndarray, start: Start, number: signal.Signals
) -> None:
    node = start("node.segmentation_node")
    rig.wait_until_active()
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()

    rig.publish_until(camera, lambda: rig.image(street), lambda: len(labels) > 5, "labels")
    ends_cleanly(node, number, "while it serves")


@SIGNALS
def test_a_signal_ends_it_while_the_model_is_loaded(start: Start, number: signal.Signals) -> None:
    node = start("node.segmentation_node")
    wait_for_line(node, "loading nano_road11")
    ends_cleanly(node, number, "while a model is loaded")


@SIGNALS
def test_a_signal_ends_it_while_inference_hangs(
    rig: Rig, street: np.ndarray, start_python: Start, number: signal.Signals
) -> None:
    node = start_python("-c", HANGS_ON_FRAMES)
    rig.wait_until_active()
    rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    for _ in range(50):  # best effort may lose some
        camera.publish(rig.image(street))
        rig.spin_for(0.02)
    wait_for_line(node, "hangs")
    ends_cleanly(node, number, "while inference hangs")


def test_a_failed_start_is_one_error_and_an_exit_status(start: Start) -> None:
    node = start("node.segmentation_node", "-p", "model.checkpoint:=nowhere.pt")
    output, _ = node.communicate(timeout=60)
    assert node.returncode == 2
    assert output.count("[ERROR]") == 1 and "nowhere.pt" in output
    assert "Traceback" not in output


def test_a_failed_start_of_the_camera(start: Start) -> None:
    camera = start("camera.camera_node", "-p", "source:=nowhere")
    output, _ = camera.communicate(timeout=60)
    assert camera.returncode == 2
    assert output.startswith("error: nowhere: no such file or folder")
    assert "Traceback" not in output


@SIGNALS
def test_the_camera_ends_with_a_signal(rig: Rig, start: Start, number: signal.Signals) -> None:
    camera = start("camera.camera_node", "-p", "source:=generator:size=96x64", "-p", "loop:=true")
    images = rig.record(Image, "image")
    rig.spin_until(lambda: len(images) > 2, "images")
    ends_cleanly(camera, number, "the camera")


def test_without_autostart_it_waits(rig: Rig, start: Start) -> None:
    node = start("node.segmentation_node", "-p", "autostart:=false")
    rig.spin_until(
        lambda: ("jetseg", "/") in rig.peer.get_node_names_and_namespaces(), "the node to come up"
    )
    rig.spin_for(0.5)
    assert rig.peer.count_publishers("segmentation/label") == 0
    assert node.poll() is None


def test_the_node_starts_without_the_packages_of_recordings() -> None:
    """Each of them takes as long to load as a backend."""
    code = (
        "import sys, jetseg_ros.node.segmentation_node; print({'av', 'rosbags'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
