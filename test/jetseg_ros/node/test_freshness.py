"""The newest frame of every camera, none twice, none too old, none starved, all counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jetseg.msg import ClassOccupancy
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from jetseg_core.results.outputs import Output
from jetseg_ros.node.segmentation_node import SegmentationNode
from test.jetseg_ros.conftest import RELIABLE

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Gate, Rig

FRAME_MS = 10.0
"""Period of the camera that is faster than the model."""
CALLBACKS_MS = 100.0
"""Time for an image to pass DDS and the test's one thread, on a busy machine."""


def counts(node: SegmentationNode, camera: int = 0) -> dict[str, int]:
    found = node._slots.counts(camera)
    ended = found.processed + found.replaced + found.stale + found.failed
    assert found.received == ended + found.waiting
    return vars(found)


def test_only_the_newest_frame_waits(
    rig: Rig, street: np.ndarray, gate: Callable[[Any], Gate]
) -> None:
    node = rig.active_node(**RELIABLE)
    model = gate(node)
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    sent = [rig.image(street) for _ in range(7)]

    def wait_for(outcome: str, number: int) -> None:
        rig.spin_until(lambda: counts(node)[outcome] == number, f"{number} frames {outcome}")

    camera.publish(sent[0])
    rig.spin_until(lambda: model.entered == 1, "the first frame to be in work")
    for number, image in enumerate(sent[1:], start=2):
        camera.publish(image)
        wait_for("received", number)
    assert counts(node) | {"failures": None} == {
        "received": 7,
        "processed": 0,
        "replaced": 5,
        "stale": 0,
        "failed": 0,
        "waiting": 2,
        "failures": None,
    }
    model.open.set()
    wait_for("processed", 2)
    rig.spin_until(lambda: len(labels) == 2, "both labels")
    # The one that was in work, and the newest; nothing in between, however long it took.
    assert [label.header.stamp for label in labels] == [sent[0].header.stamp, sent[-1].header.stamp]
    assert counts(node)["waiting"] == 0


def test_latency_is_bounded_under_overload(rig: Rig, street: np.ndarray) -> None:
    # Several times slower than the frames below come, however fast the machine is: the thread that
    # publishes them takes as long on a slow one.
    node = rig.active_node(input__size=[1440, 1920], **RELIABLE)
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    camera.publish(rig.image(street))
    rig.spin_until(lambda: bool(labels), "a label")
    for _ in range(150):
        camera.publish(rig.image(street))
        rig.spin_for(1e-3 * FRAME_MS)
    rig.spin_until(lambda: counts(node)["waiting"] == 0, "the last frame")
    found = counts(node)
    assert found["replaced"] > 20, "the model kept up: this was no overload"
    # A result is at most as old as the frame that was in work when its own came, and its own time. A queue would let
    # the age grow with every frame.
    latency = node._cameras[0].latency.summaries()
    age = latency.pop("total")
    in_work_ms = sum(stage.max_ms for stage in latency.values())
    assert age.p95_ms < 2 * in_work_ms + FRAME_MS + CALLBACKS_MS


def test_labels_go_on_while_long_outputs_of_a_frame_are_made(
    rig: Rig, street: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = rig.active_node(**RELIABLE)
    labels = rig.record(Image, "segmentation/label")
    occupancies = rig.record(ClassOccupancy, "segmentation/occupancy")
    camera = rig.publisher()
    (served,) = node._cameras
    served.rest_s = 60.0  # as if they had taken so long before
    publish, may_go_on = served.outputs.publish, threading.Event()

    def publish_slowly(frame: Any, header: Any, outputs: list[Output], watch: Any) -> None:
        assert any(output.first for output in outputs) or may_go_on.wait(60)
        publish(frame, header, outputs, watch)

    monkeypatch.setattr(served.outputs, "publish", publish_slowly)
    sent = [rig.image(street) for _ in range(2)]
    for number, image in enumerate(sent, start=1):
        camera.publish(image)
        rig.spin_until(lambda n=number: len(labels) == n, f"label {number}")  # type: ignore[misc]
    assert counts(node)["waiting"] == 2 and not occupancies
    may_go_on.set()
    rig.spin_until(
        lambda: counts(node)["processed"] == 2 and len(occupancies) == 2, "both occupancies"
    )
    for came in (labels, occupancies):
        assert [message.header.stamp for message in came] == [m.header.stamp for m in sent]
    assert 0 < served.rest_s < 60


def test_old_frames_are_dropped(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node(max_age_ms=500.0, **RELIABLE)
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    old = rig.image(street)
    old.header.stamp = (rig.peer.get_clock().now() - Duration(seconds=1)).to_msg()
    camera.publish(old)
    rig.spin_until(lambda: counts(node)["stale"] == 1, "the old frame to be dropped")

    rig.publish_until(
        camera, lambda: rig.image(street), lambda: bool(labels), "the label of a new frame"
    )
    assert all(label.header.stamp != old.header.stamp for label in labels)


def test_cameras_are_served_in_turn(
    rig: Rig, street: np.ndarray, gate: Callable[[Any], Gate]
) -> None:
    cameras = ["busy", "calm", "rear/left"]
    overrides = {
        f"qos_overrides__/{name}/image__subscription__{policy}": value
        for name in cameras
        for policy, value in (("reliability", "reliable"), ("depth", 50))
    }
    node = rig.active_node(cameras=cameras, **overrides)
    served: list[str] = []

    def on_label(label: Image) -> None:
        served.append(label.header.frame_id)

    for name in cameras:
        rig.record(Image, f"{name}/segmentation/label")
        rig.peer.create_subscription(Image, f"{name}/segmentation/label", on_label, 50)
    publishers = {name: rig.publisher(topic=f"{name}/image") for name in cameras}
    model = gate(node)

    def send(name: str, number: int) -> None:
        image = rig.image(street)
        image.header.frame_id = name
        publishers[name].publish(image)
        index = cameras.index(name)
        rig.spin_until(lambda: counts(node, index)["received"] == number, f"frame of {name}")

    send("busy", 1)
    rig.spin_until(lambda: model.entered == 1, "the first frame to be in work")
    for number in range(2, 8):
        send("busy", number)
    send("calm", 1)
    send("rear/left", 1)
    model.open.set()
    rig.spin_until(lambda: len(served) == 4, "four labels")
    assert sorted(served[1:3]) == ["calm", "rear/left"]  # before the camera that was just served
    assert served[0] == served[3] == "busy"
    assert counts(node, 0)["replaced"] == 5 and counts(node, 1)["processed"] == 1


def depths(node: SegmentationNode) -> list[int]:
    """Reliabilities of the subscriptions to the images and the calibration."""
    depth = {item.topic_name: item.qos_profile.depth for item in node.subscriptions}
    return [depth["/image"], depth["/camera_info"]]


def test_subscriptions_are_sensor_data_with_the_best_reliability_that_the_cameras_have(
    rig: Rig, street: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    node = rig.active_node()

    def is_now(reliability: ReliabilityPolicy) -> Callable[[], bool]:
        return lambda: (
            [
                (info.qos_profile.reliability, info.qos_profile.durability)
                for info in rig.peer.get_subscriptions_info_by_topic("/image")
            ]
            == [(reliability, DurabilityPolicy.VOLATILE)]
        )

    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    rig.spin_until(is_now(ReliabilityPolicy.BEST_EFFORT), "best effort without a camera")
    reliable = rig.publisher()
    rig.spin_until(is_now(ReliabilityPolicy.RELIABLE), "reliable with a reliable camera")
    other = rig.peer.create_publisher(Image, "image", best_effort)
    rig.spin_until(is_now(ReliabilityPolicy.BEST_EFFORT), "best effort with one of each")
    rig.peer.destroy_publisher(other)
    rig.spin_until(is_now(ReliabilityPolicy.RELIABLE), "reliable once more")
    rig.publish_until(
        reliable, lambda: rig.image(street), lambda: counts(node)["received"] > 0, "a frame"
    )
    rig.peer.destroy_publisher(reliable)
    # The middleware does not tell others the depth.
    assert depths(node) == [1, 1]


def test_qos_overrides(rig: Rig) -> None:
    node = rig.active_node(**RELIABLE)
    rig.publisher()
    (overridden,) = rig.peer.get_subscriptions_info_by_topic("/image")
    assert overridden.qos_profile.reliability == ReliabilityPolicy.RELIABLE
    assert depths(node) == [50, 1]


def test_a_best_effort_camera_is_heard(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node()
    qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    camera = rig.peer.create_publisher(Image, "image", qos)

    rig.publish_until(
        camera, lambda: rig.image(street), lambda: counts(node)["received"] > 0, "a frame"
    )


def test_a_bad_qos_override_is_one_clear_error(rig: Rig, capfd: pytest.CaptureFixture[str]) -> None:
    node = rig.node(**{"qos_overrides__/image__subscription__reliability": "maybe"})
    assert not node.autostart()
    errors = [line for line in capfd.readouterr().err.splitlines() if "[ERROR]" in line]
    assert len(errors) == 1 and "activate failed" in errors[0] and "maybe" in errors[0]
    assert node.count_subscribers("image") == 0 and node._worker is None
