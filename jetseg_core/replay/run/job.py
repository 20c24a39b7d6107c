"""Frame after frame: decode, segment, measure, write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.recording import Recording
from jetseg_core.recording.image_decoding import ImageError, decode_compressed, decode_message
from jetseg_core.recording.message_types import read_message
from jetseg_core.replay.run import output_bag
from jetseg_core.replay.run.cameras import Camera
from jetseg_core.replay.run.flicker import Flicker
from jetseg_core.replay.run.frame_log import FrameLog, FrameRow, read_rows
from jetseg_core.replay.run.frames import BagFrame, FrameReader
from jetseg_core.replay.run.output_bag import OutputBag, topic_of
from jetseg_core.replay.run.overlay_video import OverlayVideo
from jetseg_core.replay.run.pipeline import Pipeline
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.replay.run.watch import Watch
from jetseg_core.results.segmented_frame import SegmentedFrame
from jetseg_core.runtime import Runtime, Segmentation

PART_FRAMES = 1000
"""A kill loses at most so many frames of work."""


@dataclass(frozen=True)
class _Decoded:
    """A frame with its pixels, or why there are none."""

    frame: BagFrame
    image: np.ndarray | None
    """(H, W, 3) uint8 RGB."""
    fault: str
    decode_ms: float


@dataclass(frozen=True)
class _Inferred:
    found: Segmentation
    infer_ms: float


class Job:
    """The state of one replay.

    Frames are read here, segmented in other threads, as many at once as the runtime can, and written in a last one:
    what is measured of them, written and drawn takes a good part of what the network does.
    """

    def __init__(
        self,
        settings: ReplaySettings,
        cameras: Sequence[Camera],
        runtime: Runtime,
        reader: FrameReader,
        bag: OutputBag,
        log: FrameLog,
        videos: Sequence[OverlayVideo],
    ) -> None:
        self._settings, self._cameras, self._runtime = settings, cameras, runtime
        self._reader, self._bag, self._log, self._videos = reader, bag, log, videos
        self._flicker = [Flicker() for _ in cameras]
        self._labelled = 0
        self._done = bag.rows
        """Frames that are logged and written, those of earlier runs included."""
        self.warnings: list[str] = []

    def run(self, watch: Watch) -> bool:
        """Replay what is left; returns whether that was all of it."""
        total = sum(camera.messages for camera in self._cameras)
        sent = self._done
        frames = iter(self._reader)
        complete = True
        # The first inference also prepares the backend, which must not count as a frame's time.
        self._runtime.segment(np.zeros((64, 64, 3), np.uint8), confidence=True)
        pipeline = Pipeline(self._infer, self._write, at_once=self._runtime.streams)
        with watch:
            watch.show(sent, total)
            self._skip(frames, sent)
            try:
                for frame in frames:
                    pipeline.put(_decode(frame))
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
        if self._reader.has_labels and self._done and not self._labelled:
            self.warnings.append("no label image belongs to any frame, so there is no accuracy")
        return complete

    def _end_part(self) -> None:
        self._log.flush()  # first: the bag says how many lines of it count
        self._bag.end_part(self._done)

    def _skip(self, frames: Iterator[BagFrame], done: int) -> None:
        """Pass over what an earlier run has done, but look again at the last frame of each camera."""
        if not done:
            return
        last: dict[int, BagFrame] = {}
        for row, frame in zip(read_rows(self._settings.out), frames, strict=False):
            self._labelled += row.confusion is not None
            if not row.fault:
                last[frame.camera] = frame
            done -= 1
            if not done:
                break
        for camera, frame in last.items():
            decoded = _decode(frame)
            inferred = self._infer(decoded)
            assert inferred is not None
            found = self._segmented(decoded, inferred)
            self._flicker[camera].update(found.labels, found.occupancy[0].pixel_counts)
        self._replay_videos()

    def _replay_videos(self) -> None:
        """The frames of the earlier run as its bag holds them, since a finished video cannot be appended to."""
        with Recording(self._settings.out / output_bag.FOLDER) as earlier:
            for camera, video in zip(self._cameras, self._videos, strict=True):
                for recorded in earlier.messages([topic_of(camera.prefix, output_bag.OVERLAY)]):
                    video.add(decode_compressed(read_message(recorded)))

    def _infer(self, decoded: _Decoded) -> _Inferred | None:
        if decoded.image is None:
            return None
        began = perf_counter()
        found = self._runtime.segment(
            decoded.image, confidence=True, min_confidence=self._settings.min_confidence
        )
        return _Inferred(found, 1e3 * (perf_counter() - began))

    def _segmented(self, decoded: _Decoded, inferred: _Inferred) -> SegmentedFrame:
        assert decoded.image is not None
        return SegmentedFrame(
            image=decoded.image,
            found=inferred.found,
            classes=self._runtime.description.classes,
            regions=self._settings.polygons,
            overlay_alpha=self._settings.overlay_alpha,
        )

    def _write(self, decoded: _Decoded, inferred: _Inferred | None) -> None:
        frame = decoded.frame
        if inferred is None:
            row = FrameRow(frame.camera, frame.recorded_ns, frame.stamp_ns, fault=decoded.fault)
        else:
            row = self._record(decoded, inferred)
        self._log.append(row)
        self._done += 1

    def _record(self, decoded: _Decoded, inferred: _Inferred) -> FrameRow:
        frame = decoded.frame
        began = perf_counter()
        found = self._segmented(decoded, inferred)
        _ = found.occupancy, found.overlay
        post_ms = 1e3 * (perf_counter() - began)
        truth = self._reader.truth(frame, found.image.shape[:2])
        confusion = None
        if truth is not None:
            matrix = ConfusionMatrix(len(found.classes))
            matrix.update(found.labels, truth)
            confusion = matrix.counts.tolist()
            self._labelled += 1
        self._bag.write(
            self._cameras[frame.camera], frame.recorded_ns, frame.message.header, found, truth
        )
        self._videos[frame.camera].add(found.overlay)
        whole, *regions = found.occupancy
        flicker = self._flicker[frame.camera].update(found.labels, whole.pixel_counts)
        was, changed = flicker or (None, None)
        return FrameRow(
            camera=frame.camera,
            recorded_ns=frame.recorded_ns,
            stamp_ns=frame.stamp_ns,
            decode_ms=round(decoded.decode_ms, 3),
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


def _decode(frame: BagFrame) -> _Decoded:
    began = perf_counter()
    image, fault = None, frame.fault
    if not fault:
        try:
            image = decode_message(frame.message)
        except ImageError as error:
            fault = error.fault.value
    return _Decoded(frame, image, fault, 1e3 * (perf_counter() - began))
