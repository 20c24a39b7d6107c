"""Frames of a replay's input in order: the interface, and the reader for everything but recordings."""

from __future__ import annotations

import abc
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_types import make_header
from jetseg_core.replay.run.truth import LabelImages, TruthReader
from jetseg_core.sources.folder import FolderSource
from jetseg_core.sources.frame import MOST_WARNINGS, Frame, FrameSource
from jetseg_core.sources.generator import GeneratorSource
from jetseg_core.sources.opening import GENERATOR
from jetseg_core.sources.video import VideoSource

DEFAULT_RATE_HZ = 10.0
"""Rate of an input without time stamps, frames per second."""
SOURCE_TOPIC = "/image"
"""Topic that stands for the frames of an input that is no recording."""
UNREADABLE = "unreadable image"


@dataclass(frozen=True)
class InputCamera:
    """A camera to segment."""

    topic: str
    messages: int
    """Number of frames, as the input lists them."""
    prefix: str
    """Results go to ``<prefix>/segmentation/...``, as the node's do."""
    rate_hz: float
    """Mean frames per second."""


@dataclass(frozen=True)
class ReplayFrame:
    """A frame with its pixels, or the reason why it has none."""

    camera: int
    """Index of its camera in `FrameReader.cameras`."""
    recorded_ns: int
    stamp_ns: int
    """Stamp of the message; the time of recording if that is zero."""
    header: Any = None
    """std_msgs/Header of rosbags; None for a frame without pixels."""
    image: np.ndarray | None = None
    """(H, W, 3) uint8 RGB."""
    fault: str = ""
    """Reason for missing pixels."""
    decode_ms: float = 0.0
    label: Any = None
    """Ground truth for `TruthReader`; None where it is unknown."""


class FrameReader(abc.ABC):
    """Reads each frame of an input once, in order."""

    cameras: tuple[InputCamera, ...]
    labels: str = ""
    """Place of the ground truth; "" = there is none."""
    label_root: Path | None = None
    """Root folder of the data set that label images belong to."""
    stamps: str | None = None
    """Origin of the stamps in words; None = the messages of a recording."""
    warnings: list[str]

    def open_truth(self, classes: ClassSet) -> TruthReader:
        """A reader of the frames' labels, as ids of `classes`."""
        return TruthReader(classes, self.label_root)

    @abc.abstractmethod
    def frames(self, start: int = 0, also: Collection[int] = ()) -> Iterator[ReplayFrame]:
        """The frames from number `start` on, and before them those whose numbers are in `also`.

        Numbers count all frames of all cameras in order, from 0.
        """

    def close(self) -> None:  # noqa: B027  (not every input holds something open)
        """Close the input."""


class SourceReader(FrameReader):
    """Reads a folder of images, a video or the generator, as frames of one camera.

    Stamps are a video's own time. With a rate, and for inputs without time, they are frame number / rate.

    Args:
        source: the opened input.
        topics: must be empty, or hold `SOURCE_TOPIC` alone.
        labels: folder of label images, which belong to frames by name, stamp or order; "" = for a folder of images
            those that `find_labels` finds, for the generator its own.
        rate_hz: frames per second; 0 = a video's own time, the generator's own rate, or `DEFAULT_RATE_HZ`.

    Raises:
        JetSegError: topics, or labels that do not fit.
    """

    def __init__(
        self, source: FrameSource, topics: Collection[str], labels: str, rate_hz: float
    ) -> None:
        if set(topics) - {SOURCE_TOPIC}:
            raise JetSegError(
                f"--topic {', '.join(topics)}: the input is not a rosbag2 recording and has no topics"
            )
        self._source = source
        self.warnings = source.warnings
        own_time = isinstance(source, VideoSource) and not rate_hz
        rate_hz = rate_hz or source.rate_hz or DEFAULT_RATE_HZ
        self._period_ns = None if own_time else 1e9 / rate_hz
        self.stamps = "time in the video" if own_time else f"frame number at {rate_hz:g} frames/s"
        self.cameras = (InputCamera(SOURCE_TOPIC, len(source), "", rate_hz),)
        self._label_images = None
        drawn = isinstance(source, GeneratorSource)
        self._found_labels = not labels or (drawn and labels == GENERATOR)
        if not self._found_labels:
            names = [file.stem for file in source.files] if isinstance(source, FolderSource) else []
            self._label_images = LabelImages(labels, len(source), 1 / rate_hz, names)
            self.labels, self.label_root = labels, self._label_images.root
        elif drawn:
            self.labels = GENERATOR
        elif isinstance(source, FolderSource) and source.label_folder is not None:
            self.labels = str(source.label_folder.path)
            self.label_root = source.label_folder.root
        elif isinstance(source, FolderSource):
            self.warnings.append(source.labels_note)

    def open_truth(self, classes: ClassSet) -> TruthReader:
        """A reader of the frames' labels, as ids of `classes`.

        Labels that were found and not asked for are dropped, with a warning, if they have none of these classes.
        """
        truth = super().open_truth(classes)
        fits = classes == CAMVID11 if self.labels == GENERATOR else truth.files.id_of_painted
        if self.labels and self._found_labels and not fits:
            self.warnings.append(
                f"ground truth in {self.labels} is not used: it has none of the model's classes ('{classes.name}')"
            )
            self.labels = ""
        return truth

    def frames(self, start: int = 0, also: Collection[int] = ()) -> Iterator[ReplayFrame]:
        """The frames from number `start` on, and before them those whose numbers are in `also`.

        Raises:
            JetSegError: the video cannot be decoded.
        """
        unread = _unread(self._source)
        number = 0
        while True:
            began = perf_counter()
            read = next(unread, None)
            if read is None:
                return
            if number >= start or number in also:
                yield self._frame(number, read, began)
            number += 1

    def close(self) -> None:
        """Close the input."""
        self._source.close()

    def _frame(self, number: int, read: Callable[[], Frame], began: float) -> ReplayFrame:
        stamp_ns = 0 if self._period_ns is None else round(number * self._period_ns)
        try:
            frame = read()
        except JetSegError as error:
            if len(self.warnings) < MOST_WARNINGS:
                self.warnings.append(str(error))
            return ReplayFrame(0, stamp_ns, stamp_ns, fault=UNREADABLE)
        decode_ms = 1e3 * (perf_counter() - began)
        if self._period_ns is None:
            assert frame.stamp_ns is not None  # every video has them
            stamp_ns = frame.stamp_ns
        return ReplayFrame(
            camera=0,
            recorded_ns=stamp_ns,
            stamp_ns=stamp_ns,
            header=make_header(stamp_ns, "camera"),
            image=frame.image,
            decode_ms=decode_ms,
            label=self._label(number, stamp_ns, frame),
        )

    def _label(self, number: int, stamp_ns: int, frame: Frame) -> Any:
        if not self.labels:
            return None
        if self._label_images is not None:
            return self._label_images.of_frame(number, stamp_ns, frame.name)
        if isinstance(self._source, FolderSource):
            return self._source.labels[number]
        return frame.labels


def _unread(source: FrameSource) -> Iterator[Callable[[], Frame]]:
    """The frames, each as a call that gives it; those of a folder without their labels, which `TruthReader` reads."""
    if not isinstance(source, FolderSource):
        return source.unread()
    return (partial(_read_file, source, file) for file in source.files)


def _read_file(source: FolderSource, file: Path) -> Frame:
    return Frame(source.read_file(file), file.stem)
