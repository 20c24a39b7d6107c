"""Checks of the middleware: settings of DDS that often cause trouble, and an image that is sent over it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

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
"""Longest wait for the image, discovery included."""
LEAST_SHARED_MEMORY = 128 << 20
"""Least bytes of /dev/shm. Docker's default is half of this, which a few images fill."""
LEAST_SOCKET_BUFFER = 2 << 20
"""Bytes. An image is hundreds of datagrams, which arrive at once."""


def examine_environment(
    environment: Mapping[str, str], root: Path = Path("/")
) -> Iterator[Finding]:
    """Check middleware, domain, discovery, shared memory and socket buffers.

    Args:
        environment: variables of the process.
        root: of the file system.
    """
    rmw = environment.get("RMW_IMPLEMENTATION") or "rmw_fastrtps_cpp"
    yield Finding("middleware", "ok", rmw)
    yield _domain(environment.get("ROS_DOMAIN_ID", ""))
    yield _discovery(environment)
    if "fastrtps" in rmw:
        yield _profile(environment)
    yield _shared_memory(root)
    yield _socket_buffer(root)


def _domain(value: str) -> Finding:
    name = "ROS_DOMAIN_ID"
    if not value:
        return Finding(name, "ok", "not set: domain 0")
    if not value.isdecimal() or int(value) > 232:
        return Finding(name, "fail", f"'{value}' is no domain", "set it to 0 to 101, or unset it")
    if int(value) > 101:
        return Finding(
            name, "warn", value, "above 101 its ports may be taken by other programs; use 0 to 101"
        )
    return Finding(name, "ok", value)


def _discovery(environment: Mapping[str, str]) -> Finding:
    name = "discovery"
    reach = environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "")
    local = environment.get("ROS_LOCALHOST_ONLY", "")
    if reach not in ("", "SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT"):
        return Finding(
            name,
            "fail",
            f"ROS_AUTOMATIC_DISCOVERY_RANGE is '{reach}'",
            "set it to SUBNET, LOCALHOST, OFF or SYSTEM_DEFAULT",
        )
    if reach == "OFF":
        return Finding(
            name, "warn", "off: nodes do not find each other", "unset ROS_AUTOMATIC_DISCOVERY_RANGE"
        )
    if reach and local == "1" and environment.get("ROS_DISTRO") != "humble":
        return Finding(
            name,
            "warn",
            f"ROS_LOCALHOST_ONLY=1 overrides ROS_AUTOMATIC_DISCOVERY_RANGE={reach}",
            "unset ROS_LOCALHOST_ONLY, which is deprecated",
        )
    if reach == "LOCALHOST" or local == "1":
        return Finding(name, "ok", "this machine only: cameras on other computers are not seen")
    return Finding(name, "ok", "this machine and its subnet")


def _profile(environment: Mapping[str, str]) -> Finding:
    name = "Fast DDS profile"
    variables = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")
    for variable in variables:
        if file := environment.get(variable):
            if Path(file).is_file():
                return Finding(name, "ok", file)
            return Finding(
                name, "fail", f"{variable} names '{file}', which is not there", "unset it"
            )
    return Finding(
        name,
        "warn",
        "none: messages of one machine pass through 512 KiB, less than one camera image",
        f"export {variables[1]}=.../config/fastdds.xml for the camera driver and the node",
    )


def _shared_memory(root: Path) -> Finding:
    name, folder = "/dev/shm", root / "dev/shm"
    if not folder.is_dir():
        return Finding(
            name, "warn", "absent: images go through sockets", "in Docker: run it with --ipc=host"
        )
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < LEAST_SHARED_MEMORY:
        return Finding(
            name,
            "warn",
            f"{free >> 20} MiB free",
            "in Docker: --ipc=host, or --shm-size=512m; else remove what fills it",
        )
    return Finding(name, "ok", f"{free >> 20} MiB free")


def _socket_buffer(root: Path) -> Finding:
    name, file = "net.core.rmem_max", root / "proc/sys/net/core/rmem_max"
    if not file.is_file():
        return Finding(name, "ok", "this container has the host's")
    size = int(file.read_text())
    if size < LEAST_SOCKET_BUFFER:
        return Finding(
            name,
            "warn",
            f"{size >> 10} KiB: images of other computers lose parts",
            f"sudo sysctl -w net.core.rmem_max={4 * LEAST_SOCKET_BUFFER}",
        )
    return Finding(name, "ok", f"{size >> 10} KiB")


def examine_exchange() -> Finding:
    """Send an image of a full-HD camera to this process, on a topic of its own."""
    context = Context()
    try:
        context.init(args=[])
        elapsed_ms = _exchange(context)
    except Exception as error:  # a middleware that does not start raises anything
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
            "follow the advice above; let the firewall pass UDP on the loopback interface",
        )
    return Finding("image over DDS", "ok", f"{what} in {elapsed_ms:.1f} ms")


def _exchange(context: Context) -> float | None:
    """Milliseconds from publication to arrival; None if nothing arrives."""
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
