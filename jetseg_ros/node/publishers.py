"""The publishers of the segmentation node: outputs of each camera, and latched messages about the model."""

from __future__ import annotations

from collections.abc import Sequence

from jetseg.msg import ModelInfo
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header

from jetseg_core.recording.message_fields import model_fields
from jetseg_core.results.latency import Stopwatch
from jetseg_core.results.outputs import OUTPUTS, Output
from jetseg_core.results.segmented_frame import SegmentedFrame
from jetseg_core.runtime import Runtime
from jetseg_ros.node.messages import message_class, to_message

OUTPUT_TYPES = {output.topic: message_class(output.message_type) for output in OUTPUTS.values()}
"""Message class of each output, by its topic under ``segmentation/``."""


class CameraOutputs:
    """The table `OUTPUTS` at ``<prefix>/segmentation/...``; the node's activation enables the publishers."""

    def __init__(self, node: LifecycleNode, prefix: str) -> None:
        self._node = node
        base = f"{prefix}/segmentation" if prefix else "segmentation"
        # Reliable, so that subscribers of either kind match; a few frames deep, so that a slow one
        # costs neither frames nor much memory.
        qos = QoSProfile(depth=5)
        self._publishers: dict[Output, LifecyclePublisher] = {
            output: node.create_lifecycle_publisher(
                message_class(output.message_type), f"{base}/{output.topic}", qos
            )
            for output in OUTPUTS.values()
        }

    def demand(self) -> list[Output]:
        """The outputs that have a subscriber now, in the order of publication."""
        return [
            output
            for output, publisher in self._publishers.items()
            if publisher.get_subscription_count() > 0
        ]

    def publish(
        self, frame: SegmentedFrame, header: Header, outputs: Sequence[Output], watch: Stopwatch
    ) -> None:
        """Make and publish these outputs, counting the stages "post" and "publish".

        Args:
            frame: the source of the outputs.
            header: header of the input image, which every output carries unchanged.
            outputs: some of those in `demand`.
            watch: of the frame.
        """
        for output in outputs:
            with watch.stage("post"):
                fields = output.fields(frame)
                if fields is None:
                    if output.hint:
                        name = self._publishers[output].topic_name
                        self._node.get_logger().warning(
                            f"{name} has a subscriber and nothing is sent: {output.hint}", once=True
                        )
                    continue
                message = to_message(message_class(output.message_type), fields, header)
            with watch.stage("publish"):
                self._publishers[output].publish(message)

    def destroy(self) -> None:
        """Take the topics off the network."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers.clear()


class ModelOutputs:
    """ModelInfo and, where vision_msgs is installed, its LabelInfo: latched, for subscribers that come late.

    Args:
        node: its activation enables the publishers.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._threshold: float | None = None
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._model_info = node.create_lifecycle_publisher(
            ModelInfo, "segmentation/model_info", latched
        )
        try:
            self._label_class = message_class("vision_msgs/msg/LabelInfo")
        except (ImportError, AttributeError):  # absent, or older than this message
            self._label_info = None
        else:
            self._label_info = node.create_lifecycle_publisher(
                self._label_class, "segmentation/label_info", latched
            )

    def publish(self, runtime: Runtime, min_confidence: float) -> None:
        """Send both messages.

        Args:
            runtime: the model in use.
            min_confidence: softmax maximum below which a pixel is unlabelled, 0..1.
        """
        self._model_info.publish(to_message(ModelInfo, model_fields(runtime), self._header()))
        self._threshold = None
        self.update_threshold(runtime, min_confidence)

    def update_threshold(self, runtime: Runtime, min_confidence: float) -> None:
        """Send LabelInfo, which contains the threshold, if that differs from the one sent last."""
        if self._label_info is None or self._threshold == min_confidence:
            return
        names = enumerate(runtime.description.classes.names)
        fields = {
            "class_map": [{"class_id": number, "class_name": name} for number, name in names],
            "threshold": min_confidence,
        }
        self._label_info.publish(to_message(self._label_class, fields, self._header()))
        self._threshold = min_confidence

    def _header(self) -> Header:
        return Header(stamp=self._node.get_clock().now().to_msg())
