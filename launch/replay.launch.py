"""Plays a recording through the segmentation node, in the time of the recording, as a ROS 2 launch file.

For example:
    ros2 launch jetseg replay.launch.py bag:=drive image_topic:=/usb_cam/image_raw
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from launch.actions import (
    DeclareLaunchArgument,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from jetseg_core.errors import JetSegError
from jetseg_core.recording.recording import check_bag
from jetseg_ros.launching import input_remappings, node_arguments, rviz_node, segmentation_node
from launch import Action, LaunchContext, LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """All arguments, then the node and the player."""
    return LaunchDescription(
        [
            DeclareLaunchArgument("bag", description="The rosbag2 recording: folder or file."),
            DeclareLaunchArgument(
                "image_topic",
                default_value="",
                description="Image topic in the recording, if it is not /image; camera_info is beside it.",
            ),
            DeclareLaunchArgument(
                "rate", default_value="1.0", description="Speed; 1.0 = as it was recorded."
            ),
            DeclareLaunchArgument(
                "loop",
                default_value="false",
                choices=["true", "false"],
                description="true: start over at the end. false: end everything there.",
            ),
            *node_arguments(),
            OpaqueFunction(function=start_nodes),
        ]
    )


def start_nodes(context: LaunchContext) -> list[Action]:
    """The node on the time of the recording, the player, which waits for it, and RViz.

    Raises:
        JetSegError: what is to be played is no recording; nothing has started then.
    """
    check_bag(Path(LaunchConfiguration("bag").perform(context)))
    namespace = LaunchConfiguration("namespace")
    remappings = input_remappings("", LaunchConfiguration("image_topic").perform(context))
    loop = LaunchConfiguration("loop").perform(context) == "true"
    player = Node(
        package="jetseg",
        executable="play_bag",
        namespace=namespace,
        arguments=[
            LaunchConfiguration("bag"),
            "--rate",
            LaunchConfiguration("rate"),
            *(["--loop"] if loop else []),
        ],
        output="screen",
        on_exit=_ended("the player", "the recording has ended"),
    )
    node = segmentation_node(context, remappings, {"use_sim_time": True})
    return [
        # First: where RViz is not installed, launch ends here, and would leave behind what it has started.
        rviz_node(namespace, remappings),
        node,
        # Without it the player would wait in vain.
        RegisterEventHandler(
            OnProcessExit(target_action=node, on_exit=_ended("the node", "the node has ended"))
        ),
        player,
    ]


def _ended(what: str, reason: str) -> Callable[[ProcessExited, LaunchContext], Shutdown]:
    """End everything when a process ends; with a failure, so that launch ends with one, too, if the process did."""

    def end(event: ProcessExited, context: LaunchContext) -> Shutdown:
        if event.returncode and not context.is_shutdown:
            raise JetSegError(f"{what} ended with status {event.returncode}; it says why above")
        return Shutdown(reason=reason)

    return end
