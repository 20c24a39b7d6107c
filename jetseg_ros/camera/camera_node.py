"""A camera without hardware: plays a folder, video, bag or the generated street, truly timed."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from jetseg_core.classes.class_file import CLASSES_HELP, find_classes
from jetseg_core.errors import JetSegError, one_line
from jetseg_core.sources import SOURCE_HELP, Frame, open_source
from jetseg_core.sources.pacing import Prefetch, paced
from jetseg_ros.node.command_line import node_parser
from jetseg_ros.node.messages import to_image
from jetseg_ros.node.parameter_mirror import Applies, ParameterMirror, parameter
from jetseg_ros.node.process import answer_every_request, run_node

DEFAULT_RATE_HZ = 10.0
"""Rate of sources without one of their own, such as folders."""
ACK_TIMEOUT_S = 0.5
"""Longest wait at the end for reliable subscribers of a topic to receive everything."""
WARNING_PERIOD_S = 5.0
TOPICS = ("image", "camera_info", "ground_truth")


@dataclass(frozen=True)
class CameraParameters:
    """Parameters of `CameraNode`, all read at start.

    Raises:
        JetSegError: a value is not one of its choices.
    """

    source: str = parameter(
        "generator", f"What to play: {SOURCE_HELP}.", name="source", applies=Applies.START
    )
    topic: str = parameter(
        "",
        "Image topic to play, where the source is a bag with several.",
        name="topic",
        applies=Applies.START,
    )
    classes: str = parameter(
        "camvid11",
        f"Classes whose ids `ground_truth` holds: {CLASSES_HELP}.",
        name="classes",
        applies=Applies.START,
    )
    rate: float = parameter(
        0.0,
        "Frames per second; 0 = the source's own timing, or 10 where it has none.",
        name="rate",
        applies=Applies.START,
        minimum=0.0,
        maximum=1000.0,
    )
    frames: int = parameter(
        0,
        "Stop after this many frames; 0 = at the end of the source.",
        name="frames",
        applies=Applies.START,
        minimum=0,
        maximum=2**31 - 1,
    )
    loop: bool = parameter(
        False,
        "True: start over at the end of the source. False: end the process there.",
        name="loop",
        applies=Applies.START,
    )
    read_ahead: int = parameter(
        16,
        "Frames to have ready before the first is published, and to keep ready; a source that is "
        "slower than the rate, as the generator may be, keeps it for that many frames.",
        name="read_ahead",
        applies=Applies.START,
        minimum=1,
        maximum=100_000,
    )
    frame_id: str = parameter(
        "camera", "frame_id of all messages.", name="frame_id", applies=Applies.START
    )
    stamps: str = parameter(
        "now",
        "'now': messages are stamped when they are published. 'source': with the source's own "
        "stamps.",
        name="stamps",
        applies=Applies.START,
    )
    wait_for_subscribers: tuple[str, ...] = parameter(
        ("",),
        f"Topics that must have a subscriber before the first frame is published, any of "
        f"{', '.join(TOPICS)}; one that is named twice must have two.",
        name="wait_for_subscribers",
        applies=Applies.START,
    )

    def __post_init__(self) -> None:
        if self.stamps not in ("now", "source"):
            raise JetSegError(f"stamps is '{self.stamps}'; expected 'now' or 'source'")
        unknown = sorted(set(self.wait_for_subscribers) - {"", *TOPICS})
        if unknown:
            raise JetSegError(
                f"wait_for_subscribers: unknown topic {', '.join(unknown)}; expected any of "
                f"{', '.join(TOPICS)}"
            )


class CameraNode(Node):
    """Publishes `image` (rgb8), `camera_info`, and `ground_truth` (mono8) where labels are known.

    Frames are due at fixed times of a steady clock, so that the rate does not drift. The process
    ends when the source does.

    Raises:
        JetSegError: a bad parameter, or a source that cannot be opened.
    """

    def __init__(self, node_name: str = "camera", **options: Any) -> None:
        super().__init__(node_name, **options)
        mirror = ParameterMirror(self, CameraParameters, configured=lambda: True)
        answer_every_request(self)
        mirror.check()
        self._settings = mirror.values
        classes = find_classes(self._settings.classes)
        self._source = open_source(self._settings.source, classes, self._settings.topic)
        # Reliable, so that subscribers of either kind match. Messages beside the images are small, and
        # kept long enough that a subscriber that counts frames by them loses none.
        self._topics: dict[str, Publisher] = {
            "image": self.create_publisher(Image, "image", QoSProfile(depth=2)),
            "camera_info": self.create_publisher(CameraInfo, "camera_info", QoSProfile(depth=50)),
            "ground_truth": self.create_publisher(Image, "ground_truth", QoSProfile(depth=10)),
        }
        self._error: Exception | None = None
        self._stopping = threading.Event()
        self._ended = self.create_guard_condition(self._end)
        self._player = threading.Thread(target=self._run, name="jetseg-camera", daemon=True)

    def start(self) -> bool:
        """Begin to publish, in a thread of its own."""
        self._player.start()
        return True

    def destroy_node(self) -> None:
        """Stop publishing before the middleware goes."""
        self._stopping.set()
        if self._player.is_alive():
            self._player.join()
        self._source.close()
        super().destroy_node()

    def _run(self) -> None:
        try:
            self._play()
        except Exception as error:
            self._error = error
        self._ended.trigger()

    def _end(self) -> None:
        """End the process, in the executor's thread; raise the player's error if there is one."""
        # An error after an interrupt only says that the middleware has gone.
        if self._error is not None and self.context.ok():
            raise self._error
        self.context.try_shutdown()

    def _has_subscribers(self) -> bool:
        wanted = Counter(topic for topic in self._settings.wait_for_subscribers if topic)
        return all(
            self._topics[topic].get_subscription_count() >= number
            for topic, number in wanted.items()
        )

    def _frames(self) -> Iterator[Frame]:
        rounds = itertools.count() if self._settings.loop else range(1)
        frames = itertools.chain.from_iterable(self._source for _ in rounds)
        return itertools.islice(frames, self._settings.frames or None)

    def _play(self) -> None:
        for warning in self._source.warnings:
            self.get_logger().warning(one_line(warning))
        rate_hz = self._settings.rate or self._source.rate_hz or DEFAULT_RATE_HZ
        count = unreadable = 0
        with closing(Prefetch(self._frames(), self._settings.read_ahead)) as frames:
            while not (frames.filled.is_set() and self._has_subscribers()):
                if self._stopping.wait(0.02):
                    return
            start = time.monotonic()
            for frame in paced(
                frames,
                self._stopping,
                period_s=1.0 / rate_hz,
                follow_stamps=not self._settings.rate,
            ):
                self._publish(frame)
                count += 1
                if self._source.unreadable > unreadable:
                    unreadable = self._source.unreadable
                    self.get_logger().warning(
                        f"{unreadable} frames could not be read and were left out, such as "
                        f"{one_line(self._source.warnings[-1])}",
                        throttle_duration_sec=WARNING_PERIOD_S,
                    )
        elapsed_s = time.monotonic() - start
        measured_hz = (count - 1) / elapsed_s if count > 1 else 0.0
        self.get_logger().info(f"published {count} frames at {measured_hz:.2f} frames/s")
        for publisher in self._topics.values():
            if self._stopping.is_set():
                break
            publisher.wait_for_all_acked(Duration(seconds=ACK_TIMEOUT_S))

    def _publish(self, frame: Frame) -> None:
        header = Header(frame_id=self._settings.frame_id)
        height, width = frame.image.shape[:2]
        messages: dict[str, Any] = {
            "image": to_image(frame.image, header),
            "camera_info": self._camera_info(header, height, width),
        }
        if frame.labels is not None:
            messages["ground_truth"] = to_image(frame.labels, header)
        if self._settings.stamps == "source" and frame.stamp_ns is not None:
            header.stamp = Time(nanoseconds=frame.stamp_ns).to_msg()
        else:
            header.stamp = self.get_clock().now().to_msg()  # last, right before publishing
        for topic, message in messages.items():
            self._topics[topic].publish(message)

    def _camera_info(self, header: Header, height: int, width: int) -> CameraInfo:
        """The calibration of a camera without distortion, or of one that is not calibrated."""
        info = CameraInfo(header=header, height=height, width=width)
        if (matrix := self._source.camera_matrix) is not None:
            # Five zeros, not an empty list: rectification by this model expects them.
            info.distortion_model, info.d = "plumb_bob", [0.0] * 5
            info.k, info.r = matrix.reshape(-1), np.eye(3).reshape(-1)
            info.p = np.column_stack([matrix, np.zeros(3)]).reshape(-1)
        return info


def main(args: list[str] | None = None) -> int:
    """Run the camera until its source ends or it is interrupted; returns the exit status."""
    parser = node_parser(
        "jetseg-camera",
        "A camera without hardware, as a ROS 2 node: publishes image and camera_info, and ground_truth where labels "
        "are known.",
        CameraParameters,
    )
    return run_node(CameraNode, CameraNode.start, args, parser)


if __name__ == "__main__":
    sys.exit(main())
