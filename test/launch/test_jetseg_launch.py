"""The launch file, started by launch itself, over real DDS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip(
    "launch_pytest",
    reason="launch_pytest is not installed; it comes with a ROS 2 distribution only",
)

import launch_pytest
from launch.actions import IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_pytest.actions import ReadyToTest
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from jetseg_ros.dds import stay_on_this_machine
from jetseg_ros.image_encoding import to_image

LAUNCH_FILE = Path(__file__).parents[2] / "launch" / "jetseg.launch.py"
TIMEOUT_S = 60.0

stay_on_this_machine()


@dataclass
class Record:
    """What the launched processes print, and how they end."""

    output: str = ""
    exits: list[int] = field(default_factory=list)


@pytest.fixture
def record() -> Record:
    """Filled by what `launched` starts."""
    return Record()


def launched(record: Record, **arguments: str) -> LaunchDescription:
    """The launch file with these arguments."""

    def add_output(event: Any) -> None:
        record.output += event.text.decode()

    def add_exit(event: Any, _: LaunchContext) -> None:
        record.exits.append(event.returncode)

    source = PythonLaunchDescriptionSource(str(LAUNCH_FILE))
    return LaunchDescription(
        [
            RegisterEventHandler(OnProcessIO(on_stdout=add_output, on_stderr=add_output)),
            RegisterEventHandler(OnProcessExit(on_exit=add_exit)),
            IncludeLaunchDescription(source, launch_arguments=arguments.items()),
            ReadyToTest(),
        ]
    )


class Peer(Node):
    """A node of the test, spun only while it waits."""

    def __init__(self, context: Context) -> None:
        super().__init__("peer", context=context)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self)

    def wait_until(self, done: Callable[[], bool], what: str) -> None:
        """Spin until `done`; fails the test when that takes too long."""
        deadline = time.monotonic() + TIMEOUT_S
        while not done():
            assert time.monotonic() < deadline, f"waited {TIMEOUT_S:g} s in vain for {what}"
            self._executor.spin_once(0.05)

    def call(self, kind: Any, service: str, request: Any) -> Any:
        """The service's answer."""
        client = self.create_client(kind, service)
        self.wait_until(client.service_is_ready, f"the service {service}")
        future = client.call_async(request)
        self.wait_until(future.done, f"the answer of {service}")
        return future.result()

    def parameter(self, node: str, name: str) -> Any:
        """A parameter of another node."""
        request = GetParameters.Request(names=[name])
        return self.call(GetParameters, f"{node}/get_parameters", request).values[0]


@pytest.fixture
def peer(domain: int) -> Iterator[Peer]:
    """See `Peer`; in the domain of the launched processes."""
    context = Context()
    context.init(args=[], domain_id=domain)
    peer = Peer(context)
    yield peer
    peer.destroy_node()
    context.try_shutdown()


def segment_one(peer: Peer, image_topic: str, label_topic: str) -> None:
    labels: list[Image] = []
    peer.create_subscription(Image, label_topic, labels.append, 5)
    camera = peer.create_publisher(Image, image_topic, 5)

    def publish_and_look() -> bool:
        header = Header(stamp=peer.get_clock().now().to_msg(), frame_id="camera")
        camera.publish(to_image(np.zeros((90, 120, 3), np.uint8), header))
        peer._executor.spin_once(0.1)
        return bool(labels)

    peer.wait_until(publish_and_look, f"a label on {label_topic}")
    assert (labels[0].height, labels[0].width) == (90, 120)


def test_arguments_are_declared_at_top_level() -> None:
    description = PythonLaunchDescriptionSource(str(LAUNCH_FILE)).get_launch_description(
        LaunchContext()
    )
    arguments = {argument.name: argument for argument in description.get_launch_arguments()}
    assert arguments.keys() == {
        "params_file",
        "checkpoint",
        "backend",
        "camera",
        "image_topic",
        "transport",
        "namespace",
        "use_sim_time",
        "log_level",
        "autostart",
        "rviz",
    }
    for name, argument in arguments.items():
        assert argument.description and argument.default_value is not None, name


@launch_pytest.fixture
def plain(domain: int, record: Record) -> LaunchDescription:
    """No argument at all."""
    return launched(record)


@pytest.mark.launch(fixture=plain)
def test_it_serves_without_any_argument(peer: Peer, record: Record) -> Iterator[None]:
    segment_one(peer, "image", "segmentation/label")
    assert peer.parameter("jetseg", "runtime.device").string_value == "cpu"  # of cpu.yaml
    yield
    assert record.exits == [0]
    assert "[WARN]" not in record.output and "[ERROR]" not in record.output


@launch_pytest.fixture
def on_a_camera(domain: int, record: Record) -> LaunchDescription:
    """In a namespace, on a camera driver's topics."""
    return launched(record, namespace="front", camera="/usb_cam", backend="openvino")


@pytest.mark.launch(fixture=on_a_camera)
def test_camera_and_namespace(peer: Peer, record: Record) -> Iterator[None]:
    segment_one(peer, "/usb_cam/image_raw", "/front/segmentation/label")
    assert peer.count_subscribers("/usb_cam/camera_info") == 1
    assert peer.parameter("/front/jetseg", "runtime.backend").string_value == "openvino"
    yield
    assert record.exits == [0]


@launch_pytest.fixture
def on_a_topic(domain: int, record: Record) -> LaunchDescription:
    """A topic of its own name, compressed; parameters of another machine; waiting for a manager."""
    return launched(
        record,
        params_file=str(LAUNCH_FILE.parents[1] / "config" / "jetson_nano.yaml"),
        image_topic="/left/picture",
        transport="compressed",
        autostart="false",
        use_sim_time="true",
        log_level="debug",
    )


@pytest.mark.launch(fixture=on_a_topic)
def test_arguments_override_the_parameter_file(peer: Peer, record: Record) -> Iterator[None]:
    state = peer.call(GetState, "jetseg/get_state", GetState.Request()).current_state
    assert state.label == "unconfigured"
    assert peer.parameter("jetseg", "output.size").string_value == "network"  # of the file
    assert peer.parameter("jetseg", "input.transport").string_value == "compressed"
    assert peer.parameter("jetseg", "use_sim_time").bool_value is True
    assert "[DEBUG]" in record.output
    yield
    assert record.exits == [0]


@launch_pytest.fixture
def without_a_model(domain: int, record: Record) -> LaunchDescription:
    """A checkpoint that is not there."""
    return launched(record, checkpoint="nowhere.pt")


@pytest.mark.launch(fixture=without_a_model)
def test_a_failed_start_ends_the_process(peer: Peer, record: Record) -> None:
    peer.wait_until(lambda: bool(record.exits), "the node to end")
    assert record.exits == [2]
    assert record.output.count("[ERROR]") == 1 and "nowhere.pt" in record.output
