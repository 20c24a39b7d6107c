"""Settings of DDS that commonly bite."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from jetseg_core.doctor import Finding

LEAST_SHARED_MEMORY = 128 << 20
"""Bytes of /dev/shm: Docker's default is half of it, and a few images fill that."""
LEAST_SOCKET_BUFFER = 2 << 20
"""Bytes: an image is hundreds of datagrams, which come at once."""


def examine_environment(
    environment: Mapping[str, str], root: Path = Path("/")
) -> Iterator[Finding]:
    """Middleware, domain, discovery, shared memory, socket buffers.

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
