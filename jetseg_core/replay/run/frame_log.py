"""Figures of each frame, one line of JSON a frame, and the flicker between two frames.

Reports are computed from these lines, and an interrupted replay continues after the last one, so that no frame has
to stay in memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from jetseg_core.atomic_file import replacing
from jetseg_core.errors import JetSegError
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
        """Time from the message to all results, ms."""
        return self.decode_ms + self.infer_ms + self.post_ms


class FrameLog:
    """A new log in a folder, which replaces an earlier one.

    Args:
        folder: of the log.
        keep: number of rows to take over from the earlier log; the rest is dropped.

    Raises:
        JetSegError: the earlier log has fewer rows.
    """

    def __init__(self, folder: Path, keep: int = 0) -> None:
        path = folder / FILE
        with replacing(path) as partial:
            self._file = partial.open("wb")
            if keep:
                with path.open("rb") as earlier:
                    kept = 0
                    for kept, line in enumerate(islice(earlier, keep), 1):  # noqa: B007
                        self._file.write(line)
                self._file.flush()
                if kept < keep:
                    self._file.close()
                    raise JetSegError(
                        f"{path}: holds {kept} frames, and the recording beside it {keep}; it was cut: replay again "
                        "with --overwrite"
                    )

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


def read_rows(folder: Path, cameras: int, classes: int, regions: int) -> Iterator[FrameRow]:
    """The rows of the log in a folder, in order.

    Args:
        folder: of the log.
        cameras: number of cameras of its replay; likewise the others.
        classes: see `cameras`.
        regions: see `cameras`.

    Raises:
        JetSegError: there is no log, or a line of it is not a row of such a replay.
    """
    path = folder / FILE
    number = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):  # noqa: B007
                row = FrameRow(**json.loads(line))
                _check(row, cameras, classes, regions)
                yield row
    except (TypeError, ValueError, RecursionError) as error:
        raise JetSegError(
            f"{path}: line {number} is not a row of this replay ({str(error)[:120]}); replay again with --overwrite"
        ) from error


def _check(row: FrameRow, cameras: int, classes: int, regions: int) -> None:
    """Check the types and sizes of a row.

    Raises:
        ValueError: one of them is wrong.
    """
    whole = (row.camera, row.recorded_ns, row.stamp_ns, row.total_pixels)
    if not all(type(value) is int and abs(value) < 2**63 for value in whole):
        raise ValueError("a number that is not whole")
    times = (row.decode_ms, row.infer_ms, row.post_ms)
    if not all(type(value) in (int, float) and 0 <= value < math.inf for value in times):
        raise ValueError("a time that is none")
    if not 0 <= row.camera < cameras or not isinstance(row.fault, str):
        raise ValueError(f"camera {row.camera!r:.20} of {cameras}")
    if row.fault:
        return
    sizes: list[tuple[Any, list[int]]] = [
        (row.pixel_counts, [classes]),
        (row.confidence_sums, [classes]),
        (row.regions, [regions, classes]),
    ]
    optional = [(row.was, [classes + 1]), (row.changed, [classes + 1])]
    sizes += [one for one in optional if one[0] is not None]
    if row.confusion is not None:
        sizes.append((row.confusion, [classes, classes + 1]))
    if not all(_is_table(value, size) for value, size in sizes) or (
        (row.was is None) != (row.changed is None)
    ):
        raise ValueError(f"counts of other sizes than {classes} classes and {regions} regions")


def _is_table(value: Any, size: Sequence[int]) -> bool:
    """True for nested lists of that size that hold whole numbers from 0 on."""
    first, *rest = size
    if not isinstance(value, list) or len(value) != first:
        return False
    if rest:
        return all(_is_table(part, rest) for part in value)
    return all(type(one) is int and 0 <= one < 2**53 for one in value)


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
