"""The frames that two replays share: their figures as arrays side by side, and their label maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.recording.image_decoding import decode_message
from jetseg_core.recording.message_types import read_message, stamp_ns
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.report.figures import Counts, Figure, count_frame, judged
from jetseg_core.replay.report.replay_report import Report, rows_of
from jetseg_core.replay.run.output_bag import FOLDER, LABEL, topic_of

Key = tuple[str, int, int]
"""Topic and stamp of a frame, and the number of earlier ones of the same topic and stamp."""


@dataclass(frozen=True)
class LoggedFrame:
    """A frame of one replay."""

    number: int
    """Number of its row in the frame log."""
    recorded_ns: int
    counts: Counts


@dataclass(frozen=True)
class PairedFrames:
    """The N frames that two replays, A and B, share, in order."""

    keys: list[Key]
    sides: tuple[list[LoggedFrame], list[LoggedFrame]]
    """(N,) of A and of B."""

    def known(self, figure: Figure) -> np.ndarray:
        """(N,) bool: whether both sides have counts for a figure."""
        pairs = zip(*self.sides, strict=True)
        return np.array([all(figure.key in frame.counts for frame in pair) for pair in pairs])

    def counts(self, figure: Figure) -> list[np.ndarray]:
        """(N, ...) counts of A and of B for a figure that at least one frame has; zeros elsewhere."""
        known = self.known(figure)
        zeros = np.zeros_like(self.sides[0][int(np.argmax(known))].counts[figure.key])
        return [
            np.array(
                [
                    one.counts[figure.key] if yes else zeros
                    for one, yes in zip(side, known, strict=True)
                ]
            )
            for side in self.sides
        ]


def pair_frames(folders: Sequence[Path], reports: Sequence[Report]) -> PairedFrames:
    """Match the frames of two replays by topic and stamp.

    Raises:
        JetSegError: none match.
    """
    a, b = (_by_key(folder, report) for folder, report in zip(folders, reports, strict=True))
    keys = [key for key in a if key in b]
    if not keys:
        raise JetSegError(
            f"{folders[0]} and {folders[1]} share no frame (topic and stamp); compare replays of one bag"
        )
    return PairedFrames(keys, ([a[key] for key in keys], [b[key] for key in keys]))


def paired_labels(
    folders: Sequence[Path], reports: Sequence[Report], keys: Sequence[Key]
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Position in `keys` of each shared frame, and its label maps of A and of B, (H, W) uint8 class ids.

    Raises:
        JetSegError: the label maps of a frame have different sizes.
    """
    places = {key: i for i, key in enumerate(keys)}
    with ExitStack() as stack:
        streams = []
        for folder, report in zip(folders, reports, strict=True):
            stream = _labels(stack.enter_context(Recording(folder / FOLDER)), report)
            streams.append((key, labels) for key, labels in stream if key in places)
        # Both are in the order of the recording.
        for (key, a), (other, b) in zip(*streams, strict=False):
            if key != other:
                continue
            if a.shape != b.shape:
                raise JetSegError(
                    f"labels of {a.shape} and of {b.shape} pixels for one frame; compare replays of one bag"
                )
            yield places[key], a, b


def _by_key(folder: Path, report: Report) -> dict[Key, LoggedFrame]:
    topics = [camera.topic for camera in report.cameras]
    keys = {figure.key for figure in judged()}
    found: dict[Key, LoggedFrame] = {}
    for number, row in enumerate(rows_of(folder, report)):
        if row.fault:
            continue
        repeated = 0
        while (key := (topics[row.camera], row.stamp_ns, repeated)) in found:
            repeated += 1
        counts = {name: count for name, count in count_frame(row).items() if name in keys}
        found[key] = LoggedFrame(number, row.recorded_ns, counts)
    return found


def _labels(recording: Recording, report: Report) -> Iterator[tuple[Key, np.ndarray]]:
    """Label maps of a replay in order, each with its key."""
    topics = {topic_of(camera.prefix, LABEL): camera.topic for camera in report.cameras}
    seen: Counter[tuple[str, int]] = Counter()
    for recorded in recording.messages(topics):
        message = read_message(recorded)
        topic, stamp = topics[recorded.topic], stamp_ns(message.header) or recorded.recorded_ns
        key = (topic, stamp, seen[topic, stamp])
        seen[topic, stamp] += 1
        yield key, np.ascontiguousarray(decode_message(message)[..., 0])
