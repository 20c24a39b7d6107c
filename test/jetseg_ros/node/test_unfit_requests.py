"""Requests that do not fit, and inputs that do not come: refused or explained, and the node serves on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from jetseg_core.recording.message_fields import jpeg_fields
from jetseg_ros.node.messages import to_message
from jetseg_ros.node.segmentation_node import SegmentationNode

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

SIZE = [96, 128]
UNFIT = {
    "unconfigured": (3, 2, 4, 7, 8, 0, 99, 200),
    "inactive": (1, 4, 5, 8, 10, 99),
    "active": (1, 2, 3, 5, 6, 60, 99),
}
"""Transition ids that each state does not allow; 99 and 200 are none."""


def state(node: SegmentationNode) -> str:
    return node._state_machine.current_state[1]


def call(rig: Rig, kind: type, service: str, request: Any) -> Any:
    client = rig.peer.create_client(kind, service)
    rig.spin_until(client.service_is_ready, "the service")
    future = client.call_async(request)
    rig.spin_until(future.done, "the service's answer")
    rig.peer.destroy_client(client)
    return future.result()


def serves(rig: Rig, street: np.ndarray) -> None:
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    rig.publish_until(camera, lambda: rig.image(street), lambda: bool(labels), "a label")


@pytest.mark.parametrize("before", UNFIT)
def test_a_lifecycle_request_that_does_not_fit_is_refused(
    rig: Rig, street: np.ndarray, before: str
) -> None:
    node = rig.node(autostart=False, input__size=SIZE)
    if before != "unconfigured":
        node.trigger_configure()
    if before == "active":
        node.trigger_activate()
    for transition in UNFIT[before]:
        request = ChangeState.Request(transition=Transition(id=transition))
        assert call(rig, ChangeState, "jetseg/change_state", request).success is False
        assert state(node) == before
    by_label = ChangeState.Request(transition=Transition(label="fly"))
    assert call(rig, ChangeState, "jetseg/change_state", by_label).success is False
    if before == "unconfigured":
        node.trigger_configure()
    if before != "active":
        node.trigger_activate()
    serves(rig, street)


def test_a_parameter_of_no_type_is_refused(rig: Rig, street: np.ndarray) -> None:
    rig.active_node(input__size=SIZE)
    bad = Parameter(name="output.min_confidence", value=ParameterValue(type=200))
    request = SetParameters.Request(parameters=[bad, bad])
    results = call(rig, SetParameters, "jetseg/set_parameters", request).results
    assert [result.successful for result in results] == [False, False] and results[0].reason
    serves(rig, street)


def camera_status(rig: Rig, expected: str) -> DiagnosticStatus:
    """The camera's status, once its message contains a text."""
    received: list[DiagnosticArray] = rig.record(DiagnosticArray, "/diagnostics")

    def found() -> list[DiagnosticStatus]:
        return [
            s for m in received for s in m.status if "camera" in s.name and expected in s.message
        ]

    rig.spin_until(lambda: bool(found()), f"'{expected}' in the diagnostics")
    return found()[0]


def test_frames_without_a_stamp_are_of_unknown_age(rig: Rig, street: np.ndarray) -> None:
    rig.active_node(input__size=SIZE, max_age_ms=100.0)
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    unstamped = rig.image(street)
    unstamped.header.stamp.sec = unstamped.header.stamp.nanosec = 0
    rig.publish_until(camera, lambda: unstamped, lambda: bool(labels), "a label")


def test_stamps_of_another_clock_are_a_warning(rig: Rig, street: np.ndarray) -> None:
    rig.active_node(input__size=SIZE, max_age_ms=100.0)
    received: list[DiagnosticArray] = rig.record(DiagnosticArray, "/diagnostics")
    camera = rig.publisher()
    foreign = rig.image(street)
    foreign.header.stamp.sec = 1000

    def warned() -> list[DiagnosticStatus]:
        return [s for m in received for s in m.status if "s behind the node's clock" in s.message]

    rig.publish_until(camera, lambda: foreign, lambda: bool(warned()), "the warning")
    assert warned()[0].level == DiagnosticStatus.WARN and "max_age_ms is 100" in warned()[0].message


def test_a_topic_without_a_publisher_is_explained(rig: Rig) -> None:
    rig.active_node(input__size=SIZE, timeout_s=0.5)
    rig.peer.create_publisher(Image, "elsewhere/image", 1)
    status = camera_status(rig, "nobody publishes /image (sensor_msgs/msg/Image)")
    assert status.level == DiagnosticStatus.ERROR and "/elsewhere/image" in status.message


def test_a_topic_of_another_type_is_explained(rig: Rig, domain: int) -> None:
    rig.active_node(input__size=SIZE, timeout_s=0.5)
    context = Context()  # one participant cannot have a topic of two types
    context.init(args=[], domain_id=domain)
    camera = Node("camera", context=context)
    camera.create_publisher(CompressedImage, "image", 1)
    status = camera_status(rig, "sensor_msgs/msg/CompressedImage")
    camera.destroy_node()
    context.try_shutdown()
    assert "/image has 1 publishers" in status.message and "input.transport" in status.message


def test_a_remap_of_the_image_moves_its_compressed_form(rig: Rig, street: np.ndarray) -> None:
    node = rig.node("image:=/front/picture", input__size=SIZE, input__transport="compressed")
    assert node.autostart()
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher(CompressedImage, "/front/picture/compressed")
    rig.publish_until(
        camera,
        lambda: to_message(CompressedImage, jpeg_fields(street), rig.header("front")),
        lambda: bool(labels),
        "a label",
    )


def test_a_calibration_sent_once_before_the_node_began_is_received(
    rig: Rig, street: np.ndarray
) -> None:
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    once = rig.peer.create_publisher(CameraInfo, "camera_info", latched)
    height, width = street.shape[:2]
    once.publish(CameraInfo(height=height, width=width, k=np.eye(3).ravel()))
    rig.active_node(input__size=SIZE)
    received = rig.record(CameraInfo, "segmentation/camera_info")
    camera = rig.publisher()
    rig.publish_until(camera, lambda: rig.image(street), lambda: bool(received), "a calibration")
    assert (received[0].height, received[0].width) == (height, width)


def test_nodes_of_two_namespaces_are_told_apart_in_the_diagnostics(rig: Rig) -> None:
    for name in ("front", "rear"):
        rig.node(f"__ns:=/{name}", input__size=SIZE, autostart=False)
    received: list[DiagnosticArray] = rig.record(DiagnosticArray, "/diagnostics")

    def found() -> set[tuple[str, str]]:
        return {(s.name, s.hardware_id) for m in received for s in m.status}

    rig.spin_until(lambda: len(found()) > 1, "the diagnostics of both")
    assert found() == {(f"{n}/jetseg: model", f"{n}/jetseg") for n in ("front", "rear")}
