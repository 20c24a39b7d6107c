"""The thread that takes images: it leaves the executor alone, and nothing ends it but its owner."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image

from jetseg_ros.node.intake import Intake
from test.jetseg_ros.conftest import RELIABLE, Rig

QOS = QoSProfile(depth=50)


def wait_for(done: Callable[[], bool], what: str) -> None:
    """Wait without an executor."""
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def test_images_and_calibration_are_taken_without_an_executor(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node(**RELIABLE)
    rig.record(Image, "segmentation/label")  # without a subscriber nothing is segmented
    calibration = rig.publisher(CameraInfo, "camera_info")
    camera = rig.publisher()
    calibration.publish(CameraInfo(header=rig.header(), height=360, width=480))
    camera.publish(rig.image(street))
    wait_for(lambda: node._slots.counts(0).processed == 1, "the image")
    wait_for(lambda: node._cameras[0].calibration is not None, "the calibration")


def test_images_do_not_wake_the_executor(
    rig: Rig, street: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = rig.active_node(**RELIABLE)
    camera = rig.publisher()
    rig.executor.remove_node(rig.peer)
    wait_set, made = rclpy_implementation.WaitSet, []

    def counted(*arguments: Any) -> Any:
        made.append(arguments)
        return wait_set(*arguments)

    monkeypatch.setattr(rclpy_implementation, "WaitSet", counted)
    turns = 20
    sent = []
    for turn in range(turns):
        sent.append(turn)
        camera.publish(rig.image(street))
        rig.spin_for(0.05)
        # On a busy machine the next image would take the place of one that is not taken yet.
        wait_for(lambda: node._slots.counts(0).received == len(sent), "every image")
    # Each turn of `spin_for` makes a few, and a timer or two; an executor that is woken, two more an image.
    assert len(made) <= 4 * turns


def test_a_callback_that_fails_is_logged_and_the_next_message_taken(
    rig: Rig, street: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    taken: list[Image] = []

    def callback(image: Image) -> None:
        taken.append(image)
        if len(taken) == 1:
            raise ValueError("the first is not liked")

    intake = Intake(rig.peer)
    intake.subscribe(Image, "liked", callback, QOS)
    intake.start()
    camera = rig.peer.create_publisher(Image, "liked", QOS)
    wait_for(lambda: camera.get_subscription_count() > 0, "the subscription")
    camera.publish(rig.image(street))
    wait_for(lambda: len(taken) == 1, "the first image")
    camera.publish(rig.image(street))
    wait_for(lambda: len(taken) == 2, "the second image")
    intake.stop()
    assert "ValueError while taking messages: the first is not liked" in capfd.readouterr().err


def test_stopping_ends_the_thread_and_the_subscriptions(rig: Rig) -> None:
    before = list(rig.peer.subscriptions), list(rig.peer.guards)
    for starts in (True, False):
        intake = Intake(rig.peer)
        intake.subscribe(Image, "image", print, QOS)
        if starts:
            intake.start()
        began = time.monotonic()
        intake.stop()
        assert time.monotonic() - began < 30
        assert not intake._thread.is_alive()
        assert (list(rig.peer.subscriptions), list(rig.peer.guards)) == before


def test_it_ends_when_the_middleware_goes_first(rig: Rig) -> None:
    intake = Intake(rig.peer)
    intake.subscribe(Image, "image", print, QOS)
    intake.start()
    rig.context.try_shutdown()
    intake.stop()
    assert not intake._thread.is_alive()
