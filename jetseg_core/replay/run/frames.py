"""The frames of a recording in order, each with its ground truth."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.recording import Recording
from jetseg_core.recording.image_decoding import ImageError
from jetseg_core.recording.message_types import IMAGE_TYPES, read_message, stamp_ns
from jetseg_core.replay.run.cameras import Camera
from jetseg_core.replay.run.truth import FolderTruth, read_label_message

LABEL_WINDOW = 32
"""How many images may wait for a label of their stamp, and labels for their image."""


@dataclass(frozen=True)
class BagFrame:
    """One image message."""

    camera: int
    """Its camera's place in the list of cameras."""
    index: int
    """How many frames of this camera came before."""
    recorded_ns: int
    stamp_ns: int
    """Of the header; the time of recording where that is zero."""
    message: Any
    """sensor_msgs/Image or CompressedImage; None where it cannot be read."""
    fault: str = ""
    """Why it cannot be."""
    label: Any = None
    """The message with its ground truth; None where none came."""


class FrameReader:
    """Reads every frame of some cameras once, in the order of recording.

    Labels on a topic belong to the image with their header's stamp.

    Args:
        labels: "" for none, a topic of the recording, or a folder.

    Raises:
        JetSegError: labels that are neither, or for more than one camera.
    """

    def __init__(
        self, recording: Recording, cameras: Sequence[Camera], labels: str, classes: ClassSet
    ) -> None:
        self._recording = recording
        self._cameras = {camera.topic: number for number, camera in enumerate(cameras)}
        self._classes = classes
        self._labels_topic = labels if labels in recording.topics else ""
        self._folder = None
        if labels and len(cameras) > 1:
            raise JetSegError(
                f"--labels {labels}: the bag has several cameras "
                f"({', '.join(self._cameras)}); say with --topic whose labels these are"
            )
        if self._labels_topic and recording.topics[labels][0] not in IMAGE_TYPES:
            raise JetSegError(
                f"--labels {labels}: a topic of {recording.topics[labels][0]}; expected images of class ids"
            )
        if labels and not self._labels_topic:
            self._folder = self._open_folder(labels, cameras[0].messages)

    @property
    def has_labels(self) -> bool:
        """Whether ground truth was asked for."""
        return bool(self._labels_topic or self._folder)

    def __iter__(self) -> Iterator[BagFrame]:
        return self._with_labels() if self._labels_topic else self._images()

    def truth(self, frame: BagFrame, size: tuple[int, ...]) -> np.ndarray | None:
        """(H, W) uint8 class ids of a frame, 255 = void; None where none are known.

        Raises:
            JetSegError: its labels cannot be read, or are not of the image's size.
        """
        if self._folder is not None:
            return self._folder.of_frame(frame.index, frame.stamp_ns, size)
        if frame.label is None:
            return None
        labels = read_label_message(frame.label, self._classes)
        if labels.shape != size:
            raise JetSegError(
                f"labels on {self._labels_topic}: {labels.shape[1]}x{labels.shape[0]} pixels for an image "
                f"of {size[1]}x{size[0]}; they must have one size"
            )
        return labels

    def _open_folder(self, labels: str, frames: int) -> FolderTruth:
        folder = Path(labels).expanduser()
        if not folder.is_dir():
            raise JetSegError(
                f"--labels {labels}: neither a folder nor a topic of {self._recording.path}; its topics: "
                f"{', '.join(sorted(self._recording.topics))}"
            )
        return FolderTruth(folder, frames, self._classes)

    def _images(self) -> Iterator[BagFrame]:
        counts = [0] * len(self._cameras)
        for recorded in self._recording.messages(list(self._cameras)):
            yield self._frame(recorded, counts)

    def _with_labels(self) -> Iterator[BagFrame]:
        counts = [0] * len(self._cameras)
        waiting: deque[BagFrame] = deque()
        labels: dict[int, Any] = {}
        for recorded in self._recording.messages([*self._cameras, self._labels_topic]):
            if recorded.topic == self._labels_topic:
                message = read_message(recorded)
                labels[stamp_ns(message.header) or recorded.recorded_ns] = message
            else:
                waiting.append(self._frame(recorded, counts))
            while waiting and (waiting[0].stamp_ns in labels or len(waiting) > LABEL_WINDOW):
                frame = waiting.popleft()
                yield replace(frame, label=labels.pop(frame.stamp_ns, None))
            if len(labels) > LABEL_WINDOW:
                del labels[next(iter(labels))]
        for frame in waiting:
            yield replace(frame, label=labels.get(frame.stamp_ns))

    def _frame(self, recorded: Any, counts: list[int]) -> BagFrame:
        camera = self._cameras[recorded.topic]
        message, fault, stamp = None, "", 0
        try:
            message = read_message(recorded)
            stamp = stamp_ns(message.header)
        except ImageError as error:
            fault = error.fault.value
        index = counts[camera]
        counts[camera] += 1
        recorded_ns = recorded.recorded_ns
        return BagFrame(camera, index, recorded_ns, stamp or recorded_ns, message, fault)
