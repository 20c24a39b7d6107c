"""Camera and consumer of a node under test, which measure the time from image to label."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
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
from jetseg_ros.node.command_line import initialise
from jetseg_ros.node.messages import to_image

WARM_UP = 3
"""Labels to receive before the measurement."""
WINDOW = 2
"""Frames under way if the rate is the highest possible: one in work, one waiting."""
GAP_S = 0.005
"""Pause between the images that fill the window: of two at once, a subscription of depth 1 keeps the newer."""
LOST_S = 0.5
"""After this time without a label, the frames under way count as lost; best effort may lose them."""
PAUSES = 9
"""Pauses within a measurement, in which the caller may measure the machine."""
START_TIMEOUT_S = 120.0
_STAMP, _STAMP_AT = struct.Struct("<iI"), 4
"""Position of the stamp in a serialised image: after four bytes of encoding, as the first field of the header."""


@dataclass(frozen=True)
class Measurement:
    """Labels received in one measurement."""

    sent_hz: float
    labels_hz: float
    ages_ms: np.ndarray
    """(labels,) milliseconds from the publication of an image to the arrival of its label."""

    def percentile_ms(self, percent: float) -> float | None:
        """Percentile of the ages, rounded; None without labels."""
        if not self.ages_ms.size:
            return None
        return round(float(np.percentile(self.ages_ms, percent)), 2)


@contextmanager
def open_driver(namespace: str, outputs: Mapping[str, type]) -> Iterator[Driver]:
    """Yield a driver with its own context, so that it can have a thread, and no subscription is left behind."""
    context = Context()
    initialise([], context)
    with ExitStack() as stack:
        stack.callback(context.try_shutdown)
        driver = Driver(context, namespace, outputs)
        stack.callback(driver.destroy_node)
        yield driver


class Driver(Node):
    """Publishes to one node and subscribes to its label and further outputs, from one thread.

    Messages stay serialised on this side: real camera drivers are hardly ever in Python, and conversion would take
    time from the node's cores.

    Args:
        context: initialised.
        namespace: of the node under test.
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
        on_label: Callable[..., None] = self._on_label  # rclpy's types lack the second argument
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
        """Send images for some seconds.

        Args:
            pixels: (H, W, 3) uint8 RGB, sent again and again.
            rate_hz: images per second; 0 = the next as soon as a label comes back.
            seconds: duration of the measurement.
            check: raises if the node has ended.
            pause: called `PAUSES` times in between, while no image is under way; its time does not count.

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
        """The number of images sent, and the seconds from the first of them to the last label."""
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
        # Images that are still under way must not count.
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
            # The time at which the middleware received it, since this thread may have been busy publishing. A
            # middleware without such times gives 0.
            arrived = info["received_timestamp"] or self.get_clock().now().nanoseconds
            self._ages_s.append(1e-9 * (arrived - stamp))
        # Labels come in the order of their images: older ones were replaced or lost.
        self._sent = {sent for sent in self._sent if sent > stamp}
