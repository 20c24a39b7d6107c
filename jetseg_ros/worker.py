"""The threads that take the newest frames, segment them and publish what was seen."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from jetseg_core.runtime import Runtime, Segmentation
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

OVERLAPPED_SHARE = 0.25
"""Publishing that takes longer than this share of the inference goes on during the next one. What takes less gains
nothing by that, and two threads in each other's way make results under overload older."""

InputMessage: TypeAlias = Image | CompressedImage


@dataclass(frozen=True)
class _Segmented:
    """What is to be published of a frame."""

    image: np.ndarray
    found: Segmentation
    demand: frozenset[str]
    parameters: SegmentationParameters
    """As they were when it was segmented."""
    watch: Stopwatch


@dataclass
class Camera:
    """One camera as the worker sees it."""

    name: str
    outputs: CameraOutputs
    latency: LatencyStatistics = field(default_factory=LatencyStatistics)
    calibration: CameraInfo | None = None
    """The newest that came."""
    publishing_s: float = 0.0
    """What making and publishing its outputs took last time, seconds."""


class Worker:
    """Serves the cameras, from construction until `stop`. While the results of one frame are published, the next is
    segmented, where that takes long.

    A frame that cannot be served is counted with its reason and logged at most once a second; the
    next one is served as if nothing had happened.

    Args:
        runtime: used by one thread of this worker alone while it runs.
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
        """End after the frames in work; False if that takes longer than the time-out."""
        self._stopping = True
        self._slots.close()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        published: Future[None] | None = None
        with ThreadPoolExecutor(1, "jetseg-publisher") as publisher:
            while (taken := self._slots.take()) is not None:
                self._busy_since = time.monotonic()
                segmented = self._segment(*taken)
                # In order, and none waits: a result that is published later is older.
                if published is not None:
                    published.result()
                    published = None
                if segmented is not None and self._takes_long(taken[0], segmented):
                    published = publisher.submit(self._publish, *taken, segmented)
                elif segmented is not None:
                    self._publish(*taken, segmented)
                self._busy_since = None

    def _takes_long(self, index: int, segmented: _Segmented) -> bool:
        """Whether it is worth a second thread's getting into the first one's way to publish meanwhile."""
        return (
            self._cameras[index].publishing_s > OVERLAPPED_SHARE * segmented.watch.seconds["infer"]
        )

    @contextmanager
    def _counting_faults(self, index: int) -> Iterator[None]:
        """Whatever a backend or the middleware raises: one frame must not end the service."""
        try:
            yield
        except ImageError as error:
            self._fail(index, error.fault.value, error)
        except Exception as error:
            self._fail(index, f"{type(error).__name__} while segmenting", error)

    def _segment(self, index: int, message: InputMessage) -> _Segmented | None:
        """What was seen in a frame; None if nobody asks for it, or it is too old or faulty, and has been counted."""
        with self._counting_faults(index):
            camera, parameters = self._cameras[index], self._parameters()
            if self._age_s(message) * 1e3 > (parameters.max_age_ms or math.inf):
                self._slots.stale(index)
                return None
            watch = Stopwatch()
            with watch.stage("decode"):
                image = decode_message(message)
            demand = camera.outputs.demand()
            if not demand:
                self._slots.processed(index)
                return None
            with watch.stage("infer"):
                found = self._runtime.segment(
                    image,
                    size="network" if parameters.output_size == "network" else None,
                    confidence=bool(demand & NEED_CONFIDENCE) or parameters.min_confidence > 0,
                )
            return _Segmented(image, found, demand, parameters, watch)
        return None

    def _publish(self, index: int, message: InputMessage, segmented: _Segmented) -> None:
        with self._counting_faults(index):
            camera, parameters = self._cameras[index], segmented.parameters
            found, watch = segmented.found, segmented.watch
            with watch.stage("post"):
                drop_uncertain(found, parameters.min_confidence)
            frame = SegmentedFrame(
                header=message.header,
                image=segmented.image,
                labels=found.labels,
                confidence=found.confidence,
                view=found.view,
                classes=self._runtime.description.classes,
                regions=parameters.polygons,
                overlay_alpha=parameters.overlay_alpha,
                calibration=camera.calibration,
            )
            camera.outputs.publish(frame, segmented.demand, watch)
            for stage, seconds in watch.seconds.items():
                camera.latency.record(stage, seconds)
            camera.publishing_s = watch.seconds["post"] + watch.seconds.get("publish", 0.0)
            age_s = self._age_s(message)
            # The age of a frame that is ahead of the clock, as after a jump of it, says nothing.
            if message.header.stamp != UNSTAMPED and age_s >= 0:
                camera.latency.record(TOTAL, age_s)
            self._slots.processed(index)

    def _fail(self, index: int, reason: str, error: Exception) -> None:
        self._slots.failed(index, reason)
        if not self._stopping and self._is_up():
            name = self._cameras[index].name or "camera"
            self._logger.warning(f"{name}: {reason}: {error}", throttle_duration_sec=1.0)

    def _age_s(self, message: InputMessage) -> float:
        # In plain numbers: rclpy.time.Time refuses negative stamps, which a broken driver may send.
        stamp = message.header.stamp
        return 1e-9 * (self._clock.now().nanoseconds - stamp.sec * 10**9 - stamp.nanosec)
