"""The least that a node can do with an image: the floor that ours is measured against."""

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

    def __init__(self, node_name: str = "bare", **options: Any) -> None:
        super().__init__(node_name, **options)
        self._black: array.array[int] = array.array("B")
        self._answers = self.create_publisher(Image, "segmentation/label", QoSProfile(depth=5))
        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.create_subscription(Image, "image", self._on_image, qos)

    def _on_image(self, image: Image) -> None:
        pixels = image.height * image.width
        if len(self._black) != pixels:
            self._black = array.array("B", bytes(pixels))
        self._answers.publish(
            Image(
                header=image.header,
                height=image.height,
                width=image.width,
                encoding="mono8",
                step=image.width,
                data=self._black,
            )
        )


def main(args: list[str] | None = None) -> int:
    """Run the node until it is interrupted; returns the exit status."""
    return run_node(BareNode, lambda _: True, args)


if __name__ == "__main__":
    sys.exit(main())
