"""Figures of each frame, one line of JSON a frame, and the flicker between two frames.

Reports are computed from these lines, and an interrupted replay continues after the last one, so that no frame has
to stay in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.atomic_file import replacing
from jetseg_core.results.histogram import histogram

FILE = "frames.jsonl"


@dataclass(frozen=True)
class FrameRow:
    """The figures of one frame; lists are by class id."""

    camera: int
    recorded_ns: int
    stamp_ns: int
    fault: str = ""
    """Reason why it was not segmented; the rest is empty then."""
    decode_ms: float = 0.0
    infer_ms: float = 0.0
    post_ms: float = 0.0
    """Occupancy and overlay."""
    total_pixels: int = 0
    pixel_counts: list[int] | None = None
    confidence_sums: list[int] | None = None
    """Sum of the softmax maximum x 255 over the pixels of each class."""
    regions: list[list[int]] | None = None
    """Pixels of each class, for each region."""
    was: list[int] | None = None
    """Pixels of each class, then unlabelled, in the previous frame; None without a previous frame."""
    changed: list[int] | None = None
    """Number of these pixels whose label has changed."""
    confusion: list[list[int]] | None = None
    """Pixels by true class (row) and predicted class, then unlabelled (column); None without ground truth."""

    @property
    def latency_ms(self) -> float:
        """From the message to all results."""
        return self.decode_ms + self.infer_ms + self.post_ms


class FrameLog:
    """A new log in a folder, which replaces an earlier one.

    Args:
        folder: of the log.
        keep: number of rows to take over from the earlier log; the rest is dropped.
    """

    def __init__(self, folder: Path, keep: int = 0) -> None:
        path = folder / FILE
        with replacing(path) as partial:
            self._file = partial.open("wb")
            if keep:
                with path.open("rb") as earlier:
                    self._file.writelines(islice(earlier, keep))
                self._file.flush()

    def append(self, row: FrameRow) -> None:
        """Write one row."""
        # Empty fields are left out.
        values = {key: value for key, value in vars(row).items() if value not in ("", None)}
        self._file.write(json.dumps(values, separators=(",", ":")).encode() + b"\n")

    def flush(self) -> None:
        """Pass everything written to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_rows(folder: Path) -> Iterator[FrameRow]:
    """The rows of the log in a folder, in order."""
    with (folder / FILE).open("rb") as file:
        for line in file:
            yield FrameRow(**json.loads(line))


class Flicker:
    """Counts pixels of one camera whose label changes from one frame to the next."""

    def __init__(self) -> None:
        self._previous: tuple[np.ndarray, list[int]] | None = None

    def update(
        self, labels: np.ndarray, pixel_counts: np.ndarray
    ) -> tuple[list[int], list[int]] | None:
        """Compare a frame with the previous one.

        Args:
            labels: (H, W) uint8 class ids; every other value is unlabelled.
            pixel_counts: (C,) number of pixels of each class in it.

        Returns:
            Two lists by class, then "unlabelled": pixels with that label in the previous frame, and those of them with
            another label now. None for the first frame and after a change of size.
        """
        before = self._previous
        counts = pixel_counts.tolist()
        self._previous = labels, [*counts, labels.size - sum(counts)]
        if before is None or before[0].shape != labels.shape:
            return None
        previous, was = before
        # Unchanged pixels become 255, which is no class: three times faster than counting under a mask.
        same = cv2.compare(previous, labels, cv2.CMP_EQ)
        left = histogram(cv2.bitwise_or(previous, same), len(counts)).tolist()
        changed = labels.size - cv2.countNonZero(same)
        return was, [*left, changed - sum(left)]
