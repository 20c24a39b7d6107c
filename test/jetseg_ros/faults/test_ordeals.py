"""Changes made to a running node many times over, which it must survive; -s shows the figures."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rcl_interfaces.srv import SetParameters
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from test.jetseg_ros.conftest import any_image
from test.jetseg_ros.faults.conftest import RELIABLE, SMALL, balanced, resident_bytes, serve_one

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

SUCCESS = TransitionCallbackReturn.SUCCESS


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
    client = rig.peer.create_client(SetParameters, "jetseg/set_parameters")
    rig.spin_until(client.service_is_ready, "the service")
    began = time.monotonic()
    for number in range(1000):
        if number % 5 == 0:
            camera.publish(rig.image(street))
        change = client.call_async(
            SetParameters.Request(parameters=[next(changes).to_parameter_msg()])
        )
        rig.spin_until(change.done, "the answer")
        assert change.result().results[0].successful
    seconds = time.monotonic() - began
    labels.clear()
    label = serve_one(rig, camera, labels, street)
    assert {tuple(street.shape[:2]), (64, 96)} >= {(label.height, label.width)}
    found = node._slots.counts(0)
    print(
        f"1000 of 1000 changes taken in {seconds:.1f} s; of {found.received} frames meanwhile "
        f"{found.processed} served, {found.replaced} replaced by newer ones, {found.failed} failed"
    )
    assert balanced(node) and found.failed == 0


@pytest.mark.slow
def test_a_hundred_turns_while_frames_come(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node(**SMALL)
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    serve_one(rig, camera, labels, street)
    threads, memory, began = threading.active_count(), resident_bytes(), time.monotonic()
    for _ in range(100):
        camera.publish(rig.image(street))  # while this one is under way
        assert node.trigger_deactivate() == SUCCESS
        camera.publish(rig.image(street))
        assert node.trigger_activate() == SUCCESS
        labels.clear()
        serve_one(rig, camera, labels, street)
    seconds = time.monotonic() - began
    found = node._slots.counts(0)
    print(
        f"100 of 100 turns in {seconds:.1f} s, a frame served after each; of {found.received} frames "
        f"received {found.processed} served, {found.replaced} replaced by newer ones, {found.stale} dropped "
        f"on the turn, {found.failed} failed; "
        f"threads {threads} before, {threading.active_count()} after; memory of node, camera and consumer "
        f"{memory / 1e6:.1f} MB before, {resident_bytes() / 1e6:.1f} MB after"
    )
    assert balanced(node)
    assert node.count_subscribers("image") == 1
    assert threading.active_count() == threads


@pytest.fixture
def exchange(rig: Rig, street: np.ndarray) -> Callable[[list[dict[str, Any]]], Any]:
    """Sends images of any fields, then a good one, whose label has to come; returns the node."""
    node = rig.active_node(**SMALL, **RELIABLE)
    labels = rig.record(Image, "segmentation/label")
    rig.peer.create_subscription(Image, "segmentation/overlay", lambda _: None, 5)
    camera = rig.publisher()

    def ended(received: int) -> bool:
        found = node._slots.counts(0)
        return found.received >= received and not found.waiting

    def send(frames: list[dict[str, Any]]) -> Any:
        before = node._slots.counts(0).received
        for number, fields in enumerate(frames, start=1):
            camera.publish(Image(header=rig.header(), **fields))
            # Each on its own: one that waits would be replaced, and nobody would look at it.
            rig.spin_until(partial(ended, before + number), "the end of a frame")
        labels.clear()
        serve_one(rig, camera, labels, street)
        assert balanced(node)
        return node

    return send


@pytest.mark.slow
def test_corrupt_frames_among_good_ones(
    exchange: Callable[[list[dict[str, Any]]], Any], soak_frames: int
) -> None:
    sent = exchanges = 0
    node: Any = None

    @settings(
        max_examples=max(20, soak_frames // 10),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(any_image, min_size=1, max_size=8))
    def exchange_any(frames: list[dict[str, Any]]) -> None:
        nonlocal sent, exchanges, node
        node = exchange(frames)
        sent, exchanges = sent + len(frames), exchanges + 1

    exchange_any()
    found = node._slots.counts(0)
    print(
        f"{sent} random frames, and after every few of them a good one: {exchanges} of {exchanges} good "
        f"ones answered; {found.failed} of all refused: "
        + ", ".join(f"{reason} {count}" for reason, count in sorted(found.failures.items()))
    )
    assert found.failed > 0
