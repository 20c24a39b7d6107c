"""Commands, parameters and YAML of README.md and docs/: names that exist."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from nav_msgs.msg import OccupancyGrid
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image, LaserScan

from jetseg_core.classes import CAMVID11
from jetseg_ros.camera.camera_node import CameraParameters
from jetseg_ros.ground.ground_node import GroundNode
from jetseg_ros.ground.ground_parameters import GroundParameters
from jetseg_ros.node.parameters import SegmentationParameters
from jetseg_ros.node.publishers import OUTPUT_TYPES

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

ROOT = Path(__file__).parents[2]
README = "\n".join(
    page.read_text(encoding="utf-8") for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
)
LAUNCHES = re.findall(r"ros2 launch jetseg (\S+\.launch\.py)((?: \w+:=[^\s`]+)*)", README)


def parameters_of(kind: type) -> set[str]:
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    return {item.metadata["parameter"].name for item in fields}


def test_executables() -> None:
    built = set(re.findall(r"^  (\w+)=jetseg_", (ROOT / "CMakeLists.txt").read_text(), re.M))
    named = set(re.findall(r"ros2 run\s+jetseg (\w+)", README))
    assert {"segmentation_node", "camera_node", "replay", "doctor"} <= named <= built
    scripts = set(re.findall(r'"([\w-]+) = jetseg', (ROOT / "setup.py").read_text()))
    assert set(re.findall(r"`(jetseg-[\w-]+)", README)) <= scripts


def test_parameters() -> None:
    named = set(re.findall(r"-p ([\w.]+):=", README))
    kinds = (CameraParameters, SegmentationParameters, GroundParameters)
    assert named and named <= set().union(*(parameters_of(kind) for kind in kinds))
    assert set(re.findall(r"param set /jetseg (\S+)", README)) <= parameters_of(
        SegmentationParameters
    )


@pytest.mark.parametrize(("file", "arguments"), LAUNCHES, ids=lambda text: text.strip())
def test_launch_files_and_their_arguments(file: str, arguments: str) -> None:
    pytest.importorskip("launch_ros", reason="launch_ros comes with a ROS 2 distribution only")
    from launch.launch_context import LaunchContext
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    source = PythonLaunchDescriptionSource(str(ROOT / "launch" / file))
    declared = source.get_launch_description(LaunchContext()).get_launch_arguments()
    assert set(re.findall(r"(\w+):=", arguments)) <= {argument.name for argument in declared}


def test_the_layers_of_free_space(rig: Rig) -> None:
    """Their topics are those of the ground node, and nothing of the scan is cut off by Nav2's defaults."""
    (block,) = re.findall(r"```yaml\n(local_costmap:\n.*?)```", README, re.DOTALL)
    costmap = yaml.safe_load(block)["local_costmap"]["local_costmap"]["ros__parameters"]
    assert set(costmap["plugins"]) <= costmap.keys()
    grid, scan = costmap["ground_grid"], costmap["ground_scan"]
    camera = scan[scan["observation_sources"]]
    node = rig._add(GroundNode, {})
    assert costmap["robot_base_frame"] == node.parameters.base_frame
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)  # Nav2's default
    rig.record(OccupancyGrid, grid["map_topic"], latched)
    rig.record(LaserScan, camera["topic"])
    # Points at z = 0 pass heights from below 0 only, in the layer and in its source.
    assert max(scan["min_obstacle_height"], camera["min_obstacle_height"]) < 0
    assert camera["max_obstacle_height"] > 0 and camera["data_type"] == "LaserScan"


def costmap_layer() -> dict[str, Any]:
    (block,) = re.findall(r"```yaml\n(\s*semantic_segmentation_layer:\n.*?)```", README, re.DOTALL)
    return yaml.safe_load(dedent(block))["semantic_segmentation_layer"]


def test_the_costmap_layer(rig: Rig) -> None:
    layer = costmap_layer()
    camera = layer[layer["observation_sources"]]
    assert {camera["segmentation_topic"], camera["confidence_topic"]} == {
        f"/segmentation/{output}" for output in ("label", "confidence")
    }
    assert OUTPUT_TYPES["label"] is OUTPUT_TYPES["confidence"] is Image
    rig.active_node()
    for topic in (camera["segmentation_topic"], camera["confidence_topic"]):
        rig.record(Image, topic)  # there is a publisher
    for kind in camera["class_types"]:
        # Without costs the layer takes zero, and marks nothing.
        assert camera[kind].keys() == {"classes", "base_cost", "max_cost"}
        assert set(camera[kind]["classes"]) <= set(CAMVID11.names)
