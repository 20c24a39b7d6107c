"""The launch file of one camera, started by launch itself, over real DDS."""

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
from lifecycle_msgs.srv import GetState
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo

if TYPE_CHECKING:
    from test.launch.conftest import Peer, Record

LAUNCH_FILE = Path(__file__).parents[2] / "launch" / "jetseg.launch.py"

Launched = Callable[..., LaunchDescription]


def test_arguments_are_declared_at_top_level() -> None:
    description = PythonLaunchDescriptionSource(str(LAUNCH_FILE)).get_launch_description(
        LaunchContext()
    )
    arguments = {argument.name: argument for argument in description.get_launch_arguments()}
    assert arguments.keys() == {
        "preset",
        "params_file",
        "checkpoint",
        "backend",
        "camera",
        "image_topic",
        "transport",
        "namespace",
        "use_sim_time",
        "log_level",
        "autostart",
        "rviz",
        "ground",
        "ground_params_file",
        "base_frame",
        "camera_height",
        "camera_pitch",
        "camera_roll",
    }
    for name, argument in arguments.items():
        assert argument.description and argument.default_value is not None, name


@launch_pytest.fixture
def plain(domain: int, launched: Launched) -> LaunchDescription:
    """No argument at all."""
    return launched(LAUNCH_FILE)


@pytest.mark.launch(fixture=plain)
def test_it_serves_without_any_argument(peer: Peer, record: Record) -> Iterator[None]:
    peer.segment_one("image", "segmentation/label")
    assert peer.parameter("jetseg", "runtime.device").string_value == "cpu"  # of cpu.yaml
    yield
    assert record.exits == [0]
    assert "[WARN]" not in record.output and "[ERROR]" not in record.output


@launch_pytest.fixture
def on_a_camera(domain: int, launched: Launched) -> LaunchDescription:
    """The node in a namespace, on a camera driver's topics."""
    return launched(LAUNCH_FILE, namespace="front", camera="/usb_cam", backend="openvino")


@pytest.mark.launch(fixture=on_a_camera)
def test_camera_and_namespace(peer: Peer, record: Record) -> Iterator[None]:
    peer.segment_one("/usb_cam/image_raw", "/front/segmentation/label")
    assert peer.count_subscribers("/usb_cam/camera_info") == 1
    assert peer.parameter("/front/jetseg", "runtime.backend").string_value == "openvino"
    yield
    assert record.exits == [0]


@launch_pytest.fixture
def on_a_topic(domain: int, launched: Launched) -> LaunchDescription:
    """A topic of its own name, compressed; parameters of another machine; waiting for a manager."""
    return launched(
        LAUNCH_FILE,
        params_file=str(LAUNCH_FILE.parents[1] / "config" / "jetson_nano.yaml"),
        image_topic="/left/picture",
        transport="compressed",
        autostart="false",
        use_sim_time="true",
        log_level="debug",
    )


@pytest.mark.launch(fixture=on_a_topic)
def test_arguments_override_the_parameter_file(peer: Peer, record: Record) -> Iterator[None]:
    state = peer.call(GetState, "jetseg/get_state", GetState.Request()).current_state
    assert state.label == "unconfigured"
    assert peer.parameter("jetseg", "output.size").string_value == "network"  # of the file
    assert peer.parameter("jetseg", "input.transport").string_value == "compressed"
    assert peer.parameter("jetseg", "use_sim_time").bool_value is True
    assert "[DEBUG]" in record.output
    yield
    assert record.exits == [0]


@launch_pytest.fixture
def of_a_preset(domain: int, launched: Launched) -> LaunchDescription:
    """A size of network in place of a checkpoint."""
    return launched(LAUNCH_FILE, preset="nano")


@pytest.mark.launch(fixture=of_a_preset)
def test_a_preset(peer: Peer, record: Record) -> Iterator[None]:
    peer.segment_one("image", "segmentation/label")
    assert peer.parameter("jetseg", "model.preset").string_value == "nano"
    yield
    assert record.exits == [0]


# Stands in for RViz, which no package index has: says how it was called.
RVIZ = """#!/bin/sh
echo "called: $*"
"""


@launch_pytest.fixture
def with_rviz(
    domain: int, launched: Launched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LaunchDescription:
    """A camera in a namespace, with RViz to look at it."""
    executable = tmp_path / "lib" / "rviz2" / "rviz2"
    marker = tmp_path / "share" / "ament_index" / "resource_index" / "packages" / "rviz2"
    for file in (executable, marker):
        file.parent.mkdir(parents=True)
        file.write_text(RVIZ)
    executable.chmod(0o755)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path), prepend=":")
    return launched(LAUNCH_FILE, rviz="true", namespace="front", camera="/usb_cam")


@pytest.mark.launch(fixture=with_rviz)
def test_rviz_looks_at_the_same_topics(peer: Peer, record: Record) -> Iterator[None]:
    peer.segment_one("/usb_cam/image_raw", "/front/segmentation/label")
    peer.wait_until(lambda: "called:" in record.output, "RViz")
    called = next(line for line in record.output.splitlines() if "called:" in line)
    config = called.partition("--display-config ")[2].partition(" ")[0]
    assert Path(config).samefile(LAUNCH_FILE.parents[1] / "config" / "jetseg.rviz")
    assert "-r image:=/usb_cam/image_raw" in called and "__ns:=/front" in called
    yield
    assert record.exits == [0, 0]


@launch_pytest.fixture
def with_ground(domain: int, launched: Launched) -> LaunchDescription:
    """Free space, too, from a camera whose height and pitch are given."""
    return launched(
        LAUNCH_FILE,
        namespace="front",
        camera="/usb_cam",
        ground="true",
        camera_height="1.2",
        camera_pitch="0.3",
        base_frame="base_footprint",
    )


@pytest.mark.launch(fixture=with_ground)
def test_ground(peer: Peer, record: Record) -> Iterator[None]:
    grids: list[OccupancyGrid] = []
    peer.create_subscription(OccupancyGrid, "/front/ground/grid", grids.append, 5)
    matrix = [110.0, 0, 60, 0, 110, 45, 0, 0, 1]
    info = CameraInfo(height=90, width=120, k=matrix, distortion_model="plumb_bob", d=[0.0] * 5)
    calibration = peer.create_publisher(CameraInfo, "/usb_cam/camera_info", 5)

    def look() -> bool:
        calibration.publish(info)
        peer.segment_one("/usb_cam/image_raw", "/front/segmentation/label")
        return bool(grids)

    peer.wait_until(look, "a grid")
    assert grids[0].header.frame_id == "base_footprint"
    assert len(grids[0].data) == grids[0].info.width * grids[0].info.height == 100 * 100
    assert peer.parameter("/front/ground", "camera.height").double_value == 1.2
    yield
    assert record.exits == [0, 0]


def test_a_height_that_is_no_number_is_named() -> None:
    context = LaunchContext()
    context.launch_configurations.update(
        camera="", image_topic="", namespace="", rviz="false", ground="true", camera_height="tall",
        ground_params_file=str(LAUNCH_FILE.parents[1] / "config" / "ground.yaml"),
    )  # fmt: skip
    description = PythonLaunchDescriptionSource(str(LAUNCH_FILE)).get_launch_description(context)
    with pytest.raises(RuntimeError, match=r"camera_height is 'tall'; expected a number"):
        description.entities[-1].execute(context)


@pytest.mark.parametrize(
    "file",
    [f for f in sorted(LAUNCH_FILE.parent.glob("*.launch.py")) if "rviz" in f.read_text()],
    ids=lambda f: f.stem,
)
def test_rviz_is_first_so_that_its_absence_leaves_no_node_behind(
    file: Path, tmp_path: Path
) -> None:
    (tmp_path / "drive.mcap").touch()
    params_file = LAUNCH_FILE.parents[1] / "config" / "cpu.yaml"
    source = PythonLaunchDescriptionSource(str(file))
    context = LaunchContext()
    description = source.get_launch_description(context)
    given = {"cameras": "/front", "bag": str(tmp_path), "params_file": str(params_file)}
    for argument in description.get_launch_arguments():
        context.launch_configurations[argument.name] = given.get(argument.name, "")
    started = description.entities[-1].execute(context)
    nodes = [action.node_executable for action in started if hasattr(action, "node_executable")]
    assert nodes[:2] == ["rviz2", "segmentation_node"]


def test_preset_and_checkpoint_exclude_each_other() -> None:
    context = LaunchContext()
    context.launch_configurations.update(
        preset="agx", checkpoint="mine.pt", camera="", image_topic="", namespace="", rviz="false",
        params_file=str(LAUNCH_FILE.parents[1] / "config" / "cpu.yaml"),
    )  # fmt: skip
    description = PythonLaunchDescriptionSource(str(LAUNCH_FILE)).get_launch_description(context)
    with pytest.raises(RuntimeError, match=r"preset is 'agx' and checkpoint 'mine.pt'; give one"):
        description.entities[-1].execute(context)


@launch_pytest.fixture
def without_a_model(domain: int, launched: Launched) -> LaunchDescription:
    """A checkpoint that is not there."""
    return launched(LAUNCH_FILE, checkpoint="nowhere.pt")


@pytest.mark.launch(fixture=without_a_model)
def test_a_failed_start_ends_the_process(peer: Peer, record: Record) -> None:
    peer.wait_until(lambda: bool(record.exits), "the node to end")
    assert record.exits == [2]
    assert record.output.count("[ERROR]") == 1 and "nowhere.pt" in record.output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "mine.yaml' is not there"),
        ("{", "mine.yaml' is not YAML"),
        (
            "/other: {ros__parameters: {a: 1}}",
            "has nothing for the node /car/jetseg, only for /other",
        ),
    ],
)
def test_a_parameter_file_that_does_not_fit_ends_launch_before_anything_starts(
    launch: Callable[..., tuple[int, str]], tmp_path: Path, content: str | None, reason: str
) -> None:
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_text(content)
    status, output = launch(LAUNCH_FILE, params_file=str(file), namespace="car")
    assert status == 1 and reason in output and "process started" not in output
