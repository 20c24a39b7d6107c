"""Frame after frame: decode, segment, measure, write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from time import perf_counter

from tqdm import tqdm

from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.runtime import Runtime
from jetseg_ros.bag_types import read_message
from jetseg_ros.image_decoding import ImageError, decode_compressed, decode_message
from jetseg_ros.recording import Recording
from jetseg_ros.replay import output_bag
from jetseg_ros.replay.cameras import Camera
from jetseg_ros.replay.flicker import Flicker
from jetseg_ros.replay.frame_log import FrameLog, FrameRow, read_rows
from jetseg_ros.replay.frames import BagFrame, FrameReader
from jetseg_ros.replay.interruption import Interruption
from jetseg_ros.replay.output_bag import OutputBag, topic_of
from jetseg_ros.replay.settings import ReplaySettings
from jetseg_ros.replay.video import OverlayVideo
from jetseg_ros.segmented_image import SegmentedImage, drop_uncertain

PART_FRAMES = 1000
"""A kill loses at most so many frames of work."""


class Job:
    """The state of one replay."""

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
        self._flicker = [Flicker(len(runtime.description.classes)) for _ in cameras]
        self._warm = False
        self._labelled = 0
        self.warnings: list[str] = []

    def run(self) -> bool:
        """Replay what is left; returns whether that was all of it."""
        total = sum(camera.messages for camera in self._cameras)
        done = self._bag.rows
        frames = iter(self._reader)
        with (
            Interruption() as interruption,
            tqdm(
                total=total, initial=done, desc="replaying", unit="frame", disable=None
            ) as progress,
        ):
            self._skip(frames, done)
            try:
                for frame in frames:
                    self._serve(frame)
                    done += 1
                    progress.update()
                    if done % PART_FRAMES == 0:
                        self._end_part(done)
                    if interruption.requested:
                        break
            finally:
                self._end_part(done)
        if self._reader.has_labels and done and not self._labelled:
            self.warnings.append("no label image belongs to any frame, so there is no accuracy")
        return not interruption.requested

    def _end_part(self, done: int) -> None:
        self._log.flush()  # first: the bag says how many lines of it count
        self._bag.end_part(done)

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
            found, _ = self._segment(frame)
            self._flicker[camera].update(found.labels)
        self._replay_videos()

    def _replay_videos(self) -> None:
        """The frames of the earlier run as its bag holds them, since a finished video cannot be appended to."""
        with Recording(self._settings.out / output_bag.FOLDER) as earlier:
            for camera, video in zip(self._cameras, self._videos, strict=True):
                for recorded in earlier.messages([topic_of(camera.prefix, output_bag.OVERLAY)]):
                    video.add(decode_compressed(read_message(recorded)))

    def _serve(self, frame: BagFrame) -> None:
        row = FrameRow(frame.camera, frame.recorded_ns, frame.stamp_ns, fault=frame.fault)
        if not frame.fault:
            try:
                found, times_ms = self._segment(frame)
            except ImageError as error:
                row = FrameRow(
                    frame.camera, frame.recorded_ns, frame.stamp_ns, fault=error.fault.value
                )
            else:
                row = self._record(frame, found, times_ms)
        self._log.append(row)

    def _segment(self, frame: BagFrame) -> tuple[SegmentedImage, tuple[float, ...]]:
        began = perf_counter()
        image = decode_message(frame.message)
        decoded = perf_counter()
        if not self._warm:  # the first inference also prepares the backend
            self._runtime.segment(image, confidence=True)
            self._warm = True
            began, decoded = began - decoded + perf_counter(), perf_counter()
        found = self._runtime.segment(image, confidence=True)
        drop_uncertain(found, self._settings.min_confidence)
        inferred = perf_counter()
        segmented = SegmentedImage(
            image=image,
            labels=found.labels,
            confidence=found.confidence,
            view=found.view,
            classes=self._runtime.description.classes,
            regions=self._settings.polygons,
            overlay_alpha=self._settings.overlay_alpha,
        )
        _ = segmented.occupancy, segmented.overlay
        times = began, decoded, inferred, perf_counter()
        return segmented, tuple(1e3 * (b - a) for a, b in pairwise(times))

    def _record(
        self, frame: BagFrame, found: SegmentedImage, times_ms: tuple[float, ...]
    ) -> FrameRow:
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
        flicker = self._flicker[frame.camera].update(found.labels)
        was, changed = flicker or (None, None)
        whole, *regions = found.occupancy
        decode_ms, infer_ms, post_ms = (round(value, 3) for value in times_ms)
        return FrameRow(
            camera=frame.camera,
            recorded_ns=frame.recorded_ns,
            stamp_ns=frame.stamp_ns,
            decode_ms=decode_ms,
            infer_ms=infer_ms,
            post_ms=post_ms,
            total_pixels=whole.total_pixels,
            pixel_counts=whole.pixel_counts.tolist(),
            confidence_sums=whole.confidence_sums.tolist(),
            regions=[region.pixel_counts.tolist() for region in regions],
            was=was,
            changed=changed,
            confusion=confusion,
        )
