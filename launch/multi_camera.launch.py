"""One segmentation node on several cameras, which it serves in turn, as a ROS 2 launch file.

For example, on the drivers in the namespaces /front and /rear:
    ros2 launch jetseg multi_camera.launch.py cameras:=/front,/rear
    ros2 launch jetseg multi_camera.launch.py cameras:=/front,/rear ground:=true    # with the cameras' poses from TF
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
                "cameras",
                description="Namespaces of the camera drivers, with commas between them. Those without a slash in "
                "front are relative to the argument namespace, images and results alike: the results of /front "
                "are in /front/segmentation.",
            ),
            DeclareLaunchArgument(
                "image_name",
                default_value="image_raw",
                description="Image topic in each of them; camera_info is beside it.",
            ),
            sim_time_argument(),
            *node_arguments(),
            *ground_arguments(),
            OpaqueFunction(function=start_nodes),
        ]
    )


def start_nodes(context: LaunchContext) -> list[Node]:
    """The node on all cameras; for each of them one RViz, and a ground node where it is asked for."""
    given = [text.strip() for text in LaunchConfiguration("cameras").perform(context).split(",")]
    image = LaunchConfiguration("image_name").perform(context)
    namespace = LaunchConfiguration("namespace").perform(context)
    names = ["/" * text.startswith("/") + name for text in given if (name := text.strip("/"))]
    topics = {name: posixpath.join(name, image) for name in names}
    remappings = [pair for name in names for pair in input_remappings(name, topics[name])]
    ground = ground_nodes(context, names)
    config = "ground.rviz" if ground else "jetseg.rviz"
    return [
        # First: where RViz is not installed, launch ends here, and would leave behind what it has started.
        *(
            rviz_node(posixpath.join(namespace, name), input_remappings("", topics[name]), config)
            for name in names
        ),
        segmentation_node(context, remappings, {"cameras": names or [""]}),
        *ground,
    ]
