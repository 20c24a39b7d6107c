"""The ground node over real DDS: its outputs for the generated street, and its warnings without them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from jetseg.msg import ModelInfo
from nav_msgs.msg import OccupancyGrid
from rcl_interfaces.msg import Log
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image, LaserScan, PointCloud2

from jetseg_core.classes import CAMVID11
from jetseg_core.ground import CameraPose, ClassRoles, FreeSpace, GroundGrid, GroundLookup, Lens
from jetseg_core.ground.free_space import ScanBearings
from jetseg_core.street import PinholeCamera, StreetScene
from jetseg_ros.ground.ground_node import GroundNode
from jetseg_ros.ground.ground_parameters import GroundParameters
from jetseg_ros.node.messages import to_image

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
CONFIG = Path(__file__).parents[3] / "config"
ROAD = CAMVID11.names.index("Road")


@dataclass
class View:
    """A frame of the street, and the expectation."""

    camera: PinholeCamera
    labels: np.ndarray

    @property
    def pose(self) -> dict[str, float]:
        return {
            "camera__height": float(self.camera.position[1]),
            "camera__pitch": -self.camera.pitch,
            "camera__roll": self.camera.roll,
            "camera__yaw": -self.camera.yaw,
        }

    def info(self, rig: Rig, **changes: Any) -> CameraInfo:
        height, width = self.labels.shape
        k = self.camera.intrinsics
        fields: dict[str, Any] = {
            "height": height, "width": width, "distortion_model": "plumb_bob", "d": [0.0] * 5,
            "k": k.reshape(-1), "p": np.hstack([k, np.zeros((3, 1))]).reshape(-1),
        }  # fmt: skip
        return CameraInfo(header=rig.header("optical"), **fields | changes)


@pytest.fixture(scope="module")
def view() -> View:
    street = StreetScene(seed=4, size=(240, 320), pitch=-0.15, roll=0.05)
    return View(street.camera(20), street.render(20)[1])


class Segmentation:
    """Stands for the segmentation node: sends labels of known content on its topics."""

    def __init__(self, rig: Rig, view: View) -> None:
        self.rig, self.view = rig, view
        info = ModelInfo(
            model_name="known", class_names=list(CAMVID11.names), class_ids=list(range(11)),
            palette=[v for color in CAMVID11.palette for v in color],
        )  # fmt: skip
        self.model = rig.peer.create_publisher(ModelInfo, "segmentation/model_info", LATCHED)
        self.model.publish(info)
        self.labels = rig.peer.create_publisher(Image, "segmentation/label", 5)
        self.infos = rig.peer.create_publisher(CameraInfo, "segmentation/camera_info", 5)
        self.confidence = rig.peer.create_publisher(Image, "segmentation/confidence", 5)

    def send_until(self, received: list[Any], what: str, info: CameraInfo | None = None) -> Image:
        """Frames until something is received; returns the label image that was sent last."""
        sent: list[Image] = []
        calibration = info or self.view.info(self.rig)

        def send() -> bool:
            self.infos.publish(calibration)
            sent.append(to_image(self.view.labels, self.rig.header("optical")))
            sure = np.full_like(self.view.labels, 204)
            self.confidence.publish(to_image(sure, sent[-1].header))
            self.labels.publish(sent[-1])
            self.rig.spin_for(0.1)
            return bool(received)

        self.rig.spin_until(send, what)
        return sent[-1]


def ground(rig: Rig, **parameters: Any) -> GroundNode:
    return rig._add(GroundNode, parameters)


def expected(view: View, grid: GroundGrid) -> tuple[FreeSpace, ScanBearings]:
    camera = view.camera
    pose = CameraPose.of_angles(float(camera.position[1]), -camera.pitch, camera.roll, -camera.yaw)
    lookup = GroundLookup(Lens(camera.size, camera.intrinsics), pose, grid)
    return FreeSpace(lookup, ClassRoles(CAMVID11.names), view.labels), ScanBearings(lookup)


def test_grid_scan_and_points(rig: Rig, view: View) -> None:
    ground(rig, base_frame="base", ground__z=-0.2, grid__resolution=0.2, grid__x=1.0, **view.pose)
    grids = rig.record(OccupancyGrid, "ground/grid")
    scans, clouds = rig.record(LaserScan, "ground/scan"), rig.record(PointCloud2, "ground/labels")
    Segmentation(rig, view).send_until(clouds, "the ground")
    rig.spin_until(lambda: bool(grids and scans), "grid and scan")
    found, bearings = expected(view, GroundGrid(0.2, x=1.0))
    grid, scan, cloud = grids[-1], scans[-1], clouds[-1]
    assert grid.header.frame_id == scan.header.frame_id == cloud.header.frame_id == "base"
    assert (grid.info.width, grid.info.height) == (50, 50)
    assert grid.info.resolution == pytest.approx(0.2)
    origin = grid.info.origin
    assert (origin.position.x, origin.position.y, origin.position.z) == (1.0, -5.0, -0.2)
    assert origin.orientation.w == 1.0
    np.testing.assert_array_equal(grid.data, found.grid.reshape(-1))
    assert {0, 100, -1} <= set(grid.data)
    np.testing.assert_array_equal(scan.ranges, found.scan(bearings))
    assert scan.angle_min < 0 < scan.angle_max and np.isfinite(scan.ranges).any()
    steps = (scan.angle_max - scan.angle_min) / scan.angle_increment
    assert round(steps) == len(scan.ranges) - 1
    near = [r for r in scan.ranges if np.isfinite(r)]
    assert scan.range_min <= min(near) and max(near) <= scan.range_max
    names = ["x", "y", "z", "label", "confidence", "rgb"]
    types = zip(names, ["f4", "f4", "f4", "u4", "f4", "u4"], strict=True)
    points = np.frombuffer(cloud.data, np.dtype(list(types)))
    assert [field.name for field in cloud.fields] == names
    assert cloud.width == len(points) == np.count_nonzero(found.grid != -1)
    assert cloud.row_step == len(cloud.data)
    road = points[points["label"] == ROAD]
    assert len(road) == np.count_nonzero(found.grid == 0)
    assert np.all(road["rgb"] == 0x804080) and np.all(points["z"] == np.float32(-0.2))
    np.testing.assert_allclose(points["confidence"], 204 / 255)
    cells = found.lookup.grid.cell_of(road["x"].astype(float), road["y"].astype(float))
    assert np.all(found.grid.reshape(-1)[cells] == 0)


def test_outputs_carry_the_stamp_and_a_latched_grid_is_there_for_late_subscribers(
    rig: Rig, view: View
) -> None:
    ground(rig, **view.pose)
    segmentation = Segmentation(rig, view)
    grids = rig.record(OccupancyGrid, "ground/grid")
    label = segmentation.send_until(grids, "a grid")
    rig.spin_until(lambda: grids[-1].header.stamp == label.header.stamp, "that of the last label")
    late = rig.record(OccupancyGrid, "ground/grid", LATCHED)  # as Nav2's static layer subscribes
    rig.spin_until(lambda: bool(late), "the latched grid")
    assert late[0].header == grids[-1].header


def test_parameters_apply_on_the_next_frame(rig: Rig, view: View) -> None:
    node = ground(rig, **view.pose)
    segmentation = Segmentation(rig, view)
    grids = rig.record(OccupancyGrid, "ground/grid")
    segmentation.send_until(grids, "a grid")
    before = np.count_nonzero(np.array(grids[-1].data) == 0)
    changed = [
        Parameter("classes.drivable", value=["road", "SIDEWALK"]),
        Parameter("min_confidence", value=0.5),
    ]
    assert all(result.successful for result in node.set_parameters(changed))
    grids.clear()
    segmentation.send_until(grids, "a grid of other classes")
    after = np.count_nonzero(np.array(grids[-1].data) == 0)
    assert after > before + 50
    node.set_parameters([Parameter("min_confidence", value=0.9)])
    grids.clear()
    segmentation.send_until(grids, "a grid without confident pixels")
    assert set(grids[-1].data) == {-1}
    fine, long = Parameter("grid.resolution", value=0.005), Parameter("grid.length", value=1000.0)
    refused = node.set_parameters([fine, long])[-1]
    assert not refused.successful and "cells" in refused.reason


def warnings_of(rig: Rig) -> list[str]:
    lines: list[str] = []

    def keep(message: Log) -> None:
        if message.name == "ground" and message.level >= 30:
            lines.append(message.msg)

    rig.peer.create_subscription(Log, "/rosout", keep, 100)
    return lines


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"k": np.zeros(9)}, "k is zero, so the camera is uncalibrated; calibrate the camera"),
        ({"width": 640}, "is for 640x240 and the labels are 320x240, of another aspect ratio"),
        ({"distortion_model": "ftheta"}, "distortion_model is 'ftheta'; expected plumb_bob"),
        ({"d": [0.1, 0.2]}, "d has 2 coefficients; plumb_bob has"),
        ({"k": np.full(9, np.nan)}, "k holds"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_calibration_is_one_warning_and_no_grid(
    rig: Rig, view: View, changes: dict[str, Any], said: str
) -> None:
    ground(rig, **view.pose)
    lines, grids = warnings_of(rig), rig.record(OccupancyGrid, "ground/grid")
    segmentation = Segmentation(rig, view)
    wrong = view.info(rig, **changes)
    segmentation.send_until(lines, "a warning", wrong)
    for _ in range(5):
        segmentation.send_until([1], "", wrong)
    assert len(lines) == 1 and said in lines[0] and lines[0].startswith("no ground is published")
    assert not grids
    segmentation.send_until(grids, "a grid once the calibration is right")


def test_a_missing_pose_is_named(rig: Rig, view: View) -> None:
    ground(rig)  # neither a height nor TF
    lines, grids = warnings_of(rig), rig.record(OccupancyGrid, "ground/grid")
    segmentation = Segmentation(rig, view)
    segmentation.send_until(lines, "a warning of the pose")
    assert "camera.height" in lines[0] and not grids


def test_a_model_info_that_is_none_does_not_end_the_node(rig: Rig, view: View) -> None:
    ground(rig, **view.pose)
    grids = rig.record(OccupancyGrid, "ground/grid")
    segmentation = Segmentation(rig, view)
    segmentation.send_until(grids, "a grid")
    segmentation.model.publish(ModelInfo(class_names=["Road", "Road"], palette=[1, 2, 3, 4]))
    rig.spin_for(0.3)
    grids.clear()
    segmentation.send_until(grids, "a grid by the classes before")


def test_no_calibration_at_all_is_named(rig: Rig, view: View) -> None:
    ground(rig, **view.pose)
    lines = warnings_of(rig)
    segmentation = Segmentation(rig, view)
    rig.peer.destroy_publisher(segmentation.infos)
    labels = segmentation.labels

    def warned() -> bool:
        labels.publish(to_image(view.labels, rig.header()))
        rig.spin_for(0.1)
        return bool(lines)

    rig.spin_until(warned, "a warning")
    assert "no calibration: nobody publishes /segmentation/camera_info" in lines[0]


@pytest.mark.parametrize(
    "broken",
    [
        {"encoding": "rgb8"},
        {"data": b"\x03\x10\x00\x00\x00"},  # run lengths, as for Autoware
        {"height": 0, "data": b""},
    ],
    ids=["color", "runs", "empty"],
)
def test_other_images_are_refused_and_labels_still_served(
    rig: Rig, view: View, broken: dict[str, Any]
) -> None:
    ground(rig, **view.pose)
    lines, grids = warnings_of(rig), rig.record(OccupancyGrid, "ground/grid")
    segmentation = Segmentation(rig, view)
    rig.spin_until(lambda: segmentation.labels.get_subscription_count() > 0, "the node")

    def warned() -> bool:
        segmentation.infos.publish(view.info(rig))
        image = to_image(view.labels, rig.header("optical"))
        for name, value in broken.items():
            setattr(image, name, value)
        segmentation.labels.publish(image)
        rig.spin_for(0.1)
        return bool(lines)

    rig.spin_until(warned, "a warning")
    assert "expected" in lines[0] and not grids
    segmentation.send_until(grids, "a grid of the next labels")


def test_the_parameter_file_and_the_view_of_rviz_fit_the_node(rig: Rig) -> None:
    (values,) = yaml.safe_load((CONFIG / "ground.yaml").read_text()).values()
    flat: dict[str, Any] = {}
    for name, value in values["ros__parameters"].items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": each for key, each in value.items()}
        else:
            flat[name] = value
    node = ground(rig, **{name.replace(".", "__"): value for name, value in flat.items()})
    defaults = {
        field.metadata["parameter"].name: field.default
        for field in dataclasses.fields(GroundParameters)
    }
    # The file shows every parameter, at its default.
    assert {n: tuple(v) if isinstance(v, list) else v for n, v in flat.items()} == defaults
    content = yaml.safe_load((CONFIG / "ground.rviz").read_text())["Visualization Manager"]
    topics = [d["Topic"]["Value"] for d in content["Displays"] if "Topic" in d]
    assert topics == ["ground/grid", "ground/labels", "ground/scan", "segmentation/overlay"]
    assert content["Global Options"]["Fixed Frame"] == node.parameters.base_frame
    published = {name for name, _ in node.get_publisher_names_and_types_by_node("ground", "/")}
    assert {f"/{topic}" for topic in topics[:3]} <= published


def test_the_pose_comes_from_tf(rig: Rig, view: View) -> None:
    tf2_ros = pytest.importorskip("tf2_ros", reason="tf2_ros comes with a ROS 2 distribution only")
    from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3

    ground(rig, base_frame="base_footprint", ground__z=-0.3)
    lines, grids = warnings_of(rig), rig.record(OccupancyGrid, "ground/grid")
    segmentation = Segmentation(rig, view)
    segmentation.send_until(lines, "a warning that TF is missing")
    assert "from 'optical' (the images' frame_id) to 'base_footprint'" in lines[0] and not grids
    camera = view.camera
    height = float(camera.position[1])
    turn = CameraPose.of_angles(height, -camera.pitch, camera.roll, -camera.yaw).rotation
    w = np.sqrt(1 + np.trace(turn)) / 2
    axis = turn - turn.T
    quaternion = Quaternion(
        x=axis[2, 1] / (4 * w), y=axis[0, 2] / (4 * w), z=axis[1, 0] / (4 * w), w=w
    )
    # As a robot has it: the camera's body, and its optical frame turned against it.
    broadcaster = tf2_ros.StaticTransformBroadcaster(rig.peer)
    broadcaster.sendTransform(
        [
            TransformStamped(
                header=rig.header("base_footprint"),
                child_frame_id="mast",
                transform=Transform(translation=Vector3(x=0.0, y=0.0, z=height - 0.3)),
            ),
            TransformStamped(
                header=rig.header("mast"),
                child_frame_id="optical",
                transform=Transform(rotation=quaternion),
            ),
        ]
    )
    segmentation.send_until(grids, "a grid")
    found, _ = expected(view, GroundGrid())
    assert np.mean(np.array(grids[-1].data) != found.grid.reshape(-1)) < 0.001
    assert grids[-1].info.origin.position.z == pytest.approx(-0.3)
