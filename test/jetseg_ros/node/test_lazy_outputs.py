"""Outputs without a subscriber cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from jetseg.msg import ClassOccupancy
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image

from jetseg_core.results import outputs, segmented_frame
from jetseg_ros.node import segmentation_node, worker
from jetseg_ros.node.image_input import picture_of

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Gate, Rig


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the functions that were called to color, blend or measure a frame, in order."""
    calls: list[str] = []

    def watch(module: Any, name: str) -> None:
        original = getattr(module, name)

        def watched(*args: Any) -> Any:
            calls.append(name)
            return original(*args)

        monkeypatch.setattr(module, name, watched)

    for name in ("color_labels", "blend_colors", "measure_occupancy"):
        watch(segmented_frame, name)
    for name in ("png_fields", "jpeg_fields"):
        watch(outputs, name)
    return calls


def test_nothing_is_decoded_or_inferred_without_subscribers(
    rig: Rig,
    street: np.ndarray,
    gate: Callable[[Any], Gate],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[Any] = []

    def decode(message: Any, *limits: int) -> np.ndarray:
        decoded.append(message)
        return picture_of(message, *limits)

    monkeypatch.setattr(worker, "picture_of", decode)
    # A frame in work is counted when it ends; a busy machine may need longer for it than the node waits.
    monkeypatch.setattr(segmentation_node, "STOP_TIMEOUT_S", 60.0)
    node = rig.active_node(min_rate=5.0)
    model = gate(node)
    model.open.set()
    camera = rig.publisher()
    arrays = rig.record(DiagnosticArray, "/diagnostics")

    def of_camera() -> DiagnosticStatus:
        statuses = [s for array in arrays for s in array.status if ": camera" in s.name]
        return statuses[-1] if statuses else DiagnosticStatus()

    def value(key: str) -> str:
        return next((v.value for v in of_camera().values if v.key == key), "0")

    rig.publish_until(
        camera,
        lambda: rig.image(street),
        lambda: int(value("replaced")) > 3 and of_camera().message.startswith("idle"),
        "frames to be passed over",
    )
    assert value("processed") == "0" and value("rate out (Hz)") == "0.00"
    assert value("waiting") == "1" and of_camera().level == DiagnosticStatus.OK
    assert decoded == [] and model.entered == 0

    labels = rig.record(Image, "segmentation/label")
    rig.publish_until(camera, lambda: rig.image(street), lambda: bool(labels), "a label")
    assert decoded and node._slots.counts(0).processed >= 1
    assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    found = node._slots.counts(0)
    ended = found.processed + found.replaced + found.stale + found.failed
    assert found.received == ended and found.waiting == 0


def test_only_outputs_with_subscribers_are_computed(
    rig: Rig, street: np.ndarray, gate: Callable[[Any], Gate], painted: list[str]
) -> None:
    model = gate(rig.active_node())
    model.open.set()
    camera = rig.publisher()

    def publish_until(messages: list[Any]) -> None:
        messages.clear()

        rig.publish_until(camera, lambda: rig.image(street), lambda: len(messages) > 1, "outputs")

    publish_until(rig.record(Image, "segmentation/label"))
    assert painted == [] and set(model.confidence) == {False}

    publish_until(rig.record(Image, "segmentation/color"))
    assert set(painted) == {"color_labels"} and set(model.confidence) == {False}

    # The overlay needs the colors; they are computed once for both.
    painted.clear()
    publish_until(rig.record(Image, "segmentation/overlay"))
    assert painted.count("blend_colors") > 0
    frames = painted[painted.index("blend_colors") + 1 :]
    assert frames.count("color_labels") in (
        frames.count("blend_colors"),
        frames.count("blend_colors") + 1,
    )

    publish_until(rig.record(ClassOccupancy, "segmentation/occupancy"))
    assert "measure_occupancy" in painted and model.confidence[-1] is True
    assert not {"png_fields", "jpeg_fields"} & set(painted)


def test_a_subscriber_that_leaves_is_not_served_on(
    rig: Rig, street: np.ndarray, painted: list[str]
) -> None:
    rig.active_node()
    labels = rig.record(Image, "segmentation/label")
    colors: list[Image] = []
    subscription = rig.peer.create_subscription(Image, "segmentation/color", colors.append, 5)
    camera = rig.publisher()

    rig.publish_until(camera, lambda: rig.image(street), lambda: bool(colors), "a color image")
    rig.peer.destroy_subscription(subscription)

    def served_without_color() -> bool:
        painted.clear()
        labels.clear()
        camera.publish(rig.image(street))
        rig.spin_for(0.2)
        return bool(labels) and not painted

    rig.spin_until(served_without_color, "labels without color")
