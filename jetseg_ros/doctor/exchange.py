"""Whether an image that is published arrives."""

from __future__ import annotations

import os
import time

import numpy as np
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.utilities import get_rmw_implementation_identifier
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from jetseg_core.doctor import Finding
from jetseg_ros.node.messages import to_image

TIMEOUT_S = 10.0


def examine_exchange() -> Finding:
    """Send an image of a full-HD camera to ourselves, on a topic that nobody else has."""
    context = Context()
    try:
        context.init(args=[])
        elapsed_ms = _exchange(context)
    except Exception as error:  # whatever a middleware that does not come up raises
        return Finding(
            "image over DDS",
            "fail",
            f"{type(error).__name__}: {error}",
            "check RMW_IMPLEMENTATION, and the settings above",
        )
    finally:
        context.try_shutdown()
    what = f"1920x1080 over {get_rmw_implementation_identifier()}"
    if elapsed_ms is None:
        return Finding(
            "image over DDS",
            "fail",
            f"{what} did not arrive within {TIMEOUT_S:g} s",
            "mend what is said above; let the firewall pass UDP on the loopback interface",
        )
    return Finding("image over DDS", "ok", f"{what} in {elapsed_ms:.1f} ms")


def _exchange(context: Context) -> float | None:
    """Milliseconds from publication to arrival; None where nothing arrives."""
    node = Node(f"jetseg_doctor_{os.getpid()}", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    topic = f"jetseg_doctor/image_{os.getpid()}"
    arrived: list[Image] = []
    node.create_subscription(Image, topic, arrived.append, 1)
    publisher = node.create_publisher(Image, topic, 1)
    image = to_image(np.zeros((1080, 1920, 3), np.uint8), Header())
    deadline = time.monotonic() + TIMEOUT_S
    try:
        while not publisher.get_subscription_count() and time.monotonic() < deadline:
            executor.spin_once(0.05)
        began = time.perf_counter()
        publisher.publish(image)
        while not arrived and time.monotonic() < deadline:
            executor.spin_once(0.05)
        return 1e3 * (time.perf_counter() - began) if arrived else None
    finally:
        executor.shutdown()
        node.destroy_node()
