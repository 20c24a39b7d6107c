"""The work of a replay: frames are read, segmented, measured and written, at the same time and in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np

from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.recording.image_decoding import decode_compressed
from jetseg_core.recording.message_types import read_message
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.run import output_bag
from jetseg_core.replay.run.frame_log import Flicker, FrameLog, FrameRow, read_rows
from jetseg_core.replay.run.frame_reader import FrameReader, ReplayFrame
from jetseg_core.replay.run.output_bag import OutputBag, topic_of
from jetseg_core.replay.run.overlay_video import OverlayVideo
from jetseg_core.replay.run.progress import Watch
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.replay.run.truth import TruthReader
from jetseg_core.results.segmented_frame import SegmentedFrame
from jetseg_core.runtime import Runtime, Segmentation

PART_FRAMES = 1000
"""Frames between two safe states; a kill loses the work since the last one."""
BESIDES = 2
"""Frames in the pipeline beside those in inference: one that is read, one that is written."""

T = TypeVar("T")
R = TypeVar("R")


class Pipeline(Generic[T, R]):
    """Items through inference and writing, which have threads of their own; the order is kept.

    Args:
        infer: called with each item, in one of `at_once` threads.
        write: called with each item and its inference, in another thread, in order.
        at_once: number of items in inference at the same time.
    """

    def __init__(
        self, infer: Callable[[T], R], write: Callable[[T, R], None], at_once: int = 1
    ) -> None:
        self._infer, self._write = infer, write
        self._ahead = at_once + BESIDES
        self._inferring = ThreadPoolExecutor(at_once, "jetseg-infer")
        self._writing = ThreadPoolExecutor(1, "jetseg-write")
        self._pending: deque[Future[None]] = deque()
        self._broken = False

    def put(self, item: T) -> None:
        """Start an item as soon as there is room; raise the error of an earlier one."""
        while len(self._pending) >= self._ahead:
            self._pending.popleft().result()
        inferred = self._inferring.submit(self._infer, item)
        self._pending.append(self._writing.submit(self._write_next, item, inferred))

    def drain(self) -> None:
        """Wait until all items are written; raise the error of one that failed."""
        while self._pending:
            self._pending.popleft().result()

    def close(self) -> None:
        """Wait for the item that is being written, and drop the others."""
        self._broken = True
        self._writing.shutdown(cancel_futures=True)
        self._inferring.shutdown(cancel_futures=True)

    def _write_next(self, item: T, inferred: Future[R]) -> None:
        if self._broken:  # nothing may be written after an item that failed
            return
        self._broken = True
        self._write(item, inferred.result())
        self._broken = False


@dataclass(frozen=True)
class _Inferred:
    found: Segmentation
    infer_ms: float


class Job:
    """The state of one replay.

    The calling thread reads frames; other threads segment them, up to the runtime's number of streams at once; a last
    thread measures and writes, which takes a good part of the time of inference.
    """

    def __init__(
        self,
        settings: ReplaySettings,
        runtime: Runtime,
        reader: FrameReader,
        truth: TruthReader,
        bag: OutputBag,
        log: FrameLog,
        videos: Sequence[OverlayVideo],
    ) -> None:
        self._settings, self._runtime, self._reader, self._truth = settings, runtime, reader, truth
        self._bag, self._log, self._videos = bag, log, videos
        self._flicker = [Flicker() for _ in reader.cameras]
        self._labelled = 0
        self._done = bag.rows
        """Frames that are logged and written, those of earlier runs included."""
        self.warnings: list[str] = []

    def run(self, watch: Watch) -> bool:
        """Replay the frames that are left; returns False if it was stopped before the last one."""
        total = sum(camera.messages for camera in self._reader.cameras)
        sent = self._done
        complete = True
        # The first inference also prepares the backend, which must not count as a frame's time.
        self._runtime.segment(np.zeros((64, 64, 3), np.uint8), confidence=True)
        pipeline = Pipeline(self._infer, self._write, at_once=self._runtime.streams)
        with watch:
            watch.show(sent, total)
            last = self._last_of_each_camera()
            frames = self._reader.frames(self._done, also=last)
            for frame in islice(frames, len(last)):
                self._compare_with_next(frame)
            if self._done:
                self._replay_videos()
            try:
                for frame in frames:
                    pipeline.put(frame)
                    sent += 1
                    watch.show(sent, total)
                    if sent % PART_FRAMES == 0:
                        pipeline.drain()
                        self._end_part()
                    if watch.stopping:
                        complete = False
                        break
                pipeline.drain()
                watch.show(self._done, total)
            finally:
                pipeline.close()
                self._end_part()
        if self._reader.labels and self._done and not self._labelled:
            self.warnings.append("no label image belongs to any frame, so there is no accuracy")
        tally = self._truth.files.tally
        remarks = ([tally.fault] if tally.fault else tally.warnings()) if tally.pixels else []
        self.warnings.extend(f"ground truth: {remark}" for remark in remarks)
        return complete

    def _end_part(self) -> None:
        self._log.flush()  # first: the bag records how many of its lines count
        self._bag.end_part(self._done)

    def _last_of_each_camera(self) -> set[int]:
        """Numbers of the last frames of an earlier run that were segmented, one for each camera."""
        if not self._done:
            return set()
        last: dict[int, int] = {}
        for number, row in enumerate(self._earlier_rows()):
            self._labelled += row.confusion is not None
            if not row.fault:
                last[row.camera] = number
        return set(last.values())

    def _earlier_rows(self) -> Iterator[FrameRow]:
        classes = len(self._runtime.description.classes)
        cameras, regions = len(self._reader.cameras), len(self._settings.polygons)
        return read_rows(self._settings.out, cameras, classes, regions)

    def _compare_with_next(self, frame: ReplayFrame) -> None:
        """Segment a frame of the earlier run again, for the flicker of the next one."""
        inferred = self._infer(frame)
        if inferred is None:  # it has changed since
            return
        found = self._segmented(frame, inferred)
        self._flicker[frame.camera].update(found.labels, found.occupancy[0].pixel_counts)

    def _replay_videos(self) -> None:
        """Write the overlays in the earlier run's bag again, since a finished video cannot be appended to."""
        with Recording(self._settings.out / output_bag.FOLDER) as earlier:
            for camera, video in zip(self._reader.cameras, self._videos, strict=True):
                for recorded in earlier.messages([topic_of(camera.prefix, output_bag.OVERLAY)]):
                    video.add(decode_compressed(read_message(recorded)))

    def _infer(self, frame: ReplayFrame) -> _Inferred | None:
        if frame.image is None:
            return None
        began = perf_counter()
        found = self._runtime.segment(
            frame.image, confidence=True, min_confidence=self._settings.min_confidence
        )
        return _Inferred(found, 1e3 * (perf_counter() - began))

    def _segmented(self, frame: ReplayFrame, inferred: _Inferred) -> SegmentedFrame:
        assert frame.image is not None
        return SegmentedFrame(
            image=frame.image,
            found=inferred.found,
            classes=self._runtime.description.classes,
            regions=self._settings.polygons,
            overlay_alpha=self._settings.overlay_alpha,
            mask_classes=self._settings.mask_classes,
        )

    def _write(self, frame: ReplayFrame, inferred: _Inferred | None) -> None:
        if inferred is None:
            row = FrameRow(frame.camera, frame.recorded_ns, frame.stamp_ns, fault=frame.fault)
        else:
            row = self._record(frame, inferred)
        self._log.append(row)
        self._done += 1

    def _record(self, frame: ReplayFrame, inferred: _Inferred) -> FrameRow:
        began = perf_counter()
        found = self._segmented(frame, inferred)
        _ = found.occupancy, found.overlay
        post_ms = 1e3 * (perf_counter() - began)
        truth = self._truth.read(frame.label, found.image.shape[:2])
        confusion = None
        if truth is not None:
            matrix = ConfusionMatrix(len(found.classes))
            matrix.update(found.labels, truth)
            confusion = matrix.counts.tolist()
            self._labelled += 1
        camera = self._reader.cameras[frame.camera]
        self._bag.write(camera, frame.recorded_ns, frame.header, found, truth)
        self._videos[frame.camera].add(found.overlay)
        whole, *regions = found.occupancy
        flicker = self._flicker[frame.camera].update(found.labels, whole.pixel_counts)
        was, changed = flicker or (None, None)
        return FrameRow(
            camera=frame.camera,
            recorded_ns=frame.recorded_ns,
            stamp_ns=frame.stamp_ns,
            decode_ms=round(frame.decode_ms, 3),
            infer_ms=round(inferred.infer_ms, 3),
            post_ms=round(post_ms, 3),
            total_pixels=whole.total_pixels,
            pixel_counts=whole.pixel_counts.tolist(),
            confidence_sums=whole.confidence_sums.tolist(),
            regions=[region.pixel_counts.tolist() for region in regions],
            was=was,
            changed=changed,
            confusion=confusion,
        )
