"""Launch files started by launch itself, over real DDS: what their tests start from."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rcl_interfaces.srv import GetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from jetseg_ros.node.messages import to_image
from jetseg_ros.node.process import stay_on_this_machine

TIMEOUT_S = 60.0

stay_on_this_machine()


@dataclass
class Record:
    """Output and exit status of the launched processes."""

    output: str = ""
    exits: list[int] = field(default_factory=list)


@pytest.fixture
def record() -> Record:
    """Filled by what `launched` starts."""
    return Record()


@pytest.fixture
def launched(record: Record) -> Callable[..., Any]:
    """Makes the description of a launch file with arguments."""
    from launch.actions import IncludeLaunchDescription, RegisterEventHandler
    from launch.event_handlers import OnProcessExit, OnProcessIO
    from launch.launch_description import LaunchDescription
    from launch.launch_description_sources import PythonLaunchDescriptionSource
    from launch_pytest.actions import ReadyToTest

    def add_output(event: Any) -> None:
        record.output += event.text.decode()

    def add_exit(event: Any, _: Any) -> None:
        record.exits.append(event.returncode)

    def describe(file: Path, **arguments: str) -> LaunchDescription:
        source = PythonLaunchDescriptionSource(str(file))
        return LaunchDescription(
            [
                RegisterEventHandler(OnProcessIO(on_stdout=add_output, on_stderr=add_output)),
                RegisterEventHandler(OnProcessExit(on_exit=add_exit)),
                IncludeLaunchDescription(source, launch_arguments=arguments.items()),
                ReadyToTest(),
            ]
        )

    return describe


# As `ros2 launch` runs it.
LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource

source = AnyLaunchDescriptionSource(sys.argv[1])
arguments = [text.split(":=", 1) for text in sys.argv[2:]]
service = LaunchService(argv=sys.argv[2:])
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=arguments)])
)
sys.exit(service.run())
"""


@pytest.fixture
def launch(domain: int) -> Callable[..., tuple[int, str]]:
    """Runs a launch file with arguments to its end; gives its status and all that was printed."""

    def run(file: Path, **arguments: str) -> tuple[int, str]:
        words = [f"{name}:={value}" for name, value in arguments.items()]
        ended = subprocess.run(
            [sys.executable, "-c", LAUNCH, str(file), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
        return ended.returncode, ended.stdout

    return run


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

    def segment_one(self, image_topic: str, label_topic: str) -> None:
        """Publish images until a label comes back."""
        labels: list[Image] = []
        self.create_subscription(Image, label_topic, labels.append, 5)
        camera = self.create_publisher(Image, image_topic, 5)

        def publish_and_look() -> bool:
            header = Header(stamp=self.get_clock().now().to_msg(), frame_id="camera")
            camera.publish(to_image(np.zeros((90, 120, 3), np.uint8), header))
            self._executor.spin_once(0.1)
            return bool(labels)

        self.wait_until(publish_and_look, f"a label on {label_topic}")
        assert (labels[0].height, labels[0].width) == (90, 120)


@pytest.fixture
def peer(domain: int) -> Iterator[Peer]:
    """A `Peer` in the domain of the launched processes."""
    context = Context()
    context.init(args=[], domain_id=domain)
    peer = Peer(context)
    yield peer
    peer.destroy_node()
    context.try_shutdown()
