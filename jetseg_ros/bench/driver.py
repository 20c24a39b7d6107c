"""Plays the camera and the consumer of a node, and times what comes back."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from jetseg_core.errors import JetSegError
from jetseg_ros.node.messages import to_image

WARM_UP = 3
"""Labels to wait for before the measurement."""
WINDOW = 2
"""Frames under way when as many as possible are to come back: one in work, one waiting."""
GAP_S = 0.005
"""Between the images that fill the window: of two at once, a subscription of depth 1 keeps the newer."""
LOST_S = 0.5
"""When nothing has come back for so long, the frames under way were lost; best effort may."""
PAUSES = 9
"""Of a measurement, for whoever wants to know what the machine can do meanwhile."""
START_TIMEOUT_S = 120.0
_STAMP, _STAMP_AT = struct.Struct("<iI"), 4
"""A message begins with four bytes on its encoding, then with its header, which begins with the stamp."""


@dataclass(frozen=True)
class Measurement:
    """What came back within the time of one measurement."""

    sent_hz: float
    labels_hz: float
    ages_ms: np.ndarray
    """From the publication of an image to the arrival of its label, of each."""

    def to_dict(self) -> dict[str, float | int | None]:
        """Plain data for JSON; None where nothing came back."""
        p50, p99 = np.percentile(self.ages_ms, (50, 99)) if self.ages_ms.size else (None, None)
        return {
            "sent_hz": round(self.sent_hz, 2),
            "labels_hz": round(self.labels_hz, 2),
            "labels": int(self.ages_ms.size),
            "p50_ms": None if p50 is None else round(float(p50), 2),
            "p99_ms": None if p99 is None else round(float(p99), 2),
        }


class Driver(Node):
    """Publishes to one node and subscribes to its label and further outputs, from one thread.

    Messages stay serialised on this side: a camera's driver is hardly ever in Python, and what that would cost would be
    taken from the node's cores.

    Args:
        context: initialised.
        namespace: of the node that is measured.
        outputs: further topics under ``segmentation/`` to subscribe to, and their types.
    """

    def __init__(self, context: Context, namespace: str, outputs: Mapping[str, type]) -> None:
        super().__init__("jetseg_bench", namespace=namespace, context=context)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self)
        self._images = self.create_publisher(Image, "image", QoSProfile(depth=2))
        self._sent: set[int] = set()
        """Stamps of the images under way, nanoseconds."""
        self._ages_s: list[float] = []
        self._last_s = 0.0
        qos = QoSProfile(depth=5)
        on_label: Callable[..., None] = (
            self._on_label
        )  # rclpy's annotation knows no second argument
        self.create_subscription(Image, "segmentation/label", on_label, qos, raw=True)
        for topic, kind in outputs.items():
            self.create_subscription(kind, f"segmentation/{topic}", lambda _: None, qos, raw=True)

    def measure(
        self,
        pixels: np.ndarray,
        rate_hz: float,
        seconds: float,
        check: Callable[[], None],
        pause: Callable[[], None] | None = None,
    ) -> Measurement:
        """Send images for a while.

        Args:
            pixels: (H, W, 3) uint8 RGB, sent again and again.
            rate_hz: images per second; 0 = the next as soon as a label comes back.
            seconds: duration of the measurement.
            check: raises when the node has ended.
            pause: called `PAUSES` times in between, while nothing is under way; its time does not count.

        Raises:
            JetSegError: the node does not answer.
        """
        image = serialize_message(to_image(pixels, Header(frame_id="camera")))
        self._warm_up(image, check)
        self._ages_s.clear()
        parts = PAUSES + 1 if pause else 1
        sent, elapsed_s = 0, 0.0
        for part in range(parts):
            if pause and part:
                pause()
            now_sent, now_s = self._send(image, rate_hz, seconds / parts)
            sent, elapsed_s = sent + now_sent, elapsed_s + now_s
        return Measurement(
            sent_hz=sent / elapsed_s,
            labels_hz=len(self._ages_s) / elapsed_s,
            ages_ms=1e3 * np.array(self._ages_s),
        )

    def _send(self, image: bytes, rate_hz: float, seconds: float) -> tuple[int, float]:
        """How many images were sent, and the seconds from the first of them to the last label."""
        self._sent.clear()
        sent, began = 0, time.perf_counter()
        due = self._last_s = began
        while (now := time.perf_counter()) < began + seconds:
            if rate_hz and now >= due:
                self._publish(image)
                sent += 1
                due = max(due + 1 / rate_hz, now - 1 / rate_hz)  # a camera does not catch up
            elif not rate_hz:
                if now > self._last_s + LOST_S:
                    self._sent.clear()
                    self._last_s = now
                if len(self._sent) < WINDOW:
                    self._publish(image)
                    sent += 1
                due = now + (GAP_S if len(self._sent) < WINDOW else LOST_S)
            self._executor.spin_once(max(0.0, due - time.perf_counter()))
        ended = time.perf_counter()
        while self._sent and time.perf_counter() < ended + LOST_S:
            self._executor.spin_once(LOST_S / 5)
        return sent, max(ended, self._last_s) - began

    def _warm_up(self, image: bytes, check: Callable[[], None]) -> None:
        self._ages_s.clear()
        deadline = time.monotonic() + START_TIMEOUT_S
        while len(self._ages_s) < WARM_UP:
            if time.monotonic() > deadline:
                raise JetSegError(
                    f"{self.get_namespace()}: no label came back within {START_TIMEOUT_S:g} s"
                )
            check()
            self._publish(image)
            self._executor.spin_once(0.1)
        # What is still under way must not count.
        quiet = time.monotonic() + LOST_S
        while time.monotonic() < quiet:
            self._executor.spin_once(LOST_S / 5)

    def _publish(self, image: bytes) -> None:
        now_ns = self.get_clock().now().nanoseconds
        stamp = _STAMP.pack(*divmod(now_ns, 10**9))
        self._sent.add(now_ns)
        rest = memoryview(image)[_STAMP_AT + _STAMP.size :]
        self._images.publish(b"".join((image[:_STAMP_AT], stamp, rest)))

    def _on_label(self, label: bytes, info: dict[str, int]) -> None:
        self._last_s = time.perf_counter()
        seconds, nanoseconds = _STAMP.unpack_from(label, _STAMP_AT)
        stamp = 10**9 * seconds + nanoseconds
        if stamp in self._sent:
            # When the middleware had it: this thread may have been publishing then, as no consumer's own would. One
            # that does not say gives 0.
            arrived = info["received_timestamp"] or self.get_clock().now().nanoseconds
            self._ages_s.append(1e-9 * (arrived - stamp))
        # Labels come in the order of their images: what is older was replaced or lost.
        self._sent = {sent for sent in self._sent if sent > stamp}
