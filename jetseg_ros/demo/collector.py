"""A subscriber that measures what the segmentation node publishes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from jetseg.msg import ClassOccupancy, ModelInfo
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from jetseg_core.classes import CLASS_SETS, ClassSet
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.recording.image_decoding import decode_image
from jetseg_ros.node.frame_slots import Counts

# Deep enough that a pause of this process loses nothing.
QOS = QoSProfile(depth=50)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

IMAGE_TOPICS = {
    "image": "image",
    "ground_truth": "ground_truth",
    "label": "segmentation/label",
    "color": "segmentation/color",
    "overlay": "segmentation/overlay",
}
COUNTERS = [item.name for item in fields(Counts) if item.type == "int"]
PENDING_FRAMES = 50
"""Largest number of frames that wait for the rest of their images; then the oldest is dropped."""

Images = dict[str, np.ndarray]
"""The images of one frame by the names in `IMAGE_TOPICS`: (H, W) uint8 labels, (H, W, 3) RGB."""


def classes_of(model: ModelInfo) -> ClassSet:
    """The classes of a model; the known set where it is one."""
    names, colors = tuple(model.class_names), np.array(model.palette).reshape(-1, 3).tolist()
    palette = tuple((red, green, blue) for red, green, blue in colors)
    known = (s for s in CLASS_SETS.values() if (s.names, s.palette) == (names, palette))
    return next(known, None) or ClassSet(model.model_name, names, palette)


@dataclass
class Measurements:
    """Counts and times of a run; times in nanoseconds."""

    model: ModelInfo | None = None
    sent: list[int] = field(default_factory=list)
    """Stamps of all frames that the camera published, in order."""
    received: dict[int, int] = field(default_factory=dict)
    """Stamp of each label image -> time of its arrival."""
    repeated: int = 0
    """Label images with the stamp of an earlier one."""
    fractions: list[np.ndarray] = field(default_factory=list)
    """(C,) share of each class in the labelled pixels, by frame."""
    confusion: ConfusionMatrix | None = None
    """Labels against ground truth, over all frames that have both; None without any."""
    node_counts: dict[str, int] = field(default_factory=dict)
    """The node's own counters of frames, as of its latest diagnostics."""
    pictures: dict[int, Images] = field(default_factory=dict)
    """The images of some frames, by number of the frame."""


class Collector(Node):
    """Joins the messages of the camera and of the node by stamp, frame by frame.

    Args:
        picture_frames: numbers of the frames to keep pictures of; a frame whose images do not all
            arrive is replaced by a later one.
    """

    def __init__(self, picture_frames: list[int]) -> None:
        super().__init__("jetseg_demo")
        self.found = Measurements()
        self._wanted = sorted(picture_frames)
        self._frames: dict[int, Images] = {}
        self.create_subscription(ModelInfo, "segmentation/model_info", self._on_model, LATCHED)
        # The camera's small messages all arrive, so they show which frames it sent.
        self.create_subscription(CameraInfo, "camera_info", self._on_sent, QOS)
        self.create_subscription(ClassOccupancy, "segmentation/occupancy", self._on_occupancy, QOS)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, QOS)
        for name, topic in IMAGE_TOPICS.items():
            self.create_subscription(Image, topic, partial(self._on_image, name), QOS)

    def _on_model(self, message: ModelInfo) -> None:
        self.found.model = message

    def _on_sent(self, message: CameraInfo) -> None:
        self.found.sent.append(_stamp_ns(message.header))

    def _on_occupancy(self, message: ClassOccupancy) -> None:
        self.found.fractions.append(np.array(message.fractions))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            counts = {item.key: int(item.value) for item in status.values if item.key in COUNTERS}
            self.found.node_counts = counts or self.found.node_counts

    def _on_image(self, name: str, message: Image) -> None:
        stamp = _stamp_ns(message.header)
        if name == "label":
            self.found.repeated += stamp in self.found.received
            self.found.received.setdefault(stamp, self.get_clock().now().nanoseconds)
        pixels = decode_image(message)
        images = self._frames.setdefault(stamp, {})
        images[name] = pixels if message.encoding == "rgb8" else pixels[..., 0]
        if name in ("label", "ground_truth") and {"label", "ground_truth"} <= images.keys():
            self._compare(images)
        self._keep_picture(stamp, images)
        if len(self._frames) > PENDING_FRAMES:
            del self._frames[min(self._frames)]

    def _compare(self, images: Images) -> None:
        if self.found.confusion is None:
            assert self.found.model is not None  # the camera starts when it is known
            self.found.confusion = ConfusionMatrix(len(self.found.model.class_ids))
        self.found.confusion.update(images["label"], images["ground_truth"])

    def _keep_picture(self, stamp: int, images: Images) -> None:
        complete = IMAGE_TOPICS.keys() - {"ground_truth"} <= images.keys()
        if not (self._wanted and complete and stamp in self.found.sent):
            return
        number = self.found.sent.index(stamp)
        if number >= self._wanted[0]:
            self._wanted.pop(0)
            self.found.pictures[number] = images


def _stamp_ns(header: Header) -> int:
    return Time.from_msg(header.stamp).nanoseconds
