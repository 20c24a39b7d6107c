"""The thread that takes the newest frames and segments them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from builtin_interfaces.msg import Time
from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from jetseg_core.runtime import Runtime
from jetseg_ros.camera_outputs import NEED_CONFIDENCE, CameraOutputs
from jetseg_ros.frame_slots import FrameSlots
from jetseg_ros.image_decoding import ImageError, decode_message
from jetseg_ros.latency import LatencyStatistics, Stopwatch
from jetseg_ros.parameters import SegmentationParameters
from jetseg_ros.segmented_frame import SegmentedFrame
from jetseg_ros.segmented_image import drop_uncertain

TOTAL = "total"
"""The stage from the message's stamp to the publication of the last output."""

UNSTAMPED = Time()

InputMessage: TypeAlias = Image | CompressedImage


@dataclass
class Camera:
    """One camera as the worker sees it."""

    name: str
    outputs: CameraOutputs
    latency: LatencyStatistics = field(default_factory=LatencyStatistics)
    calibration: CameraInfo | None = None
    """The newest that came."""


class Worker:
    """Serves the cameras one frame at a time, from construction until `stop`.

    A frame that cannot be served is counted with its reason and logged at most once a second; the
    next one is served as if nothing had happened.

    Args:
        runtime: used by this thread alone while it runs.
        slots: one per camera, in the order of `cameras`.
        parameters: asked once per frame, so that a change applies to the next one.
        clock: the clock that stamps are in.
        is_up: whether the middleware is there; an interrupt takes it away under the frame in work.
    """

    def __init__(
        self,
        runtime: Runtime,
        slots: FrameSlots[InputMessage],
        cameras: Sequence[Camera],
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
        """How long the frame in work has been in work, seconds; 0 when none is."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def stop(self, timeout_s: float) -> bool:
        """End after the frame in work; False if that takes longer than the time-out."""
        self._stopping = True
        self._slots.close()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (taken := self._slots.take()) is not None:
            self._busy_since = time.monotonic()
            self._serve(*taken)
            self._busy_since = None

    def _serve(self, index: int, message: InputMessage) -> None:
        camera, parameters = self._cameras[index], self._parameters()
        if self._age_s(message) * 1e3 > (parameters.max_age_ms or math.inf):
            self._slots.stale(index)
            return
        try:
            self._segment(camera, message, parameters)
        except ImageError as error:
            self._fail(index, error.fault.value, error)
        except Exception as error:
            # Whatever a backend or the middleware raises: one frame must not end the service.
            self._fail(index, f"{type(error).__name__} while segmenting", error)
        else:
            self._slots.processed(index)

    def _segment(
        self, camera: Camera, message: InputMessage, parameters: SegmentationParameters
    ) -> None:
        watch = Stopwatch()
        with watch.stage("decode"):
            image = decode_message(message)
        demand = camera.outputs.demand()
        if not demand:
            return
        with watch.stage("infer"):
            found = self._runtime.segment(
                image,
                size="network" if parameters.output_size == "network" else None,
                confidence=bool(demand & NEED_CONFIDENCE) or parameters.min_confidence > 0,
            )
        with watch.stage("post"):
            drop_uncertain(found, parameters.min_confidence)
        frame = SegmentedFrame(
            header=message.header,
            image=image,
            labels=found.labels,
            confidence=found.confidence,
            view=found.view,
            classes=self._runtime.description.classes,
            regions=parameters.polygons,
            overlay_alpha=parameters.overlay_alpha,
            calibration=camera.calibration,
        )
        camera.outputs.publish(frame, demand, watch)
        for stage, seconds in watch.seconds.items():
            camera.latency.record(stage, seconds)
        age_s = self._age_s(message)
        # The age of a frame that is ahead of the clock, as after a jump of it, says nothing.
        if message.header.stamp != UNSTAMPED and age_s >= 0:
            camera.latency.record(TOTAL, age_s)

    def _fail(self, index: int, reason: str, error: Exception) -> None:
        self._slots.failed(index, reason)
        if not self._stopping and self._is_up():
            name = self._cameras[index].name or "camera"
            self._logger.warning(f"{name}: {reason}: {error}", throttle_duration_sec=1.0)

    def _age_s(self, message: InputMessage) -> float:
        # In plain numbers: rclpy.time.Time refuses negative stamps, which a broken driver may send.
        stamp = message.header.stamp
        return 1e-9 * (self._clock.now().nanoseconds - stamp.sec * 10**9 - stamp.nanosec)
