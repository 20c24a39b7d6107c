"""The launch file of several cameras, started by launch itself, over real DDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip(
    "launch_pytest",
    reason="launch_pytest is not installed; it comes with a ROS 2 distribution only",
)

import launch_pytest
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo

if TYPE_CHECKING:
    from test.launch.conftest import Peer, Record

LAUNCH_FILE = Path(__file__).parents[2] / "launch" / "multi_camera.launch.py"


@launch_pytest.fixture
def two_cameras(domain: int, launched: Callable[..., LaunchDescription]) -> LaunchDescription:
    """Two drivers: one below the node's namespace, and one with a longer, absolute name."""
    return launched(LAUNCH_FILE, cameras="front/, /rear/left", namespace="car")


@pytest.mark.launch(fixture=two_cameras)
def test_every_camera_is_served(peer: Peer, record: Record) -> Iterator[None]:
    peer.segment_one("/car/front/image_raw", "/car/front/segmentation/label")
    peer.segment_one("/rear/left/image_raw", "/rear/left/segmentation/label")
    for camera in ("/car/front", "/rear/left"):
        assert peer.count_subscribers(f"{camera}/camera_info") == 1
        assert peer.count_publishers(f"{camera}/segmentation/occupancy") == 1
    names = peer.parameter("/car/jetseg", "cameras").string_array_value
    assert list(names) == ["front", "/rear/left"]
    yield
    assert record.exits == [0]
    assert "[WARN]" not in record.output and "[ERROR]" not in record.output


YAWS = """
/car/front/ground: {ros__parameters: {grid.length: 4.0}}
/rear/left/ground: {ros__parameters: {grid.length: 6.0, grid.x: -6.0, camera.yaw: 3.14}}
"""


@launch_pytest.fixture
def with_ground(
    domain: int, launched: Callable[..., LaunchDescription], tmp_path: Path
) -> LaunchDescription:
    """The same, with free space of each; its own height and heading for each, one pitch for both."""
    file = tmp_path / "ground.yaml"
    file.write_text(YAWS)
    return launched(
        LAUNCH_FILE, cameras="front/, /rear/left", namespace="car", ground="true", ground_params_file=str(file),
        camera_height="1.2, 0.8", camera_pitch="0.3", base_frame="base_footprint",
    )  # fmt: skip


@pytest.mark.launch(fixture=with_ground)
def test_every_camera_has_its_ground(peer: Peer, record: Record) -> Iterator[None]:
    matrix = [110.0, 0, 60, 0, 110, 45, 0, 0, 1]
    info = CameraInfo(height=90, width=120, k=matrix, distortion_model="plumb_bob", d=[0.0] * 5)
    for camera, height, cells in (("/car/front", 1.2, 40), ("/rear/left", 0.8, 60)):
        grids: list[OccupancyGrid] = []
        peer.create_subscription(OccupancyGrid, f"{camera}/ground/grid", grids.append, 5)
        calibration = peer.create_publisher(CameraInfo, f"{camera}/camera_info", 5)

        def look(
            camera: str = camera,
            grids: list[OccupancyGrid] = grids,
            publish: Callable[[CameraInfo], None] = calibration.publish,
        ) -> bool:
            publish(info)
            peer.segment_one(f"{camera}/image_raw", f"{camera}/segmentation/label")
            return bool(grids)

        peer.wait_until(look, f"the grid of {camera}")
        assert grids[0].header.frame_id == "base_footprint"
        assert grids[0].info.width == cells and any(value >= 0 for value in grids[0].data)
        assert peer.parameter(f"{camera}/ground", "camera.height").double_value == height
        assert peer.parameter(f"{camera}/ground", "camera.pitch").double_value == 0.3
    assert peer.parameter("/rear/left/ground", "camera.yaw").double_value == 3.14
    yield
    assert record.exits == [0, 0, 0]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"camera_height": "1,2,3"}, "camera_height is '1,2,3', 3 numbers; expected one for all"),
        ({"camera_roll": "0,flat"}, "camera_roll is '0,flat'; expected a number"),
    ],
)
def test_numbers_that_fit_no_cameras_are_refused(given: dict[str, str], reason: str) -> None:
    context = LaunchContext()
    description = PythonLaunchDescriptionSource(str(LAUNCH_FILE)).get_launch_description(context)
    for argument in description.get_launch_arguments():
        context.launch_configurations[argument.name] = ""
    context.launch_configurations.update(cameras="/front,/rear", ground="true", **given)
    with pytest.raises(RuntimeError, match=reason):
        description.entities[-1].execute(context)


def test_a_ground_file_must_have_something_for_every_camera(
    launch: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    file = tmp_path / "ground.yaml"
    file.write_text(YAWS)
    status, output = launch(
        LAUNCH_FILE, cameras="/front", ground="true", ground_params_file=str(file)
    )
    assert status == 1 and "nothing for the node /front/ground, only for" in output
    assert "process started" not in output
