"""Camera and node in one process: labels of what the camera shows, and no image on any topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sensor_msgs.msg import Image

from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.sources import open_source
from jetseg_ros.camera.one_process import LocalCamera

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig, Start

STREET = "generator:frames=40,size=96x64,rate=20"


def test_the_camera_s_pictures_are_segmented(rig: Rig, start_python: Start) -> None:
    process = start_python(
        "-m", "jetseg_ros.camera.one_process", STREET, "--frame-id", "eye", "--ros-args",
        "-p", "runtime.threads:=1",
    )  # fmt: skip
    labels = rig.record(Image, "segmentation/label")
    rig.spin_until(lambda: len(labels) > 3, "labels")
    assert rig.peer.count_publishers("image") == 0
    assert process.wait(60) == 0  # the source has ended
    runtime = create_runtime(RuntimeSettings())
    expected = [runtime.segment(frame.image).labels.tobytes() for frame in open_source(STREET)]
    assert all(bytes(label.data) in expected for label in labels)
    assert {label.header.frame_id for label in labels} == {"eye"}
    stamps = [label.header.stamp.sec * 10**9 + label.header.stamp.nanosec for label in labels]
    assert stamps == sorted(set(stamps))


def test_images_of_this_process_wait_for_the_node_to_be_active(
    rig: Rig, street: np.ndarray
) -> None:
    node = rig.node()
    node.take_image(rig.image(street))  # dropped, and nothing breaks
    assert node.autostart()
    labels = rig.record(Image, "segmentation/label")
    sent = rig.image(street)

    def answered() -> bool:
        node.take_image(sent)
        rig.spin_for(0.1)
        return bool(labels)

    rig.spin_until(answered, "a label")
    assert labels[0].header == sent.header


def test_a_device_that_is_no_camera_is_named() -> None:
    with pytest.raises(JetSegError, match="no such file or folder"):
        LocalCamera("/dev/video99")
    with pytest.raises(JetSegError, match="/dev/null: no camera answers there"):
        LocalCamera("/dev/null")


def test_mistakes_end_the_process_with_one_line(start_python: Start) -> None:
    for arguments, said in (
        (("/dev/null",), "error: /dev/null: no camera answers there"),
        (("generator", "extra"), "error: unknown arguments: extra"),
    ):
        process = start_python("-m", "jetseg_ros.camera.one_process", *arguments)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 2
        assert next(line for line in output.splitlines() if "error" in line).startswith(said)
        assert "Traceback" not in output
