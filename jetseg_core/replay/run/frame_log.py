"""What was measured of each frame: one line of JSON a frame, written as the replay goes.

Everything in a report is computed from these lines, and an interrupted replay goes on after the last one, so that
no frame has to stay in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from jetseg_core.atomic_file import replacing

FILE = "frames.jsonl"


@dataclass(frozen=True)
class FrameRow:
    """The figures of one frame; lists are by class id."""

    camera: int
    recorded_ns: int
    stamp_ns: int
    fault: str = ""
    """Why it was not segmented; the rest is empty then."""
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
    """Pixels of each class, then of none, in the previous frame; None where there was none."""
    changed: list[int] | None = None
    """Those of them that carry another label now."""
    confusion: list[list[int]] | None = None
    """Pixels by true class (row) and predicted class or none (column); None without ground truth."""

    @property
    def latency_ms(self) -> float:
        """From the message to all results."""
        return self.decode_ms + self.infer_ms + self.post_ms


class FrameLog:
    """Appends rows to a new log in a folder, which takes the place of one of before.

    Args:
        folder: where the log lies.
        keep: number of rows of an earlier run that it begins with; the rest is dropped.
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
        # Fields that are at their default need no room.
        values = {key: value for key, value in vars(row).items() if value not in ("", None)}
        self._file.write(json.dumps(values, separators=(",", ":")).encode() + b"\n")

    def flush(self) -> None:
        """Hand everything written to the system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_rows(folder: Path) -> Iterator[FrameRow]:
    """The rows of a log, in order."""
    with (folder / FILE).open("rb") as file:
        for line in file:
            yield FrameRow(**json.loads(line))
