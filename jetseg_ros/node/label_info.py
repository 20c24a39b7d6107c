"""The class names in the form of vision_msgs, latched, for whoever knows that package."""

from __future__ import annotations

from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header

from jetseg_core.classes import ClassSet


class LabelInfoOutput:
    """Publishes vision_msgs/LabelInfo where that package is installed, else does nothing.

    Its `threshold` is the confidence below which pixels are unlabelled, so the message is sent again
    when that has changed.

    Args:
        node: its activation enables the publisher.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._publisher: LifecyclePublisher | None = None
        self._sent: tuple[ClassSet, float] | None = None
        try:
            from vision_msgs.msg import LabelInfo
        except ImportError:  # absent, or from before it had this message
            return
        self._publisher = node.create_lifecycle_publisher(
            LabelInfo,
            "segmentation/label_info",
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
        )

    def reset(self) -> None:
        """Forget what was sent: the next `publish` sends in any case."""
        self._sent = None

    def publish(self, classes: ClassSet, min_confidence: float) -> None:
        """Send the classes if they or the threshold differ from what was sent last.

        Args:
            classes: of the model in use.
            min_confidence: 0..1, softmax maximum below which a pixel is unlabelled.
        """
        if self._publisher is None or self._sent == (classes, min_confidence):
            return
        self._publisher.publish(self._message(classes, min_confidence))
        self._sent = (classes, min_confidence)

    def _message(self, classes: ClassSet, min_confidence: float) -> Any:
        from vision_msgs.msg import LabelInfo, VisionClass

        return LabelInfo(
            header=Header(stamp=self._node.get_clock().now().to_msg()),
            class_map=[
                VisionClass(class_id=number, class_name=name)
                for number, name in enumerate(classes.names)
            ],
            threshold=min_confidence,
        )
