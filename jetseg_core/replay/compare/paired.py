"""The frames that two replays share, as arrays side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.replay.report.replay_report import Report
from jetseg_core.replay.run.frame_log import FrameRow, read_rows

Key = tuple[str, int, int]
"""Topic and stamp of a frame, and how many of the same topic and stamp came before it."""


@dataclass(frozen=True)
class Side:
    """Per-frame figures of one replay, of the shared frames in their order."""

    numbers: np.ndarray
    """(N,) numbers of the frames in this replay's log."""
    recorded_ns: np.ndarray
    """(N,)."""
    latency_ms: np.ndarray
    """(N,)."""
    flicker: np.ndarray
    """(N, 2, C + 1) pixels by class in the previous frame, and those of them that changed."""
    accuracy: np.ndarray
    """(N, 3, C) pixels that are right, true, predicted, by class; zeros without ground truth."""


@dataclass(frozen=True)
class Paired:
    """Both sides of a comparison."""

    keys: list[Key]
    a: Side
    b: Side
    labelled: np.ndarray
    """(N,) bool: whether both sides have ground truth of the frame."""


def pair(folders: Sequence[Path], reports: Sequence[Report]) -> Paired:
    """Match the frames of two replays by topic and stamp.

    Raises:
        JetSegError: none match.
    """
    rows = [_by_key(folder, report) for folder, report in zip(folders, reports, strict=True)]
    keys = [key for key in rows[0] if key in rows[1]]
    if not keys:
        raise JetSegError(
            f"{folders[0]} and {folders[1]} share no frame (topic and stamp); compare replays of one bag"
        )
    sides = [_side([one[key] for key in keys]) for one in rows]
    labelled = np.logical_and(*(side.accuracy[:, 1].sum(axis=1) > 0 for side in sides))
    return Paired(keys, sides[0], sides[1], labelled)


_Entry = tuple[int, int, float, np.ndarray, np.ndarray]


def _by_key(folder: Path, report: Report) -> dict[Key, _Entry]:
    topics = [camera["topic"] for camera in report["cameras"]]
    classes = len(report["classes"]["names"])
    found: dict[Key, _Entry] = {}
    for number, row in enumerate(read_rows(folder)):
        repeated = 0
        while (key := (topics[row.camera], row.stamp_ns, repeated)) in found:
            repeated += 1
        if not row.fault:
            found[key] = (
                number,
                row.recorded_ns,
                row.latency_ms,
                _flicker(row, classes),
                _accuracy(row, classes),
            )
    return found


def _flicker(row: FrameRow, classes: int) -> np.ndarray:
    if row.was is None or row.changed is None:
        return np.zeros((2, classes + 1), float)
    return np.array([row.was, row.changed], float)


def _accuracy(row: FrameRow, classes: int) -> np.ndarray:
    if row.confusion is None:
        return np.zeros((3, classes), float)
    counts = np.array(row.confusion)
    return np.array([np.diagonal(counts), counts.sum(1), counts[:, :-1].sum(0)], float)


def _side(entries: Sequence[_Entry]) -> Side:
    columns = [np.array(column) for column in zip(*entries, strict=True)]
    return Side(*columns)
