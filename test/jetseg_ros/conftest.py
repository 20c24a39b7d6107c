"""Real nodes over real DDS: what the tests of the ROS side start from."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from hypothesis import strategies as st
from jetseg.msg import ModelInfo
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from jetseg_core.recording.image_decoding import ENCODINGS
from jetseg_core.runtime import Segmentation
from jetseg_core.street import StreetScene
from jetseg_ros.camera.camera_node import CameraNode
from jetseg_ros.node.messages import to_image
from jetseg_ros.node.process import stay_on_this_machine
from jetseg_ros.node.segmentation_node import SegmentationNode

stay_on_this_machine()

RELIABLE = {
    "qos_overrides__/image__subscription__reliability": "reliable",
    "qos_overrides__/image__subscription__depth": 50,
}
"""Parameters of a node with which no image is lost on the way, for tests that count them."""
TIMEOUT_S = 30.0
"""Time-out for steps of milliseconds on an idle machine; a test that reaches it has failed."""


class Rig:
    """Nodes under test, and a peer that publishes to them and records what they publish.

    One executor for all, in the test's own thread, runs in `spin_until` alone; a node's own threads always do.
    """

    def __init__(self, domain: int) -> None:
        self.context = Context()
        self.context.init(args=[], domain_id=domain)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.nodes: list[Node] = []
        self.peer = Node("peer", context=self.context)
        self.executor.add_node(self.peer)

    def close(self) -> None:
        """Destroy the nodes, first made last."""
        for node in reversed(self.nodes):
            node.destroy_node()
        self.peer.destroy_node()
        self.executor.shutdown()
        self.context.try_shutdown()
        gc.collect()  # a node whose constructor failed holds its name until then

    def node(self, *remaps: str, **parameters: Any) -> SegmentationNode:
        """A segmentation node, unconfigured; remaps as in 'image:=/front', parameters as in output__size='network'."""
        return self._add(SegmentationNode, parameters, remaps)

    def active_node(self, **parameters: Any) -> SegmentationNode:
        """A segmentation node that serves frames."""
        node = self.node(**parameters)
        assert node.autostart(), "the node did not start; its log says why"
        return node

    def camera(self, **parameters: Any) -> CameraNode:
        """A camera node, not started."""
        return self._add(CameraNode, parameters)

    def _add(self, kind: type, parameters: dict[str, Any], remaps: Sequence[str] = ()) -> Any:
        overrides = [
            Parameter(name.replace("__", "."), value=value) for name, value in parameters.items()
        ]
        arguments = ["--ros-args", *(word for remap in remaps for word in ("-r", remap))]
        node = kind(context=self.context, parameter_overrides=overrides, cli_args=arguments)
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def spin_until(self, done: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
        """Run callbacks until `done`; fails the test when that takes longer than the time-out."""
        deadline = time.monotonic() + timeout_s
        while not done():
            assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain for {what}"
            self.executor.spin_once(0.05)

    def spin_for(self, seconds: float) -> None:
        """Run callbacks for a while: only to see that something does *not* happen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.executor.spin_once(0.02)

    def publish_until(
        self, publisher: Publisher, make: Callable[[], Any], done: Callable[[], bool], what: str
    ) -> None:
        """Publish what `make` returns, again and again: best effort may lose it."""

        def publish_and_look() -> bool:
            publisher.publish(make())
            self.spin_for(0.1)
            return done()

        self.spin_until(publish_and_look, what)

    def record(self, kind: type, topic: str, qos: QoSProfile | int = 50) -> list[Any]:
        """Subscribe, wait until a publisher is there; the list grows as messages come."""
        messages: list[Any] = []
        subscription = self.peer.create_subscription(kind, topic, messages.append, qos)
        self.spin_until(lambda: subscription.get_publisher_count() > 0, f"a publisher of {topic}")
        return messages

    def publisher(self, kind: type = Image, topic: str = "image") -> Publisher:
        """Advertise, and wait until somebody subscribes."""
        publisher = self.peer.create_publisher(kind, topic, 50)
        self.spin_until(lambda: publisher.get_subscription_count() > 0, f"a subscriber of {topic}")
        return publisher

    def wait_until_active(self) -> None:
        """Wait until a segmentation node of another process serves frames."""
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        infos = self.record(ModelInfo, "segmentation/model_info", latched)
        self.spin_until(lambda: bool(infos), "the node to be active")

    def header(self, frame_id: str = "camera") -> Header:
        """A header of now."""
        return Header(stamp=self.peer.get_clock().now().to_msg(), frame_id=frame_id)

    def image(self, pixels: np.ndarray) -> Image:
        """An rgb8 or mono8 image of now."""
        return to_image(pixels, self.header())

    def camera_values(self) -> Callable[[], dict[str, str]]:
        """Subscribe to diagnostics; the function returns the newest values of the first camera."""
        arrays = self.record(DiagnosticArray, "/diagnostics")

        def newest() -> dict[str, str]:
            for statuses in reversed(arrays):
                for status in statuses.status:
                    if ": camera" in status.name:
                        return {item.key: item.value for item in status.values}
            return {}

        return newest


@pytest.fixture
def rig(domain: int) -> Iterator[Rig]:
    """A `Rig` in a domain of its own."""
    rig = Rig(domain)
    yield rig
    rig.close()


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_python(domain: int) -> Iterator[Start]:
    """Starts Python with arguments in the test's domain; killed at the end if need be."""
    processes: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, *arguments]
        processes.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def start(start_python: Start) -> Start:
    """Starts a node's module as a process in the test's domain."""

    def run(module: str, *arguments: str) -> subprocess.Popen[str]:
        return start_python("-m", f"jetseg_ros.{module}", "--ros-args", *arguments)

    return run


@pytest.fixture(scope="session")
def street() -> np.ndarray:
    """A frame of the generated street: (360, 480, 3) uint8 RGB."""
    image, _ = StreetScene(seed=3).render(40)
    return image


class Gate:
    """Holds a node's real inference at its start, and records the frames it was asked for."""

    def __init__(self, node: SegmentationNode) -> None:
        self.open = threading.Event()
        self.entered = 0
        """Inferences begun."""
        self.confidence: list[bool] = []
        """For each frame, True if the confidence was asked for."""
        assert node._runtime is not None
        self._segment = node._runtime.segment
        node._runtime.segment = self._held  # type: ignore[method-assign]

    def _held(self, image: np.ndarray, **options: Any) -> Segmentation:
        self.entered += 1
        self.confidence.append(options["confidence"])
        self.open.wait()
        return self._segment(image, **options)


@pytest.fixture
def gate() -> Iterator[Callable[[SegmentationNode], Gate]]:
    """Makes a `Gate` for a node; it is opened at the end of the test in any case."""
    gates: list[Gate] = []

    def make(node: SegmentationNode) -> Gate:
        gates.append(Gate(node))
        return gates[-1]

    yield make
    for made in gates:
        made.open.set()


any_image = st.fixed_dictionaries(
    {
        "height": st.integers(0, 9) | st.integers(0, 2**32 - 1),
        "width": st.integers(0, 9) | st.integers(0, 2**32 - 1),
        "step": st.integers(0, 40) | st.integers(0, 2**32 - 1),
        "encoding": st.sampled_from(ENCODINGS) | st.text(max_size=20),
        "is_bigendian": st.integers(0, 255),
        "data": st.binary(max_size=400).map(lambda data: array("B", data)),
    }
)
"""Fields of a sensor_msgs/Image, sensible or not."""
