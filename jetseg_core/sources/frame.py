"""A frame, and the interface of all sources of frames."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np


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


class FrameSource(abc.ABC):
    """An ordered, finite stream of frames that can be read more than once.

    Frames are read while iterating, one at a time, so a long recording does not have to fit in
    memory.
    """

    rate_hz: float | None = None
    """Frames per second of the source itself; None for a source without time."""
    places: tuple[Path, ...] = ()
    """Files and folders that the source reads."""
    labels_note: str = ""
    """Where ground truth was found, or why there is none, in words; "" if there is nothing to say."""

    @abc.abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """The frames from the first one on.

        Raises:
            JetSegError: a frame cannot be read; the message names the file.
        """

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
