"""A camera of this machine and the segmentation node in one process, as a ROS 2 launch file.

For example:
    ros2 launch jetseg one_process.launch.py device:=/dev/video0
"""

from __future__ import annotations

from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile

from jetseg_ros.launching import CONFIG
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """The arguments, then camera and node."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "device",
                default_value="/dev/video0",
                description="A camera of this machine; or a video, a folder of images, a recording, generator.",
            ),
            DeclareLaunchArgument(
                "frame_id", default_value="camera", description="frame_id of all messages."
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution([CONFIG, "cpu.yaml"]),
                description="Parameter file of the segmentation node.",
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="Namespace of the node and its topics."
            ),
            Node(
                package="jetseg",
                executable="one_process",
                name="jetseg",
                namespace=LaunchConfiguration("namespace"),
                arguments=[
                    LaunchConfiguration("device"),
                    "--frame-id",
                    LaunchConfiguration("frame_id"),
                ],
                parameters=[ParameterFile(LaunchConfiguration("params_file"))],
                output="screen",
            ),
        ]
    )
