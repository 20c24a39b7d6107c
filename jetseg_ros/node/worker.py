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

from builtin_interfaces.msg import Time
from rclpy.clock import Clock
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from jetseg_core.recording.image_decoding import ImageError, decode_message
from jetseg_core.results.latency import LatencyStatistics, Stopwatch
from jetseg_core.runtime import Runtime
from jetseg_core.sources.frame_slots import FrameSlots
from jetseg_ros.node.camera_outputs import FIRST, NEED_CONFIDENCE, CameraOutputs
from jetseg_ros.node.parameters import SegmentationParameters
from jetseg_ros.node.segmented_frame import SegmentedFrame

TOTAL = "total"
"""The stage from the message's stamp to the publication of the last output."""

UNSTAMPED = Time()

OVERLAPPED_SHARE = 0.25
"""Other outputs that take longer than this share of the inference are made while the next frame is segmented. For what
takes less, two threads in each other's way cost more than they gain."""

InputMessage: TypeAlias = Image | CompressedImage


@dataclass(frozen=True)
class _Segmented:
    """A frame whose label is published, and what is left to do with it."""

    frame: SegmentedFrame
    rest: frozenset[str]
    """The other outputs that are asked for."""
    watch: Stopwatch


@dataclass
class Camera:
    """One camera as the worker sees it."""

    name: str
    outputs: CameraOutputs
    latency: LatencyStatistics = field(default_factory=LatencyStatistics)
    calibration: CameraInfo | None = None
    """The newest that came."""
    rest_s: float = 0.0
    """What making and publishing all outputs but the first took last time, seconds."""


class Worker:
    """Serves the cameras, from construction until `stop`.

    The label is published as soon as there is one. The other outputs of a frame follow, where they take long while the
    next frame is segmented.

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
        publishing: Future[None] | None = None
        with ThreadPoolExecutor(1, "jetseg-publisher") as publisher:
            while (taken := self._slots.take()) is not None:
                self._busy_since = time.monotonic()
                segmented = self._segment(*taken)
                if publishing is not None:  # frames are ended in order, and none waits for another
                    publishing.result()
                    publishing = None
                if segmented is not None and self._takes_long(taken[0], segmented):
                    publishing = publisher.submit(self._finish, *taken, segmented)
                elif segmented is not None:
                    self._finish(*taken, segmented)
                self._busy_since = None

    def _takes_long(self, index: int, segmented: _Segmented) -> bool:
        """Whether the other outputs are worth a thread of their own."""
        share = self._cameras[index].rest_s / segmented.watch.seconds["infer"]
        return bool(segmented.rest) and share > OVERLAPPED_SHARE

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
        """A frame with its label published; None if nobody asks for it, or it is too old or faulty, and has been
        counted."""
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
                    confidence=bool(demand & NEED_CONFIDENCE),
                    min_confidence=parameters.min_confidence,
                )
            frame = SegmentedFrame(
                header=message.header,
                image=image,
                found=found,
                classes=self._runtime.description.classes,
                regions=parameters.polygons,
                overlay_alpha=parameters.overlay_alpha,
                calibration=camera.calibration,
            )
            camera.outputs.publish(frame, demand & FIRST, watch)
            return _Segmented(frame, demand - FIRST, watch)
        return None

    def _finish(self, index: int, message: InputMessage, segmented: _Segmented) -> None:
        """Publish the other outputs, and count the frame."""
        with self._counting_faults(index):
            camera, watch = self._cameras[index], segmented.watch
            began = time.monotonic()
            camera.outputs.publish(segmented.frame, segmented.rest, watch)
            camera.rest_s = time.monotonic() - began
            for stage, seconds in watch.seconds.items():
                camera.latency.record(stage, seconds)
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
