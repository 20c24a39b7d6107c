"""A camera of this machine and the segmentation node in one process: no image goes through the middleware.

An example of composition. With another camera's library, pass its images to `take_image`.

    ros2 run jetseg one_process /dev/video0 --ros-args --params-file config/cpu.yaml
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rclpy.utilities import remove_ros_args
from std_msgs.msg import Header

from jetseg_core.errors import JetSegError
from jetseg_core.sources import SOURCE_HELP, open_source
from jetseg_core.sources.pacing import paced
from jetseg_ros.node.command_line import node_parser
from jetseg_ros.node.messages import to_image
from jetseg_ros.node.parameters import SegmentationParameters
from jetseg_ros.node.process import run_node
from jetseg_ros.node.segmentation_node import SegmentationNode

PERIOD_S = 0.1
"""Time between frames of a source without a rate of its own, seconds."""


class LocalCamera:
    """Pictures of a device of this machine as it delivers them, or of a file at its own pace.

    Args:
        device: a camera such as /dev/video0, or a source that `jetseg_core.sources` opens.

    Raises:
        JetSegError: it cannot be opened.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._source = None if Path(device).is_char_device() else open_source(device)
        self._capture = cv2.VideoCapture(device) if self._source is None else None
        if self._capture is not None and not self._capture.isOpened():
            raise JetSegError(
                f"{device}: no camera answers there; see that it is plugged in, that no other program has it open, and "
                "that you may read it (group video)"
            )

    def pictures(self, stop: threading.Event) -> Iterator[np.ndarray]:
        """(H, W, 3) uint8 RGB, one after another, until `stop` is set or there are no more.

        Raises:
            JetSegError: the device delivers no more, or a file cannot be read.
        """
        if self._source is not None:
            period_s = 1 / self._source.rate_hz if self._source.rate_hz else PERIOD_S
            for frame in paced(self._source, stop, period_s=period_s, follow_stamps=True):
                yield frame.image
        while self._capture is not None and not stop.is_set():
            got, picture = self._capture.read()
            if not got:
                raise JetSegError(f"{self._device}: the camera delivers no more; plug it in again")
            yield cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)

    def close(self) -> None:
        """Release the device."""
        if self._source is not None:
            self._source.close()
        if self._capture is not None:
            self._capture.release()


class OneProcessNode(SegmentationNode):
    """The segmentation node with a camera of its own, which runs from `autostart` until its last picture.

    Args:
        camera: closed with the node.
        frame_id: of all messages.
    """

    def __init__(self, camera: LocalCamera, frame_id: str = "camera", **options: Any) -> None:
        self._camera, self._frame_id = camera, frame_id
        self._stopping = threading.Event()
        self._reader = threading.Thread(target=self._read, name="jetseg-camera", daemon=True)
        super().__init__(**options)

    def autostart(self) -> bool:
        """Start the node, then the camera; returns False if the node did not start."""
        started = super().autostart()
        if started:
            self._reader.start()
        return started

    def destroy_node(self) -> None:
        """Stop the camera before the node."""
        self._stopping.set()
        if self._reader.is_alive():
            self._reader.join(1.0)
        self._camera.close()
        super().destroy_node()

    def _read(self) -> None:
        try:
            for picture in self._camera.pictures(self._stopping):
                header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._frame_id)
                self.take_image(to_image(picture, header))
        except Exception as error:
            if not self._stopping.is_set():
                self.get_logger().error(str(error))
        if not self._stopping.is_set():
            self.context.try_shutdown()  # ends the executor, and with it the process


def main(args: list[str] | None = None) -> int:
    """Run camera and node until the camera ends or they are interrupted; returns the exit status."""
    words = sys.argv[1:] if args is None else args
    parser = node_parser(
        "jetseg-one-process",
        "A camera of this machine and the segmentation node in one process, as a ROS 2 node.",
        SegmentationParameters,
    )
    parser.usage = "jetseg-one-process [-h] [--version] [--frame-id NAME] [DEVICE] [--ros-args ...]"
    parser.add_argument(
        "device", nargs="?", default="/dev/video0", metavar="DEVICE",
        help=f"a camera of this machine, or {SOURCE_HELP} (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--frame-id", default="camera", metavar="NAME", help="of all messages (default: camera)"
    )
    options, _ = parser.parse_known_args(remove_ros_args(words))

    def create() -> OneProcessNode:
        return OneProcessNode(LocalCamera(options.device), options.frame_id)

    return run_node(create, OneProcessNode.autostart, words, parser)


if __name__ == "__main__":
    sys.exit(main())
