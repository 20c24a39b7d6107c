"""The frames of a recording's cameras in order, each with its label message or label image."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from jetseg_core.distinct_names import distinct, file_names
from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import MONO16_BITS
from jetseg_core.recording.image_decoding import ImageError, decode_message, explain_dark_message
from jetseg_core.recording.message_fields import IMAGE_TYPES
from jetseg_core.recording.message_types import read_message, stamp_ns
from jetseg_core.recording.recording import Recording
from jetseg_core.recording.storage import Message
from jetseg_core.replay.run.frame_reader import (
    DEFAULT_RATE_HZ,
    FrameReader,
    InputCamera,
    ReplayFrame,
)
from jetseg_core.replay.run.truth import LabelImages
from jetseg_core.sources.recording_source import describe_topics, find_no_pictures, image_topics

LABEL_WINDOW = 32
"""Largest number of images that wait for their label, and of labels that wait for their image."""
LONGEST_PREFIX = 255
"""Largest number of characters of the topic that results go below."""
_COMPRESSED = "/compressed"
_NO_CAMERA = re.compile(
    r"(^|[/_])(segmentation|labels?|ground_truth|truth|masks?|depth|disparity)([/_]|$)"
)
"""Topic names of images that are not of a camera: results of a segmentation node, labels, distances."""


class _Recorded(NamedTuple):
    """An image message of a camera and its ground truth."""

    camera: int
    recorded_ns: int
    message: Any
    """sensor_msgs/Image or CompressedImage; None if it cannot be read."""
    fault: str
    """Reason why it cannot be read."""
    label: Any = None

    @property
    def stamp_ns(self) -> int:
        stamp = 0 if self.message is None else stamp_ns(self.message.header)
        return stamp or self.recorded_ns


class RecordingReader(FrameReader):
    """Reads the frames of some cameras of a recording in the order of recording.

    Labels on a topic belong to the image with the same stamp in its header.

    Args:
        recording: the open recording, which the reader closes.
        topics: image topics; empty = see `choose_cameras`.
        labels: "" = none, a topic of the recording, or a folder of label images.
        mono16_bits: bits in use of the values of 16-bit images.

    Raises:
        JetSegError: no such images, or labels that are neither, or labels for several cameras.
    """

    def __init__(
        self,
        recording: Recording,
        topics: Sequence[str],
        labels: str,
        mono16_bits: int = MONO16_BITS,
    ) -> None:
        self._bits = mono16_bits
        self._dark: set[int] = set()
        """The cameras that were found to be nearly black."""
        self._recording = recording
        self.warnings = recording.warnings
        self.cameras = choose_cameras(recording, topics, labels)
        self._number_of = {camera.topic: number for number, camera in enumerate(self.cameras)}
        self.labels = labels
        self._labels_topic = labels if labels in recording.topics else ""
        self._label_images = None
        if labels and len(self.cameras) > 1:
            raise JetSegError(
                f"--labels {labels}: the bag has several cameras "
                f"({', '.join(self._number_of)}); say with --topic whose labels these are"
            )
        if self._labels_topic and recording.topics[labels][0] not in IMAGE_TYPES:
            raise JetSegError(
                f"--labels {labels}: a topic of {recording.topics[labels][0]}; expected images of class ids"
            )
        if labels and not self._labels_topic:
            others = f", and not a topic of {recording.path}; its topics: {', '.join(sorted(recording.topics))}"
            camera = self.cameras[0]
            period_s = 1 / camera.rate_hz if camera.rate_hz > 0 else 0.0
            self._label_images = LabelImages(labels, camera.messages, period_s, alternatives=others)
            self.label_root = self._label_images.root

    def frames(self, start: int = 0, also: Collection[int] = ()) -> Iterator[ReplayFrame]:
        """The frames from number `start` on, and before them those whose numbers are in `also`.

        Raises:
            JetSegError: a label message cannot be read.
        """
        for number, recorded in enumerate(self._paired() if self._labels_topic else self._images()):
            if number >= start or number in also:
                frame = _decode(recorded, self._bits)
                self._check_brightness(recorded, frame.image)
                yield frame

    def close(self) -> None:
        """Close the recording."""
        self._recording.close()

    def _check_brightness(self, recorded: _Recorded, image: np.ndarray | None) -> None:
        """Warn, once for each camera, of 16-bit images that are nearly black."""
        if image is None or recorded.camera in self._dark:
            return
        if reason := explain_dark_message(recorded.message, image, self._bits):
            self._dark.add(recorded.camera)
            self.warnings.append(f"{self.cameras[recorded.camera].topic}: {reason}")

    def _images(self) -> Iterator[_Recorded]:
        counts = [0] * len(self.cameras)
        unlabelled = 0
        for message in self._recording.messages(list(self._number_of)):
            recorded = self._read(message)
            if self._label_images is not None:
                index = counts[recorded.camera]
                label = self._label_images.of_frame(index, recorded.stamp_ns)
                recorded = recorded._replace(label=label)
                unlabelled += label is None
            counts[recorded.camera] += 1
            yield recorded
        if unlabelled:
            self.warnings.append(
                f"--labels {self.labels}: {unlabelled} of {sum(counts)} frames have no label image within half a "
                "frame period"
            )

    def _paired(self) -> Iterator[_Recorded]:
        """Images with the label messages of their stamps, recorded in either order."""
        waiting: deque[_Recorded] = deque()
        labels: dict[int, Any] = {}
        for message in self._recording.messages([*self._number_of, self._labels_topic]):
            if message.topic == self._labels_topic:
                label = read_message(message)
                labels[stamp_ns(label.header) or message.recorded_ns] = label
            else:
                waiting.append(self._read(message))
            while waiting and (waiting[0].stamp_ns in labels or len(waiting) > LABEL_WINDOW):
                recorded = waiting.popleft()
                yield recorded._replace(label=labels.pop(recorded.stamp_ns, None))
            if len(labels) > LABEL_WINDOW:
                del labels[next(iter(labels))]
        for recorded in waiting:
            yield recorded._replace(label=labels.get(recorded.stamp_ns))

    def _read(self, message: Message) -> _Recorded:
        camera = self._number_of[message.topic]
        try:
            return _Recorded(camera, message.recorded_ns, read_message(message), "")
        except ImageError as error:
            return _Recorded(camera, message.recorded_ns, None, error.fault.value)


def _decode(recorded: _Recorded, bits: int) -> ReplayFrame:
    began = perf_counter()
    image, fault = None, recorded.fault
    if not fault:
        try:
            image = decode_message(recorded.message, bits)
        except ImageError as error:
            fault = error.fault.value
    return ReplayFrame(
        camera=recorded.camera,
        recorded_ns=recorded.recorded_ns,
        stamp_ns=recorded.stamp_ns,
        header=None if image is None else recorded.message.header,
        image=image,
        fault=fault,
        decode_ms=1e3 * (perf_counter() - began),
        label=recorded.label,
    )


def choose_cameras(
    recording: Recording, topics: Sequence[str], labels_topic: str
) -> tuple[InputCamera, ...]:
    """The cameras on `topics`; all cameras if it is empty.

    All cameras are all image topics except `labels_topic`, topics with the name of something else (a label, a mask,
    a depth image) or without pictures (warnings of the recording list both), and compressed images of a camera that
    was recorded raw, too.

    Raises:
        JetSegError: no image topic, or no image topic of a given name, or one without pictures; the message lists the
            topics.
    """
    found = image_topics(recording)
    missing = [topic for topic in topics if topic not in found]
    if missing:
        raise JetSegError(
            f"{recording.path}: no images on topic '{missing[0]}'; {describe_topics(recording)}"
        )
    left_out = [topic for topic in found if _NO_CAMERA.search(topic) and topic != labels_topic]
    others = [topic for topic in found if topic not in (*left_out, labels_topic)]
    no_pictures = find_no_pictures(recording, topics or others)
    for topic in topics:
        if topic in no_pictures:
            raise JetSegError(
                f"--topic {topic}: a topic of {no_pictures[topic]}; {describe_topics(recording)}"
            )
    chosen = list(dict.fromkeys(topics)) or [
        topic
        for topic in others
        if topic not in no_pictures
        and not (topic.endswith(_COMPRESSED) and topic.removesuffix(_COMPRESSED) in found)
    ]
    if left_out and not topics:
        recording.warnings.append(
            f"not cameras by their names, and left out: {', '.join(left_out)}; choose them with --topic"
        )
    recording.warnings += [f"{topic}: left out, of {why}" for topic, why in no_pictures.items()]
    if not chosen:
        raise JetSegError(
            f"{recording.path}: no camera images in this bag; {describe_topics(recording)}"
        )
    # Several topics may be as long as a megabyte, and each has a dozen results.
    ends = file_names(chosen)
    full = [
        topic if len(topic) <= LONGEST_PREFIX else f"{topic[: LONGEST_PREFIX // 2]}_{end}"
        for topic, end in zip(chosen, ends, strict=True)
    ]
    short = [_prefix(topic) for topic in chosen]
    short = [
        one if len(one) <= LONGEST_PREFIX else all_ for one, all_ in zip(short, full, strict=True)
    ]
    prefixes = distinct(short, full)
    return tuple(
        InputCamera(
            topic=topic,
            messages=recording.topics[topic][1],
            prefix=prefix,
            rate_hz=recording.rate_hz(topic) or DEFAULT_RATE_HZ,
        )
        for topic, prefix in zip(chosen, prefixes, strict=True)
    )


def _prefix(topic: str) -> str:
    """'/front' for /front/image_raw and /front/image_raw/compressed; '/left' for /left."""
    name = topic.removesuffix(_COMPRESSED)
    parent, _, last = name.rpartition("/")
    return parent if last.startswith("image") else name
