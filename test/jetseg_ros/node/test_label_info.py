"""The class names as vision_msgs/LabelInfo, for consumers such as a costmap layer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rclpy.parameter import Parameter
from rclpy.qos import (
    DurabilityPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)
from sensor_msgs.msg import Image

from jetseg_core.classes import CAMVID11

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

TOPIC = "segmentation/label_info"
LATCHED = QoSProfile(
    depth=1,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
    reliability=ReliabilityPolicy.RELIABLE,
)


@pytest.fixture
def label_info() -> Any:
    """The message type."""
    messages = pytest.importorskip("vision_msgs.msg", reason="vision_msgs is not installed")
    if not hasattr(messages, "LabelInfo"):
        pytest.skip("the vision_msgs installed is from before LabelInfo")
    return messages.LabelInfo


def test_class_names_reach_late_subscribers(rig: Rig, label_info: Any) -> None:
    node = rig.active_node(output__min_confidence=0.25)
    infos = rig.record(label_info, TOPIC, LATCHED)
    rig.spin_until(lambda: bool(infos), "the latched label_info")
    names = {entry.class_id: entry.class_name for entry in infos[0].class_map}
    assert names == dict(enumerate(CAMVID11.names))
    assert infos[0].threshold == 0.25
    assert infos[0].header.stamp.sec > 0

    # The threshold can change while the node runs; and each activation sends it again.
    assert node.set_parameters([Parameter("output.min_confidence", value=0.5)])[0].successful
    rig.spin_until(lambda: infos[-1].threshold == 0.5, "the new threshold")
    number = len(infos)
    node.trigger_deactivate()
    node.trigger_activate()
    rig.spin_until(lambda: len(infos) > number, "the label_info of the new activation")


def test_the_topics_of_a_costmap_layer(rig: Rig, street: np.ndarray, label_info: Any) -> None:
    rig.active_node(input__size=[64, 96])
    names = rig.record(label_info, TOPIC, LATCHED)
    labels = rig.record(Image, "segmentation/label", qos_profile_sensor_data)
    confidence = rig.record(Image, "segmentation/confidence", qos_profile_sensor_data)
    rig.spin_until(lambda: bool(names), "the class names, before any image")
    camera = rig.publisher()

    def pairs() -> list[tuple[Image, Image]]:
        return [(a, b) for a in labels for b in confidence if a.header == b.header]

    rig.publish_until(camera, lambda: rig.image(street), lambda: bool(pairs()), "a pair")
    label, certainty = pairs()[0]
    assert label.encoding == certainty.encoding == "mono8"
    assert (label.height, label.width) == (certainty.height, certainty.width) == street.shape[:2]
    known = {entry.class_id for entry in names[0].class_map}
    assert set(label.data) <= known


def test_the_node_serves_without_vision_msgs(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", None)  # as if not installed
    rig.active_node()
    rig.spin_until(
        lambda: rig.peer.count_publishers("segmentation/model_info") == 1, "the node's topics"
    )
    assert rig.peer.count_publishers(TOPIC) == 0
