"""The segmentation node on one camera, as a ROS 2 launch file.

For example, on a USB camera:
    ros2 launch jetseg jetseg.launch.py camera:=/usb_cam
    ros2 launch jetseg jetseg.launch.py camera:=/usb_cam ground:=true camera_height:=0.4 camera_pitch:=0.2
"""

from __future__ import annotations

import posixpath

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from jetseg_ros.launching import (
    ground_arguments,
    ground_nodes,
    input_remappings,
    node_arguments,
    rviz_node,
    segmentation_node,
    sim_time_argument,
)
from launch import LaunchContext, LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """All arguments, then the node."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "camera",
                default_value="",
                description="Namespace of the camera driver: image_raw and camera_info in it are used.",
            ),
            DeclareLaunchArgument(
                "image_topic",
                default_value="",
                description="Image topic, if it is not <camera>/image_raw; camera_info is beside it.",
            ),
            sim_time_argument(),
            *node_arguments(),
            *ground_arguments(),
            OpaqueFunction(function=start_nodes),
        ]
    )


def start_nodes(context: LaunchContext) -> list[Node]:
    """The node, RViz on the same topics, and the ground node where it is asked for."""
    remappings = input_remappings("", image_topic(context))
    ground = ground_nodes(context)
    config = "ground.rviz" if ground else "jetseg.rviz"
    return [
        # First: where RViz is not installed, launch ends here, and would leave behind what it has started.
        rviz_node(LaunchConfiguration("namespace"), remappings, config),
        segmentation_node(context, remappings),
        *ground,
    ]


def image_topic(context: LaunchContext) -> str:
    """The topic that camera and image_topic name; empty where neither is given."""
    camera = LaunchConfiguration("camera").perform(context)
    image = LaunchConfiguration("image_topic").perform(context)
    if not (camera or image):
        return ""
    return posixpath.join(camera, image or "image_raw")  # an absolute topic stays as it is
