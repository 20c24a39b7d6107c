"""The ground node: labels and calibration in, a grid of free space, a scan and the ground's points out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from jetseg.msg import ModelInfo
from nav_msgs.msg import OccupancyGrid
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image, LaserScan, PointCloud2
from std_msgs.msg import Header

from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.ground import CameraPose, ClassRoles, FreeSpace, GroundLookup, Lens
from jetseg_core.ground.free_space import ScanBearings
from jetseg_core.ground.ground_messages import (
    laser_scan_fields,
    occupancy_grid_fields,
    point_cloud_fields,
)
from jetseg_core.results.camera_info import calibrated_size, camera_info_fields
from jetseg_core.runtime.geometry import stretch
from jetseg_ros.ground.camera_transform import CameraTransform
from jetseg_ros.ground.ground_parameters import GroundParameters
from jetseg_ros.node.command_line import node_parser
from jetseg_ros.node.intake import NEWEST
from jetseg_ros.node.messages import to_message
from jetseg_ros.node.parameter_mirror import ParameterMirror
from jetseg_ros.node.process import answer_every_request, run_node

LABEL, CONFIDENCE = "segmentation/label", "segmentation/confidence"
CALIBRATION, MODEL = "segmentation/camera_info", "segmentation/model_info"

PATIENCE_S = 1.0
"""Time that a reason to publish nothing must last before it is logged: at the start, inputs come one after another."""
SILENCE_S = 5.0
WAITING = 4
"""Frames that may wait for their confidence."""

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class GroundNode(Node):
    """Publishes the flat ground in front of the robot, as the newest label image shows it.

    The look-up table is made once for each calibration, pose and grid. Frames without a calibration, or with one that
    cannot be right, give no output, and one warning that says why.
    """

    def __init__(self, node_name: str = "ground", **options: Any) -> None:
        super().__init__(node_name, **options)
        self._mirror = ParameterMirror(self, GroundParameters, configured=lambda: True)
        answer_every_request(self)
        self._mirror.check()
        self._classes: ClassSet | None = None
        self._calibration: CameraInfo | None = None
        self._lookup: GroundLookup | None = None
        self._bearings: ScanBearings | None = None
        self._made_for: object = None
        self._transform = CameraTransform(self)
        self._reason, self._reason_since, self._warned = "", 0.0, False
        self._heard_s = time.monotonic()
        self._waiting: dict[tuple[int, int], Image] = {}
        self._confidence: dict[tuple[int, int], Image] = {}
        self._confidence_input: Subscription | None = None
        # Nav2's static layer expects a latched map by default; a volatile subscriber matches, too.
        self._grid = self.create_publisher(OccupancyGrid, "ground/grid", LATCHED)
        self._scan = self.create_publisher(LaserScan, "ground/scan", 5)
        self._cloud = self.create_publisher(PointCloud2, "ground/labels", 5)
        self.create_subscription(ModelInfo, MODEL, self._guarded(self._take_model), LATCHED)
        self.create_subscription(CameraInfo, CALIBRATION, self._take_calibration, NEWEST)
        self.create_subscription(Image, LABEL, self._guarded(self._take_label), NEWEST)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0, self._look_for_labels, clock=steady)

    @property
    def parameters(self) -> GroundParameters:
        """The parameters as they are now."""
        return self._mirror.values

    def start(self) -> bool:
        """No-op: the executor serves the inputs."""
        return True

    def _take_model(self, message: ModelInfo) -> None:
        colors = np.array(message.palette, int).reshape(-1, 3).tolist()
        palette = tuple((red, green, blue) for red, green, blue in colors)
        self._classes = ClassSet(message.model_name, tuple(message.class_names), palette)

    def _take_calibration(self, message: CameraInfo) -> None:
        self._calibration = message

    def _take_label(self, message: Image) -> None:
        self._heard_s = time.monotonic()
        if not self._wants_confidence():
            self._publish(message, None)
            return
        self._waiting[_stamp(message)] = message
        self._publish_pairs()
        if len(self._waiting) > WAITING:
            self._waiting.pop(next(iter(self._waiting)))
            raise JetSegError(
                f"min_confidence is {self.parameters.min_confidence:g} or {self._cloud.topic_name} has a subscriber, "
                f"and no {self.resolve_topic_name(CONFIDENCE)} comes with the stamps of the labels; have it published, "
                "or set min_confidence to 0"
            )

    def _take_confidence(self, message: Image) -> None:
        self._confidence[_stamp(message)] = message
        while len(self._confidence) > WAITING:
            self._confidence.pop(next(iter(self._confidence)))
        self._publish_pairs()

    def _publish_pairs(self) -> None:
        for stamp in self._waiting.keys() & self._confidence.keys():
            self._publish(self._waiting.pop(stamp), self._confidence.pop(stamp))

    def _wants_confidence(self) -> bool:
        """True if frames must wait for their confidence; subscribes to it only while that is so."""
        needed = self.parameters.min_confidence > 0
        wanted = needed or self._cloud.get_subscription_count() > 0
        if wanted and self._confidence_input is None:
            take = self._guarded(self._take_confidence)
            qos = QoSProfile(depth=2, reliability=NEWEST.reliability)
            self._confidence_input = self.create_subscription(Image, CONFIDENCE, take, qos)
        elif not wanted and self._confidence_input is not None:
            self.destroy_subscription(self._confidence_input)
            self._confidence_input = None
            self._waiting.clear()
            self._confidence.clear()
        # The points' confidence may stay unknown if nobody publishes it.
        return needed or (wanted and self.count_publishers(CONFIDENCE) > 0)

    def _publish(self, label: Image, confidence: Image | None) -> None:
        """Publish the outputs that have a subscriber, and always the grid, which is latched for late ones."""
        if self._classes is None:
            raise JetSegError(f"no class names: {self._silence(MODEL)}")
        settings, labels = self.parameters, _plane(label)
        lookup, bearings = self._prepare((label.height, label.width), label.header.frame_id)
        drivable, flat = (
            tuple(n for n in names if n) for names in (settings.drivable, settings.flat)
        )
        found = FreeSpace(
            lookup,
            ClassRoles(self._classes.names, drivable, flat),
            labels,
            None if confidence is None else _plane(confidence),
            settings.min_confidence,
            settings.obstacle_depth,
        )
        header = Header(stamp=label.header.stamp, frame_id=settings.base_frame)
        grid = occupancy_grid_fields(found, settings.ground_z)
        self._grid.publish(to_message(OccupancyGrid, grid, header))
        if self._scan.get_subscription_count():
            self._scan.publish(to_message(LaserScan, laser_scan_fields(found, bearings), header))
        if self._cloud.get_subscription_count():
            cloud = point_cloud_fields(found, self._classes, settings.ground_z)
            self._cloud.publish(to_message(PointCloud2, cloud, header))
        if self._warned:
            self.get_logger().info("the ground is seen again")
        self._reason, self._warned = "", False

    def _prepare(self, size: tuple[int, int], frame_id: str) -> tuple[GroundLookup, ScanBearings]:
        """The look-up table for an image of this (height, width), remade only if something has changed."""
        info, settings = self._calibration, self.parameters
        if info is None:
            raise JetSegError(
                f"no calibration: {self._silence(CALIBRATION)}; it comes where the camera driver publishes camera_info "
                "beside its images"
            )
        pose = self._pose(frame_id)
        turned = pose.rotation.round(3).tobytes(), pose.position.round(3).tobytes()
        wanted = (
            size, turned, settings, info.height, info.width, info.distortion_model, tuple(info.d), info.k.tobytes(),
            info.p.tobytes(), info.binning_x, info.binning_y, str(info.roi),
        )  # fmt: skip
        if self._made_for != wanted or self._lookup is None or self._bearings is None:
            fields = camera_info_fields(info, stretch(size, size))
            if fields is None:
                height, width = calibrated_size(info)
                raise JetSegError(
                    f"{self.resolve_topic_name(CALIBRATION)} is for {width}x{height} and the labels are "
                    f"{size[1]}x{size[0]}, of another aspect ratio; publish the calibration of this image size"
                )
            lens = Lens.of(fields | {"height": size[0], "width": size[1]}, settings.rectified)
            lookup = GroundLookup(lens, pose, settings.grid, settings.min_range, settings.max_range)
            self._lookup, self._bearings, self._made_for = lookup, ScanBearings(lookup), wanted
        return self._lookup, self._bearings

    def _pose(self, frame_id: str) -> CameraPose:
        settings = self.parameters
        if settings.height == 0:
            return self._transform.pose(settings.base_frame, frame_id, settings.ground_z)
        return CameraPose.of_angles(
            settings.height, settings.pitch, settings.roll, settings.yaw, settings.x, settings.y
        )

    def _guarded(self, take: Callable[[Any], None]) -> Callable[[Any], None]:
        """Callback whose errors become a warning, so that no input can end the node."""

        def guarded(message: Any) -> None:
            try:
                take(message)
            except JetSegError as error:
                self._complain(str(error))
            except Exception as error:
                self._complain(f"{type(error).__name__}: {error}")

        return guarded

    def _complain(self, reason: str) -> None:
        """Warn once of a reason to publish nothing, when it has lasted."""
        now = time.monotonic()
        if reason != self._reason:
            self._reason, self._reason_since, self._warned = reason, now, False
        if not self._warned and now - self._reason_since >= PATIENCE_S:
            self.get_logger().warning(f"no ground is published: {reason}")
            self._warned = True

    def _look_for_labels(self) -> None:
        if time.monotonic() - self._heard_s > SILENCE_S:
            self._complain(f"no labels: {self._silence(LABEL)}, and the camera")

    def _silence(self, topic: str) -> str:
        name = self.resolve_topic_name(topic)
        if not self.count_publishers(topic):
            return f"nobody publishes {name}; start the segmentation node, or remap {topic}"
        return f"{name} has a publisher and nothing comes; see the log of the segmentation node"


def _stamp(message: Image) -> tuple[int, int]:
    return message.header.stamp.sec, message.header.stamp.nanosec


def _plane(message: Image) -> np.ndarray:
    """(H, W) uint8 of a mono8 image.

    Raises:
        JetSegError: another encoding, or data that does not fit the size.
    """
    height, width, step = message.height, message.width, message.step
    if message.encoding not in ("mono8", "8UC1"):
        raise JetSegError(f"an image of encoding '{message.encoding}' came; expected labels, mono8")
    if not (height and step >= width > 0 and len(message.data) == step * height):
        raise JetSegError(
            f"an image of {width}x{height} came with a step of {step} and {len(message.data)} bytes; expected "
            f"{LABEL} itself, not the run lengths of segmentation/autoware or a part"
        )
    return np.frombuffer(message.data, np.uint8).reshape(height, step)[:, :width]


def main(args: list[str] | None = None) -> int:
    """Run the node until it is interrupted; returns the exit status."""
    parser = node_parser(
        "jetseg-ground",
        "The ground in front of the robot, as a ROS 2 node: labels and a calibration in; grid, scan and points out.",
        GroundParameters,
    )
    return run_node(GroundNode, GroundNode.start, args, parser)


if __name__ == "__main__":
    sys.exit(main())
