"""The command `play_bag`: waits until the segmentation node is active, then runs ``ros2 bag play``."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import rclpy
from jetseg.msg import ModelInfo
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.utilities import remove_ros_args

from jetseg_core.cli.options import add_version
from jetseg_core.errors import JetSegError
from jetseg_core.recording.recording import check_bag
from jetseg_ros.node.command_line import initialise
from jetseg_ros.node.process import one_interrupt

CLOCK_HZ = 100
"""Rate of /clock; between its messages the node's time stands still."""


def main(args: list[str] | None = None) -> int:
    """Play a recording; returns the exit status."""
    arguments = sys.argv[1:] if args is None else args
    options = _parser().parse_args(remove_ros_args(["play_bag", *arguments])[1:])
    try:
        with one_interrupt():
            check_bag(options.bag)
            ros2 = _find_player()
            _wait_for_node(arguments, options.wait)
    except JetSegError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    command = [ros2, "bag", "play", str(options.bag), "--rate", f"{options.rate:g}"]
    command += ["--clock", str(CLOCK_HZ), *(["--loop"] if options.loop else [])]
    sys.stdout.flush()
    os.execv(ros2, command)  # signals then reach the player itself


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="play_bag",
        description="Wait until the segmentation node is active, then play a recording with /clock.",
    )
    parser.add_argument("bag", type=Path, help="rosbag2 recording: folder or file")
    parser.add_argument("--rate", type=float, default=1.0, help="speed (default: %(default)s)")
    parser.add_argument("--loop", action="store_true", help="start over at the end")
    parser.add_argument(
        "--wait",
        type=float,
        default=120.0,
        help="seconds to wait for the node (default: %(default)s)",
    )
    add_version(parser)
    return parser


def _find_player() -> str:
    """Path of ``ros2``, where it can play bags."""
    ros2 = shutil.which("ros2")
    remedy = "install ros-$ROS_DISTRO-ros2bag and source the distribution's setup file"
    if ros2 is None:
        raise JetSegError(f"there is no `ros2` command, so no `ros2 bag play`; {remedy}")
    asked = subprocess.run([ros2, "bag", "play", "--help"], capture_output=True, text=True)
    if asked.returncode:
        reason = (asked.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise JetSegError(f"`ros2 bag play` does not work here ({reason}); {remedy}")
    return ros2


def _wait_for_node(arguments: list[str], timeout_s: float) -> None:
    """Return once the node has published its model, which it does after it has subscribed."""
    initialise(arguments)
    found: list[ModelInfo] = []
    try:
        node = rclpy.create_node("play_bag")
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        node.create_subscription(ModelInfo, "segmentation/model_info", found.append, latched)
        deadline = time.monotonic() + timeout_s
        while not found:
            if time.monotonic() > deadline:
                raise JetSegError(
                    f"no segmentation node became active within {timeout_s:g} s; with "
                    "autostart:=false it has to be configured and activated"
                )
            rclpy.spin_once(node, timeout_sec=0.1)
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main())
