"""The least that a node can do with an image, as the baseline of the benchmark."""

from __future__ import annotations

import array
import sys
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from jetseg_ros.node.process import run_node


class BareNode(Node):
    """Answers every `image` with a black mono8 image of its size and header, on `segmentation/label`."""

    def __init__(self, **options: Any) -> None:
        super().__init__("bare", **options)
        self._black: array.array[int] = array.array("B")
        self._answers = self.create_publisher(Image, "segmentation/label", QoSProfile(depth=5))
        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.create_subscription(Image, "image", self._on_image, qos)

    def _on_image(self, image: Image) -> None:
        height, width = image.height, image.width
        if len(self._black) != height * width:
            self._black = array.array("B", bytes(height * width))
        label = Image(header=image.header, height=height, width=width, encoding="mono8", step=width)
        label.data = self._black
        self._answers.publish(label)


if __name__ == "__main__":
    sys.exit(run_node(BareNode, lambda _: True))
