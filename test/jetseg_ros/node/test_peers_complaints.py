"""Common complaints of users of such nodes, each as a test."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from jetseg.msg import ModelInfo
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from jetseg_core.runtime import Runtime, RuntimeSettings, create_runtime
from jetseg_ros.doctor.ros_checks import examine_executables, executables
from jetseg_ros.node import segmentation_node

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Gate, Rig, Start


def test_results_of_one_image_can_be_joined_by_stamp(rig: Rig, street: np.ndarray) -> None:
    rig.active_node(input__size=[64, 96])
    kinds = {"label": Image, "confidence": Image, "color": Image, "camera_info": CameraInfo}
    received = {name: rig.record(kind, f"segmentation/{name}") for name, kind in kinds.items()}
    rig.publisher(CameraInfo, "camera_info").publish(CameraInfo(height=360, width=480))
    camera = rig.publisher()
    sent: list[Image] = []

    def stamps(messages: list[Any]) -> set[tuple[int, int, str]]:
        return {(m.header.stamp.sec, m.header.stamp.nanosec, m.header.frame_id) for m in messages}

    def publish() -> Image:
        sent.append(rig.image(street))
        sent[-1].header.frame_id = f"eye {len(sent)}"
        return sent[-1]

    def joined() -> set[tuple[int, int, str]]:
        return set.intersection(*(stamps(messages) for messages in received.values()))

    rig.publish_until(camera, publish, lambda: len(joined()) >= 3, "three complete results")
    assert stamps([m for messages in received.values() for m in messages]) <= stamps(sent)


def test_a_qos_that_does_not_match_is_reported(
    rig: Rig, street: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    rig.active_node(**{"qos_overrides__/image__subscription__reliability": "reliable"})
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    camera = rig.peer.create_publisher(Image, "image", best_effort)
    said = ""

    def publish_and_look() -> bool:
        nonlocal said
        camera.publish(rig.image(street))
        rig.spin_for(0.1)
        said += capfd.readouterr().err
        return "offering incompatible QoS. No messages will be received" in said

    rig.spin_until(publish_and_look, "the warning")


def test_the_executables_start_with_a_python_that_has_everything() -> None:
    files = executables(os.environ)
    assert files, "neither an installed package nor console scripts were found"
    findings = list(examine_executables(files))
    assert findings and all(finding.state == "ok" for finding in findings), findings


def test_it_serves_where_cv_bridge_cannot_be_imported(
    rig: Rig, street: np.ndarray, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As under NumPy 2, where a cv_bridge compiled for NumPy 1 raises.
    (tmp_path / "cv_bridge").mkdir()
    (tmp_path / "cv_bridge" / "__init__.py").write_text("raise ImportError('_ARRAY_API not found')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    start("node.segmentation_node", "-p", "input.size:=[64, 96]")
    rig.wait_until_active()
    labels = rig.record(Image, "segmentation/label")
    overlays = rig.record(CompressedImage, "segmentation/overlay/compressed")
    camera = rig.publisher()
    rig.publish_until(
        camera, lambda: rig.image(street), lambda: bool(labels and overlays), "label and overlay"
    )


def test_loading_is_announced_before_it_takes_long(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    def slow(settings: RuntimeSettings) -> Runtime:
        said.append(capfd.readouterr().err)
        return create_runtime(settings)

    monkeypatch.setattr(segmentation_node, "create_runtime", slow)
    rig.active_node()
    assert "loading nano_road11 (backend auto)" in said[0] and "minutes" in said[0]


def test_started_by_hand_it_serves_without_a_manager(
    rig: Rig, street: np.ndarray, start: Start
) -> None:
    start("node.segmentation_node", "-p", "input.size:=[64, 96]")
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    rig.publish_until(camera, lambda: rig.image(street), lambda: bool(labels), "a label")


def test_compressed_labels_keep_every_class_id(rig: Rig) -> None:
    # Noise: what a lossy format changes everywhere.
    noise = np.random.default_rng(0).integers(0, 256, (97, 131, 3), np.uint8)
    rig.active_node(input__size=[64, 96])
    raw = rig.record(Image, "segmentation/label")
    compressed = rig.record(CompressedImage, "segmentation/label/compressed")
    camera = rig.publisher()
    image = rig.image(noise)
    rig.publish_until(camera, lambda: image, lambda: bool(raw and compressed), "both labels")
    decoded = cv2.imdecode(np.frombuffer(compressed[0].data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded, np.frombuffer(raw[0].data, np.uint8).reshape(97, 131))
    assert "png" in compressed[0].format and "jp" not in compressed[0].format


def test_names_come_once_and_before_the_first_label(rig: Rig, street: np.ndarray) -> None:
    rig.active_node()
    rig.wait_until_active()
    infos = rig.record(ModelInfo, "segmentation/model_info", 1)  # volatile: gets nothing latched
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    rig.publish_until(camera, lambda: rig.image(street), lambda: bool(labels), "a label")
    assert not infos, "it is sent once, not by a poll"


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime", "torch"])
def test_inference_lets_other_threads_run(backend: str) -> None:
    pytest.importorskip(backend)
    # Large, so that one inference takes many turns of the other thread on a busy machine, too.
    settings = RuntimeSettings(backend=backend, input_size=(960, 1280), strict_backend=True)
    runtime = create_runtime(settings)
    image = np.zeros((960, 1280, 3), np.uint8)
    runtime.segment(image)
    began = threading.Event()

    def infer() -> None:
        began.set()
        runtime.segment(image)

    worker = threading.Thread(target=infer)
    worker.start()
    began.wait()
    turns = 0
    while worker.is_alive():
        time.sleep(1e-4)  # lets go of the interpreter, and waits to get it back
        turns += 1
    # Held throughout, it would come back once or twice, at the beginning and at the end.
    assert turns > 5


def test_one_thread_serves_all_callbacks_while_inference_is_under_way(
    rig: Rig, street: np.ndarray, gate: Callable[[Any], Gate]
) -> None:
    node = rig.active_node(
        **{
            "qos_overrides__/image__subscription__reliability": "reliable",
            "qos_overrides__/image__subscription__depth": 50,
        }
    )
    model = gate(node)
    rig.record(Image, "segmentation/label")
    values = rig.camera_values()
    camera = rig.publisher()
    camera.publish(rig.image(street))
    rig.spin_until(lambda: model.entered == 1, "a frame in work")
    for _ in range(5):
        camera.publish(rig.image(street))
    rig.spin_until(lambda: values().get("received") == "6", "frames and diagnostics to go on")
    assert values()["replaced"] == "4" and values()["waiting"] == "2"
