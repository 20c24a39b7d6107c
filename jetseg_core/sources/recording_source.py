"""A camera of a rosbag2 recording as a stream of frames."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import MONO16_BITS
from jetseg_core.recording.image_decoding import ImageError, decode_message, explain_dark_message
from jetseg_core.recording.message_fields import IMAGE_TYPES
from jetseg_core.recording.message_types import read_message, stamp_ns
from jetseg_core.recording.recording import Recording, recording_places
from jetseg_core.recording.storage import Message
from jetseg_core.sources.frame import Frame, FrameSource, UnreadableFrameError

_COMPRESSED_DEPTH = "/compressedDepth"
_VALUES = re.compile(r"(8S|16U|16S|32S|32F|64F)C\d|.*\bcompressedDepth\b")
"""Encodings of raw numbers, and the formats of compressed images that begin with one (16UC1; compressedDepth png)."""


class RecordingSource(FrameSource):
    """The images of one topic of a rosbag2 recording (sqlite3 or mcap), raw or compressed.

    Stamps are those of the messages' headers; the time of recording replaces a stamp of zero.

    Args:
        path: the recording's folder, or a single storage file.
        topic: image topic; may be empty if the recording has images on one topic only.
        mono16_bits: bits in use of the values of 16-bit images.

    Raises:
        JetSegError: not a recording, or no images on the topic; the message lists the topics.
    """

    def __init__(self, path: str | Path, topic: str = "", mono16_bits: int = MONO16_BITS) -> None:
        super().__init__()
        self._bits = mono16_bits
        self._dark = False
        self.path = Path(path)
        self.places = tuple(recording_places(self.path))
        self._recording = Recording(path)
        self.warnings = self._recording.warnings
        try:
            self._topic = self._choose(topic)
        except JetSegError:
            self._recording.close()
            raise
        _, self._length = self._recording.topics[self._topic]
        self.rate_hz = self._recording.rate_hz(self._topic)

    def __len__(self) -> int:
        return self._length

    def frame_name(self, index: int) -> str:
        """Name of the frame of this number, from 0."""
        return f"{self.path.stem}_{index:06d}"

    def unread(self) -> Iterator[Callable[[], Frame]]:
        """The frames, each as a call that decodes it."""
        for index, recorded in enumerate(self._recording.messages([self._topic])):
            yield partial(self._read, index, recorded)

    def _read(self, index: int, recorded: Message) -> Frame:
        try:
            message = read_message(recorded)
            image = decode_message(message, self._bits)
        except ImageError as error:
            raise UnreadableFrameError(f"{self.path}: frame {index}: {error}") from error
        if not self._dark and (reason := explain_dark_message(message, image, self._bits)):
            self._dark = True
            self.warnings.append(reason)
        return Frame(
            image=image,
            name=self.frame_name(index),
            stamp_ns=stamp_ns(message.header) or recorded.recorded_ns,
        )

    def close(self) -> None:
        """Close the files."""
        self._recording.close()

    def _choose(self, topic: str) -> str:
        found = image_topics(self._recording)
        no_pictures = find_no_pictures(self._recording, [topic] if topic in found else found)
        topics = [one for one in found if one not in no_pictures]
        if topic in no_pictures:
            reason = f"topic '{topic}' is of {no_pictures[topic]}"
        elif topic and topic not in topics:
            reason = f"no images on topic '{topic}'"
        elif not topics:
            reason = "no images in this bag"
        elif not topic and len(topics) > 1:
            reason = "images on several topics; name one"
        else:
            return topic or topics[0]
        raise JetSegError(f"{self.path}: {reason}; {describe_topics(self._recording)}")


def image_topics(recording: Recording) -> list[str]:
    """The topics with images, sorted."""
    return sorted(
        topic for topic, (msgtype, _) in recording.topics.items() if msgtype in IMAGE_TYPES
    )


def find_no_pictures(recording: Recording, topics: Iterable[str]) -> dict[str, str]:
    """Image topics of something else than pictures, by their first messages; each with its kind in words."""
    found = {}
    for topic in topics:
        first = next(recording.messages([topic]), None)
        try:
            message = None if first is None else read_message(first)
        except ImageError:
            continue  # it is damaged; the others may not be
        form = getattr(message, "encoding", "") or getattr(message, "format", "")
        if _VALUES.match(form) or topic.endswith(_COMPRESSED_DEPTH):
            found[topic] = (
                f"numbers such as distances, not of pictures ({form[:40] or 'no format'})"
            )
    return found


def describe_topics(recording: Recording) -> str:
    """The topics of a recording in words, for errors."""
    others = sorted(
        f"{topic} ({msgtype})"
        for topic, (msgtype, _) in recording.topics.items()
        if msgtype not in IMAGE_TYPES
    )
    images = ", ".join(image_topics(recording)) or "none"
    damage = "".join(f"; {warning}" for warning in recording.warnings)
    return f"topics with images: {images}; others: {', '.join(others) or 'none'}{damage}"
