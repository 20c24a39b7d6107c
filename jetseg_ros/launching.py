"""Common parts of the launch files: the node's arguments, and the actions that start it and RViz."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path

from launch.actions import DeclareLaunchArgument
from launch.conditions import IfCondition
from launch.launch_context import LaunchContext
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.substitutions import FindPackageShare
from launch_ros.utilities import prefix_namespace

from jetseg_ros.node.command_line import check_file

CONFIG = PathJoinSubstitution([FindPackageShare("jetseg"), "config"])

OVERRIDES = {
    "preset": "model.preset",
    "checkpoint": "model.checkpoint",
    "backend": "runtime.backend",
    "transport": "input.transport",
    "autostart": "autostart",
    "use_sim_time": "use_sim_time",
}
"""Arguments that override a parameter of the parameter file, where they are given."""


def node_arguments() -> list[DeclareLaunchArgument]:
    """The arguments that every launch file has."""
    return [
        DeclareLaunchArgument(
            "preset",
            default_value="",
            choices=["", "nano", "agx", "workstation"],
            description="Run the shipped model of this size; not together with checkpoint.",
        ),
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
            description="Inference backend: auto, or one that `jetseg doctor` finds working.",
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
    ]


def sim_time_argument() -> DeclareLaunchArgument:
    """The argument of the launch files that run on either clock."""
    return DeclareLaunchArgument(
        "use_sim_time",
        default_value="",
        choices=["", "true", "false"],
        description="true: take time from /clock, as when a bag is played.",
    )


MODEL_INFO = "segmentation/model_info"

GROUND_OVERRIDES = {
    "camera_height": "camera.height",
    "camera_pitch": "camera.pitch",
    "camera_roll": "camera.roll",
    "base_frame": "base_frame",
    "use_sim_time": "use_sim_time",
}
"""Arguments that override a parameter of the ground node's file, where they are given."""


def ground_arguments() -> list[DeclareLaunchArgument]:
    """The arguments of free space from one camera."""
    return [
        DeclareLaunchArgument(
            "ground",
            default_value="false",
            choices=["true", "false"],
            description="true: publish free space on the ground, too: ground/grid, ground/scan, ground/labels.",
        ),
        DeclareLaunchArgument(
            "camera_height",
            default_value="",
            description="Height of the camera above the ground, metres; without it the pose comes from TF. Of several "
            "cameras one number for all, or one for each with commas between them; likewise pitch and roll.",
        ),
        DeclareLaunchArgument(
            "camera_pitch",
            default_value="",
            description="Pitch of the camera, radians; positive looks down.",
        ),
        DeclareLaunchArgument(
            "camera_roll",
            default_value="",
            description="Roll of the camera, radians; positive tilts it to the right.",
        ),
        DeclareLaunchArgument(
            "base_frame", default_value="", description="Frame of grid, scan and points."
        ),
        DeclareLaunchArgument(
            "ground_params_file",
            default_value=PathJoinSubstitution([CONFIG, "ground.yaml"]),
            description="Parameter file of the ground node.",
        ),
    ]


def ground_nodes(context: LaunchContext, cameras: Sequence[str] = ("",)) -> list[Node]:
    """The ground node of each camera, if the argument ground asks for it.

    Args:
        context: of the launch, which knows the arguments.
        cameras: namespaces of their labels, absolute or relative to the argument namespace.

    Raises:
        RuntimeError: a height or angle that is not a number, or as many as there are no cameras.
        JetSegError: the parameter file is not one for this node.
    """
    given = context.launch_configurations
    if given.get("ground") != "true":
        return []
    # The segmentation node has one for all of its cameras.
    model_info = posixpath.join(_full_namespace(context), MODEL_INFO)
    overrides: list[dict[str, object]] = [{} for _ in cameras]
    for name, target in GROUND_OVERRIDES.items():
        if not (text := given.get(name)):
            continue
        values: Sequence[object] = [typed(text)] * len(cameras)
        if name.startswith("camera_"):
            values = _numbers(name, text, len(cameras))
        for one, value in zip(overrides, values, strict=True):
            one[target] = value
    for camera in cameras:
        _check_parameter_file(context, "ground_params_file", "ground", camera)
    return [
        Node(
            package="jetseg",
            executable="ground_node",
            name="ground",
            namespace=posixpath.join(LaunchConfiguration("namespace").perform(context), camera),
            parameters=[ParameterFile(LaunchConfiguration("ground_params_file")), own],
            remappings=[(MODEL_INFO, model_info)] if camera else [],
            ros_arguments=["--log-level", LaunchConfiguration("log_level")],
            output="screen",
        )
        for camera, own in zip(cameras, overrides, strict=True)
    ]


def _numbers(name: str, text: str, cameras: int) -> list[float]:
    """A number for each camera, from one for all or one for each with commas between them."""
    try:
        numbers = [float(one) for one in text.split(",")]
    except ValueError:
        raise RuntimeError(f"{name} is '{text}'; expected a number, as in {name}:=0.4") from None
    if len(numbers) not in (1, cameras):
        raise RuntimeError(
            f"{name} is '{text}', {len(numbers)} numbers; expected one for all cameras, or one for each of {cameras}"
        )
    return numbers * cameras if len(numbers) == 1 else numbers


def segmentation_node(
    context: LaunchContext,
    remappings: list[tuple[str, str]],
    parameters: dict[str, object] | None = None,
) -> Node:
    """The node, with the values given for the arguments.

    Args:
        context: of the launch, which knows the arguments.
        remappings: of the input topics.
        parameters: that override the arguments' and the file's.

    Raises:
        RuntimeError: both a preset and a checkpoint were given.
        JetSegError: the parameter file is not one for this node.
    """
    _check_parameter_file(context, "params_file", "jetseg")
    given = {
        name: context.launch_configurations[name]
        for name in OVERRIDES
        if context.launch_configurations.get(name)
    }
    if {"preset", "checkpoint"} <= given.keys():
        raise RuntimeError(
            f"preset is '{given['preset']}' and checkpoint '{given['checkpoint']}'; give one of them"
        )
    overrides: dict[str, object] = {OVERRIDES[name]: typed(value) for name, value in given.items()}
    if "checkpoint" in given:
        overrides[OVERRIDES["preset"]] = typed("")  # overrides the parameter file
    return Node(
        package="jetseg",
        executable="segmentation_node",
        name="jetseg",
        namespace=LaunchConfiguration("namespace"),
        parameters=[
            ParameterFile(LaunchConfiguration("params_file")),
            overrides | (parameters or {}),
        ],
        remappings=remappings,
        ros_arguments=["--log-level", LaunchConfiguration("log_level")],
        output="screen",
    )


def _check_parameter_file(
    context: LaunchContext, argument: str, node: str, camera: str = ""
) -> None:
    """Raise if a parameter file is not one for the node; launch alone would go on without it.

    Args:
        context: of the launch, which knows the arguments.
        argument: name of the argument that holds the file.
        node: name without namespace.
        camera: namespace below the argument namespace, or an absolute one.
    """
    file = LaunchConfiguration(argument).perform(context)
    check_file(Path(file), posixpath.join(_full_namespace(context, camera), node))


def _full_namespace(context: LaunchContext, camera: str = "") -> str:
    """Namespace of a node, absolute; `camera` as in `_check_parameter_file`."""
    namespace = prefix_namespace(
        context.launch_configurations.get("ros_namespace"),
        posixpath.join(LaunchConfiguration("namespace").perform(context), camera),
    )
    return "/" + (namespace or "").strip("/")


def rviz_node(
    namespace: object, remappings: list[tuple[str, str]], config: str = "jetseg.rviz"
) -> Node:
    """RViz on the topics of one camera, where the argument rviz asks for it.

    Args:
        namespace: in which the node's topics for that camera are.
        remappings: of the input topics.
        config: file of config/ with RViz's displays.
    """
    return Node(
        package="rviz2",
        executable="rviz2",
        name="rviz",
        namespace=namespace,
        arguments=["--display-config", PathJoinSubstitution([CONFIG, config])],
        remappings=remappings,
        condition=IfCondition(LaunchConfiguration("rviz")),
        output="screen",
    )


def typed(value: str) -> bool | ParameterValue:
    """A launch argument as the value of a parameter: true and false are bool, all else is text."""
    return value == "true" if value in ("true", "false") else ParameterValue(value, value_type=str)


def input_remappings(prefix: str, image: str) -> list[tuple[str, str]]:
    """Remappings from the node's input topics to a camera's.

    Args:
        prefix: of the node's input topics for that camera; may be empty.
        image: the camera's image topic; its camera_info is beside it. Empty = no remapping.
    """
    if not image:
        return []
    return [
        (posixpath.join(prefix, "image"), image),
        (posixpath.join(prefix, "image/compressed"), f"{image}/compressed"),
        (
            posixpath.join(prefix, "camera_info"),
            posixpath.join(posixpath.dirname(image), "camera_info"),
        ),
    ]
