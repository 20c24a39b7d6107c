"""What nobody subscribes to costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jetseg.msg import ClassOccupancy
from sensor_msgs.msg import Image

from jetseg_core.results import outputs, segmented_frame

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


def test_nothing_is_inferred_for_nobody(
    rig: Rig, street: np.ndarray, gate: Callable[[Any], Gate]
) -> None:
    node = rig.active_node()
    model = gate(node)
    model.open.set()
    camera = rig.publisher()
    values = rig.camera_values()

    rig.publish_until(
        camera,
        lambda: rig.image(street),
        lambda: int(values().get("processed", 0)) > 3,
        "frames to be processed",
    )
    assert model.entered == 0


def test_only_what_is_subscribed_to_is_computed(
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
