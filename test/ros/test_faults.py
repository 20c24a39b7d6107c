"""What goes wrong around a running node, and that it goes on."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rclpy.context import Context
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from jetseg_ros.segmentation_node import SegmentationNode
from test.ros.conftest import any_image

if TYPE_CHECKING:
    from test.ros.conftest import Rig, Start

SMALL = {"input__size": [64, 96]}  # what is tested here does not depend on the network's size
RELIABLE = {
    "qos_overrides__/image__subscription__reliability": "reliable",
    "qos_overrides__/image__subscription__depth": 50,
}
SUCCESS = TransitionCallbackReturn.SUCCESS


def balanced(node: SegmentationNode) -> bool:
    found = node._slots.counts(0)
    ended = found.processed + found.replaced + found.stale + found.failed
    return found.received == ended + found.waiting


def levels(arrays: list[DiagnosticArray]) -> list[bytes]:
    return [s.level for a in arrays for s in a.status if s.name == "jetseg: camera"]


def serve_one(rig: Rig, camera: Any, labels: list[Image], image: np.ndarray) -> Image:
    """Publish until a label comes back that belongs to one of these images."""
    sent: list[Image] = []

    def make() -> Image:
        sent.append(rig.image(image))
        return sent[-1]

    def newest() -> Image | None:
        stamps = [message.header.stamp for message in sent]
        return next((label for label in labels if label.header.stamp in stamps), None)

    rig.publish_until(camera, make, lambda: newest() is not None, "the label of a new image")
    label = newest()
    assert label is not None
    return label


def test_a_camera_that_is_restarted_is_heard_again(rig: Rig, street: np.ndarray) -> None:
    rig.active_node(timeout_s=1.0, **SMALL)
    labels = rig.record(Image, "segmentation/label")
    arrays = rig.record(DiagnosticArray, "/diagnostics")
    for size in (street, street[::2, ::2]):  # it may come back in another format
        camera = rig.publisher()
        label = serve_one(rig, camera, labels, size)
        assert (label.height, label.width) == size.shape[:2]
        rig.peer.destroy_publisher(camera)
        arrays.clear()
        rig.spin_until(lambda: DiagnosticStatus.ERROR in levels(arrays), "the camera's absence")
    camera = rig.publisher()

    def well_again() -> bool:
        arrays.clear()
        camera.publish(rig.image(street))
        rig.spin_for(1.1)
        return DiagnosticStatus.OK in levels(arrays)

    rig.spin_until(well_again, "the diagnostics to be well again")


def test_a_camera_process_that_is_killed(rig: Rig, start: Start) -> None:
    node = rig.active_node(**SMALL)
    labels = rig.record(Image, "segmentation/label")
    for _ in range(2):
        camera = start("camera_node", "-p", "source:=generator:size=96x64", "-p", "loop:=true")
        labels.clear()
        rig.spin_until(lambda: len(labels) > 3, "labels")
        camera.send_signal(signal.SIGKILL)
        camera.wait()
    rig.spin_until(lambda: node._slots.counts(0).waiting == 0, "the last frame")
    assert balanced(node)


def test_a_subscriber_that_never_reads_holds_nobody_up(
    rig: Rig, domain: int, street: np.ndarray
) -> None:
    rig.active_node(**SMALL)
    context = Context()
    context.init(args=[], domain_id=domain)
    sleeper = Node("sleeper", context=context)  # reliable, and never spun
    for topic in ("label", "overlay"):
        sleeper.create_subscription(Image, f"segmentation/{topic}", print, 1)
    labels = rig.record(Image, "segmentation/label")
    rig.spin_until(lambda: rig.peer.count_subscribers("segmentation/label") == 2, "the sleeper")
    camera = rig.publisher()
    for _ in range(20):
        labels.clear()
        serve_one(rig, camera, labels, street)
    sleeper.destroy_node()
    context.try_shutdown()


def test_a_clock_that_jumps_backwards(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node(use_sim_time=True, max_age_ms=500.0, **SMALL, **RELIABLE)
    labels = rig.record(Image, "segmentation/label")
    clock, camera = rig.publisher(Clock, "/clock"), rig.publisher()

    def at(seconds: float) -> None:
        now = Time(nanoseconds=int(seconds * 1e9)).to_msg()

        def there() -> bool:
            clock.publish(Clock(clock=now))
            rig.spin_for(0.05)
            return node.get_clock().now().nanoseconds == int(seconds * 1e9)

        rig.spin_until(there, f"the time {seconds}")

    def send(seconds: float) -> Image:
        image = rig.image(street)
        image.header.stamp = Time(nanoseconds=int(seconds * 1e9)).to_msg()
        camera.publish(image)
        return image

    def serves(seconds: float) -> None:
        image = send(seconds)
        rig.spin_until(
            lambda: bool(labels) and labels[-1].header == image.header, f"the frame of {seconds}"
        )

    def drops(seconds: float) -> None:
        stale = node._slots.counts(0).stale
        send(seconds)
        rig.spin_until(lambda: node._slots.counts(0).stale > stale, f"{seconds} to be dropped")

    for now in (1000.0, 20.0, 1000.0):  # a recording that starts over, and jumps ahead
        at(now)
        serves(now - 0.1)
        drops(now - 0.6)
        serves(now + 5)  # as a frame of before the jump back
    assert balanced(node)
    total = node._cameras[0].latency.summaries()["total"]
    assert 0 <= total.p50_ms <= total.max_ms < 500


@pytest.mark.slow
def test_a_thousand_changes_of_parameters(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node(**SMALL, **RELIABLE)
    labels = rig.record(Image, "segmentation/label")
    rig.peer.create_subscription(Image, "segmentation/overlay", lambda _: None, 5)
    camera = rig.publisher()
    changes = itertools.cycle(
        [
            Parameter("output.size", value="network"),
            Parameter("output.overlay_alpha", value=0.1),
            Parameter("output.min_confidence", value=0.9),
            Parameter("regions", value=["lane: 0 0, 1 0, 1 1"]),
            Parameter("output.size", value="source"),
            Parameter("output.min_confidence", value=0.0),
            Parameter("regions", value=[""]),
            Parameter("max_age_ms", value=1e5),
        ]
    )
    for number in range(1000):
        assert node.set_parameters([next(changes)])[0].successful
        if number % 10 == 0:
            camera.publish(rig.image(street))
            rig.executor.spin_once(0.02)
    labels.clear()
    label = serve_one(rig, camera, labels, street)
    assert {tuple(street.shape[:2]), (64, 96)} >= {(label.height, label.width)}
    assert balanced(node) and node._slots.counts(0).failed == 0


@pytest.mark.slow
def test_a_hundred_turns_while_frames_come(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node(**SMALL)
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    for _ in range(100):
        camera.publish(rig.image(street))
        rig.executor.spin_once(0.01)
        assert node.trigger_deactivate() == SUCCESS
        camera.publish(rig.image(street))
        assert node.trigger_activate() == SUCCESS
    serve_one(rig, camera, labels, street)
    assert balanced(node)
    assert node.count_subscribers("image") == 1


@pytest.fixture
def exchange(rig: Rig, street: np.ndarray) -> Iterator[Callable[[list[dict[str, Any]]], None]]:
    """Sends images of any fields, then a good one, whose label has to come."""
    node = rig.active_node(**SMALL, **RELIABLE)
    labels = rig.record(Image, "segmentation/label")
    rig.peer.create_subscription(Image, "segmentation/overlay", lambda _: None, 5)
    camera = rig.publisher()

    def send(frames: list[dict[str, Any]]) -> None:
        before = node._slots.counts(0).received
        for fields in frames:
            camera.publish(Image(header=rig.header(), **fields))
        rig.spin_until(
            lambda: node._slots.counts(0).received >= before + len(frames), "the frames to come"
        )
        labels.clear()
        serve_one(rig, camera, labels, street)
        assert balanced(node)

    yield send


@pytest.mark.slow
def test_corrupt_frames_among_good_ones(
    exchange: Callable[[list[dict[str, Any]]], None], soak_frames: int
) -> None:
    @settings(
        max_examples=max(20, soak_frames // 10),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(any_image, min_size=1, max_size=8))
    def exchanges(frames: list[dict[str, Any]]) -> None:
        exchange(frames)

    exchanges()
