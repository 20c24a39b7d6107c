"""A frame, and the interface of all sources of frames."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from jetseg_core.errors import JetSegError

MOST_WARNINGS = 10
"""Unreadable frames named in the warnings, at most; all are counted."""


@dataclass(frozen=True)
class Frame:
    """One picture of a stream, with ground truth where it is known."""

    image: np.ndarray
    """(H, W, 3) uint8 RGB."""
    name: str
    """Name for files and messages; unique within its source."""
    stamp_ns: int | None = None
    """Time of exposure in the source's own clock, nanoseconds; None where the source has none."""
    labels: np.ndarray | None = None
    """(H, W) uint8 class ids, 255 = unlabelled; None where there is no ground truth."""


class UnreadableFrameError(JetSegError):
    """A frame that cannot be read; the frames after it can."""


class FrameSource(abc.ABC):
    """An ordered, finite stream of frames that can be read more than once.

    Frames are read while iterating, one at a time, so a long recording does not have to fit in
    memory. One that cannot be read is left out and counted.
    """

    rate_hz: float | None = None
    """Frames per second of the source itself; None for a source without time."""
    camera_matrix: np.ndarray | None = None
    """(3, 3) intrinsics K of the camera that took all frames, in pixels, without distortion; None where unknown."""
    places: tuple[Path, ...] = ()
    """Files and folders that the source reads."""
    labels_note: str = ""
    """Place of the ground truth, or the reason why there is none, in words; "" if there is nothing to say."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        """Everything that was left out, and why; of unreadable frames the first `MOST_WARNINGS`."""
        self.unreadable = 0
        """Frames left out so far."""

    @abc.abstractmethod
    def unread(self) -> Iterator[Callable[[], Frame]]:
        """The frames from the first one on, each as a call that reads it.

        The call raises `UnreadableFrameError` if it cannot be read; the message names the file.
        """

    @abc.abstractmethod
    def frame_name(self, index: int) -> str:
        """Name of the frame of this number, from 0."""

    def __iter__(self) -> Iterator[Frame]:
        """The frames that can be read, from the first one on.

        Raises:
            JetSegError: none of them can be read.
        """
        error: UnreadableFrameError | None = None
        readable = False
        for read in self.unread():
            try:
                frame = read()
            except UnreadableFrameError as why:
                error = error or why
                self.unreadable += 1
                if self.unreadable <= MOST_WARNINGS:
                    self.warnings.append(str(why))
                continue
            readable = True
            yield frame
        if error is not None and not readable:
            raise JetSegError(f"no frame can be read; the first one: {error}") from error

    @abc.abstractmethod
    def __len__(self) -> int:
        """Number of frames (for a video: as its header says)."""

    def close(self) -> None:  # noqa: B027  (most sources hold nothing open)
        """Release what the source holds open; it cannot be iterated afterwards."""

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
