"""The segmentation node on one camera, as a ROS 2 launch file.

For example, on a USB camera:
    ros2 launch jetseg jetseg.launch.py camera:=/usb_cam
"""

from __future__ import annotations

import posixpath

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription

CONFIG = PathJoinSubstitution([FindPackageShare("jetseg"), "config"])

OVERRIDES = {
    "checkpoint": "model.checkpoint",
    "backend": "runtime.backend",
    "transport": "input.transport",
    "autostart": "autostart",
    "use_sim_time": "use_sim_time",
}
"""Arguments that override a parameter of the parameter file, where they are given."""


def generate_launch_description() -> LaunchDescription:
    """All arguments, then the node."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution([CONFIG, "cpu.yaml"]),
                description="Parameter file; those of other machines are in the same folder.",
            ),
            DeclareLaunchArgument(
                "checkpoint",
                default_value="",
                description="Name of a shipped model, or path of a .pt or .onnx file.",
            ),
            DeclareLaunchArgument(
                "backend",
                default_value="",
                description="Inference backend: auto, torch or openvino.",
            ),
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
            DeclareLaunchArgument(
                "transport",
                default_value="",
                description="raw, or compressed to take <image topic>/compressed.",
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="Namespace of the node and its topics."
            ),
            DeclareLaunchArgument(
                "use_sim_time",
                default_value="",
                choices=["", "true", "false"],
                description="true: take time from /clock, as when a bag is played.",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="info",
                choices=["debug", "info", "warn", "error", "fatal"],
                description="Least severity that is logged.",
            ),
            DeclareLaunchArgument(
                "autostart",
                default_value="",
                choices=["", "true", "false"],
                description="false: leave configuring and activating to a lifecycle manager.",
            ),
            DeclareLaunchArgument(
                "rviz",
                default_value="false",
                choices=["true", "false"],
                description="true: show input, overlay and colors in RViz.",
            ),
            OpaqueFunction(function=start_nodes),
        ]
    )


def start_nodes(context: LaunchContext) -> list[Node]:
    """The node with what was given for the arguments, and RViz on the same topics."""
    given = {name: LaunchConfiguration(name).perform(context) for name in OVERRIDES}
    overrides = {OVERRIDES[name]: typed(value) for name, value in given.items() if value}
    namespace = LaunchConfiguration("namespace")
    remappings = input_remappings(context)
    return [
        Node(
            package="jetseg",
            executable="segmentation_node",
            name="jetseg",
            namespace=namespace,
            parameters=[ParameterFile(LaunchConfiguration("params_file")), overrides],
            remappings=remappings,
            ros_arguments=["--log-level", LaunchConfiguration("log_level")],
            output="screen",
        ),
        Node(
            package="rviz2",
            executable="rviz2",
            name="rviz",
            namespace=namespace,
            arguments=["--display-config", PathJoinSubstitution([CONFIG, "jetseg.rviz"])],
            remappings=remappings,
            condition=IfCondition(LaunchConfiguration("rviz")),
            output="screen",
        ),
    ]


def typed(value: str) -> bool | ParameterValue:
    """A launch argument as the value of a parameter: true and false are bool, all else is text."""
    return value == "true" if value in ("true", "false") else ParameterValue(value, value_type=str)


def input_remappings(context: LaunchContext) -> list[tuple[str, str]]:
    """From the node's input topics to those of the camera."""
    camera = LaunchConfiguration("camera").perform(context)
    image = LaunchConfiguration("image_topic").perform(context)
    if not image:
        if not camera:
            return []
        image = posixpath.join(camera, "image_raw")
    elif camera:
        image = posixpath.join(camera, image)  # an absolute topic stays as it is
    return [
        ("image", image),
        ("image/compressed", f"{image}/compressed"),
        ("camera_info", posixpath.join(posixpath.dirname(image), "camera_info")),
    ]
