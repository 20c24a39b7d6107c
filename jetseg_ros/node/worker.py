"""The worker: takes the newest frame of each camera, segments it and publishes the outputs."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CameraInfo

from jetseg_core.recording.image_decoding import ImageError, explain_dark_message
from jetseg_core.results.camera_info import calibrated_size, fits
from jetseg_core.results.latency import LatencyStatistics, Stopwatch
from jetseg_core.results.outputs import Output
from jetseg_core.results.segmented_frame import SegmentedFrame
from jetseg_core.runtime import Runtime
from jetseg_ros.node.frame_slots import FrameSlots, InputMessage
from jetseg_ros.node.image_input import picture_of
from jetseg_ros.node.parameters import SegmentationParameters
from jetseg_ros.node.publishers import CameraOutputs

TOTAL = "total"
"""The stage from the message's stamp to the publication of the last output."""

UNSTAMPED = Time()

OVERLAPPED_SHARE = 0.25
"""Other outputs that take longer than this share of the inference are made while the next frame is segmented. For
shorter ones, two competing threads cost more than they gain."""


@dataclass(frozen=True)
class _Segmented:
    """A frame whose first outputs are published."""

    frame: SegmentedFrame
    rest: list[Output]
    """The other outputs that have a subscriber."""
    watch: Stopwatch


@dataclass
class CameraState:
    """Outputs, calibration and timing of one camera."""

    name: str
    outputs: CameraOutputs
    latency: LatencyStatistics = field(default_factory=LatencyStatistics)
    calibration: CameraInfo | None = None
    """The newest one received."""
    dark: bool = False
    """Its images are nearly black, and that was logged."""
    stale_age_s: float = 0.0
    """Age of the frame that was dropped last for its age, by the node's clock, seconds."""
    rest_s: float = 0.0
    """Time that making and publishing the other outputs of the last frame took, seconds."""


class Worker:
    """Serves the cameras, from construction until `stop`.

    The outputs marked `first` are published at once. The other outputs of a frame follow; if they take long, the next
    frame is segmented meanwhile.

    A frame that cannot be served is counted with its reason and logged at most once a second; the next one is served
    as usual.

    Args:
        runtime: used by one thread of this worker alone while it runs.
        slots: one per camera, in the order of `cameras`.
        parameters: asked once per frame, so that a change applies to the next one.
        clock: the clock that stamps are in.
        is_up: returns True while the middleware runs; an interrupt may end it during a frame.
    """

    def __init__(
        self,
        runtime: Runtime,
        slots: FrameSlots[InputMessage],
        cameras: Sequence[CameraState],
        parameters: Callable[[], SegmentationParameters],
        clock: Clock,
        logger: RcutilsLogger,
        is_up: Callable[[], bool],
    ) -> None:
        self._runtime = runtime
        self._slots = slots
        self._cameras = cameras
        self._parameters = parameters
        self._clock = clock
        self._logger = logger
        self._is_up = is_up
        self._busy_since: float | None = None
        self._stopping = False
        slots.open()
        self._thread = threading.Thread(target=self._run, name="jetseg-worker", daemon=True)
        self._thread.start()

    @property
    def busy_s(self) -> float:
        """Time spent on the frame in work so far, seconds; 0 if there is none."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def stop(self, timeout_s: float) -> bool:
        """End after the frames in work; returns False if that takes longer than the time-out."""
        self._stopping = True
        self._slots.close()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        publishing: Future[None] | None = None
        with ThreadPoolExecutor(1, "jetseg-publisher") as publisher:
            while (taken := self._slots.take()) is not None:
                self._busy_since = time.monotonic()
                segmented = self._segment(*taken)
                if publishing is not None:  # frames are ended in order
                    publishing.result()
                    publishing = None
                if segmented is not None and self._takes_long(taken[0], segmented):
                    publishing = publisher.submit(self._finish, *taken, segmented)
                elif segmented is not None:
                    self._finish(*taken, segmented)
                self._busy_since = None

    def _takes_long(self, index: int, segmented: _Segmented) -> bool:
        """True if the other outputs are worth a thread of their own."""
        share = self._cameras[index].rest_s / segmented.watch.seconds["infer"]
        return bool(segmented.rest) and share > OVERLAPPED_SHARE

    @contextmanager
    def _counting_faults(self, index: int) -> Iterator[None]:
        """Count any exception of a backend or the middleware as a failed frame: the service goes on."""
        try:
            yield
        except ImageError as error:
            self._fail(index, error.fault.value, error)
        except Exception as error:
            self._fail(index, f"{type(error).__name__} while segmenting", error)

    def _segment(self, index: int, message: InputMessage) -> _Segmented | None:
        """Segment a frame and publish its first outputs.

        Returns:
            None, after counting the frame, if it has no subscriber, is too old or faulty.
        """
        with self._counting_faults(index):
            camera, parameters = self._cameras[index], self._parameters()
            age_s = self._age_s(message)
            if age_s is not None and age_s * 1e3 > (parameters.max_age_ms or math.inf):
                camera.stale_age_s = age_s
                self._slots.stale(index)
                return None
            demand = camera.outputs.demand()
            if not demand:
                self._slots.pass_over(index)
                return None
            watch = Stopwatch()
            with watch.stage("decode"):
                image = picture_of(message, parameters.mono16_bits, parameters.max_pixels)
            self._check_brightness(camera, message, image, parameters.mono16_bits)
            with watch.stage("infer"):
                found = self._runtime.segment(
                    image,
                    size="network" if parameters.output_size == "network" else None,
                    confidence=any(output.needs_confidence for output in demand),
                    min_confidence=parameters.min_confidence,
                )
            frame = SegmentedFrame(
                image=image,
                found=found,
                classes=self._runtime.description.classes,
                regions=parameters.polygons,
                overlay_alpha=parameters.overlay_alpha,
                mask_classes=parameters.masked,
                mask_value=parameters.mask_value,
                autoware_classes=parameters.autoware_classes,
                calibration=self._calibration(camera, (image.shape[0], image.shape[1])),
            )
            first = [output for output in demand if output.first]
            camera.outputs.publish(frame, message.header, first, watch)
            return _Segmented(frame, [output for output in demand if not output.first], watch)
        return None

    def _finish(self, index: int, message: InputMessage, segmented: _Segmented) -> None:
        """Publish the other outputs, and count the frame."""
        with self._counting_faults(index):
            camera, watch = self._cameras[index], segmented.watch
            began = time.monotonic()
            camera.outputs.publish(segmented.frame, message.header, segmented.rest, watch)
            camera.rest_s = time.monotonic() - began
            for stage, seconds in watch.seconds.items():
                camera.latency.record(stage, seconds)
            age_s = self._age_s(message)
            # A frame ahead of the clock, as after a jump of it, has no meaningful age.
            if age_s is not None and age_s >= 0:
                camera.latency.record(TOTAL, age_s)
            self._slots.processed(index)

    def _fail(self, index: int, reason: str, error: Exception) -> None:
        self._slots.failed(index, reason)
        if not self._stopping and self._is_up():
            name = self._cameras[index].name or "camera"
            self._logger.warning(f"{name}: {reason}: {error}", throttle_duration_sec=1.0)

    def _check_brightness(
        self, camera: CameraState, message: InputMessage, image: np.ndarray, bits: int
    ) -> None:
        """Warn, once for each camera, of 16-bit images that are nearly black."""
        if camera.dark:
            return
        if reason := explain_dark_message(message, image, bits, "input.mono16_bits"):
            camera.dark = True
            self._logger.warning(f"{camera.name or 'camera'}: {reason}")

    def _calibration(self, camera: CameraState, size: tuple[int, int]) -> CameraInfo | None:
        """The camera's calibration, or None, with a warning, if it is of another camera or mode."""
        info = camera.calibration
        if info is None or fits(info, size):
            return info
        height, width = calibrated_size(info)
        self._logger.warning(
            f"{camera.name or 'camera'}: camera_info is for {width}x{height} and the image is "
            f"{size[1]}x{size[0]}, of another aspect ratio; segmentation/camera_info is withheld: publish the "
            "calibration of this image size",
            throttle_duration_sec=10.0,
        )
        return None

    def _age_s(self, message: InputMessage) -> float | None:
        """Age of a message by the node's clock, seconds; None if it has no stamp."""
        if message.header.stamp == UNSTAMPED:
            return None
        # In plain numbers: rclpy.time.Time refuses negative stamps, which a broken driver may send.
        stamp = message.header.stamp
        return 1e-9 * (self._clock.now().nanoseconds - stamp.sec * 10**9 - stamp.nanosec)
