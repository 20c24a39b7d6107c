"""The topics of one camera's results; each is computed only while somebody subscribes to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jetseg.msg import ClassOccupancy
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from jetseg_core.results.latency import Stopwatch
from jetseg_ros.node.segmented_frame import SegmentedFrame

_OUTPUTS: dict[str, tuple[type, Callable[[SegmentedFrame], Any]]] = {
    "label": (Image, SegmentedFrame.label_message),
    "occupancy": (ClassOccupancy, SegmentedFrame.occupancy_message),
    "confidence": (Image, SegmentedFrame.confidence_message),
    "camera_info": (CameraInfo, SegmentedFrame.camera_info_message),
    "color": (Image, SegmentedFrame.color_message),
    "overlay": (Image, SegmentedFrame.overlay_message),
    "label/compressed": (CompressedImage, SegmentedFrame.label_png_message),
    "overlay/compressed": (CompressedImage, SegmentedFrame.overlay_jpeg_message),
}
OUTPUT_TYPES = {topic: kind for topic, (kind, _) in _OUTPUTS.items()}
"""Message type of each output, by its topic under ``segmentation/``."""
FIRST = frozenset({"label"})
"""What a robot waits for: published as soon as it is there."""
NEED_CONFIDENCE = frozenset({"occupancy", "confidence"})
"""Outputs that contain the confidence."""


class CameraOutputs:
    """The publishers of one camera, at ``<prefix>/segmentation/...``.

    They are lifecycle publishers: the node's activation enables them.
    """

    def __init__(self, node: LifecycleNode, prefix: str) -> None:
        self._node = node
        base = f"{prefix}/segmentation" if prefix else "segmentation"
        # Reliable, so that subscribers of either kind match; a few frames deep, so that a slow one
        # costs neither frames nor much memory.
        qos = QoSProfile(depth=5)
        self._publishers: dict[str, LifecyclePublisher] = {
            topic: node.create_lifecycle_publisher(kind, f"{base}/{topic}", qos)
            for topic, (kind, _) in _OUTPUTS.items()
        }

    def demand(self) -> frozenset[str]:
        """The outputs that somebody subscribes to now."""
        return frozenset(
            topic
            for topic, publisher in self._publishers.items()
            if publisher.get_subscription_count() > 0
        )

    def publish(self, frame: SegmentedFrame, demand: frozenset[str], watch: Stopwatch) -> None:
        """Make and publish the messages in `demand`, counting the stages "post" and "publish"."""
        for topic, (_, make) in _OUTPUTS.items():
            if topic not in demand:
                continue
            with watch.stage("post"):
                message = make(frame)
            if message is not None:
                with watch.stage("publish"):
                    self._publishers[topic].publish(message)

    def destroy(self) -> None:
        """Take the topics off the network."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers.clear()
