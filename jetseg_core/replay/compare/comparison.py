"""Two replays of one recording side by side: what differs, by how much, and how sure that is."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.recording import Recording
from jetseg_core.recording.image_decoding import decode_message
from jetseg_core.recording.message_types import read_message, stamp_ns
from jetseg_core.replay.compare.bootstrap import FrameResampler, interval
from jetseg_core.replay.compare.gate import Gate
from jetseg_core.replay.compare.paired import Key, Paired, Side, pair
from jetseg_core.replay.report.replay_report import Report, load_report
from jetseg_core.replay.run.output_bag import FOLDER, LABEL, topic_of

SHOWN = 4
"""So many frames in which the two differ most are shown."""

Comparison = dict[str, Any]


def compare(a: Path, b: Path, gates: Sequence[Gate] = ()) -> Comparison:
    """Compare the replays in two folders over the frames that both have.

    Figures are of A, of B, and B minus A with its 95 % interval; IoU, accuracy, flicker and disagreement in percent,
    latency in milliseconds. What is not known is None.

    Raises:
        JetSegError: not replays, of other classes, without a common frame, or a gate that cannot be decided.
    """
    folders = a, b
    reports = load_report(a), load_report(b)
    names = [report["classes"]["names"] for report in reports]
    if names[0] != names[1]:
        raise JetSegError(
            f"{a} has the classes {', '.join(names[0])}, {b} has {', '.join(names[1])}; only models of the same "
            "classes can be compared"
        )
    paired = pair(folders, reports)
    figures = _figures(paired, names[0])
    disagreement, most = _disagreement(folders, reports, paired)
    differences = {key: entry["difference"] for key, entry in figures.items()}
    decided = [
        {
            "condition": gate.text,
            "value": differences.get(gate.figure),
            "failed": gate.fails(differences),
        }
        for gate in gates
    ]
    return {
        "a": _identity(a, reports[0]),
        "b": _identity(b, reports[1]),
        "frames": len(paired.keys),
        "labelled_frames": int(paired.labelled.sum()),
        "figures": figures,
        "disagreement": disagreement,
        "most_different": most,
        "gates": decided,
        "failed": any(gate["failed"] for gate in decided),
    }


def _identity(folder: Path, report: Report) -> Comparison:
    keys = ("bag", "model", "backend", "precision", "device", "machine", "complete")
    return {"folder": str(folder), **{key: report[key] for key in keys}}


def _figures(paired: Paired, names: Sequence[str]) -> dict[str, Comparison]:
    """Every figure by its name, with A, B, their difference and its interval."""
    keys = ["miou", "pixel_accuracy", "flicker", "latency_p50", "latency_p95"]
    keys += [f"iou.{name}" for name in names] + [f"flicker.{name}" for name in names]
    everything = np.arange(len(paired.keys))
    a, b = (_measure(side, paired.labelled, everything) for side in (paired.a, paired.b))
    drawn = [
        _measure(paired.b, paired.labelled, draw) - _measure(paired.a, paired.labelled, draw)
        for draw in FrameResampler(len(everything)).draws()
    ]
    low, high = interval(np.array(drawn))
    columns = zip(keys, a, b, b - a, low, high, strict=True)
    words = ("a", "b", "difference", "low", "high")
    return {
        key: {
            word: None if np.isnan(value) else float(value)
            for word, value in zip(words, values, strict=True)
        }
        for key, *values in columns
    }


def _measure(side: Side, labelled: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """The figures of one side over the frames drawn, in the order of `_figures`; NaN where not known."""
    weights = np.bincount(draw, minlength=len(labelled)).astype(float)
    right, true, predicted = np.tensordot(weights * labelled, side.accuracy, 1)
    was, changed = np.tensordot(weights, side.flicker, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        iou = 100 * right / (true + predicted - right)
        occurs = true > 0
        miou = iou[occurs].mean() if occurs.any() else np.nan
        accuracy = 100 * right.sum() / true.sum()
        flicker = 100 * changed.sum() / was.sum()
        by_class = 100 * changed[:-1] / was[:-1]
    latency = np.percentile(side.latency_ms[draw], (50, 95))
    return np.array([miou, accuracy, flicker, *latency, *iou, *by_class])


def _disagreement(
    folders: Sequence[Path], reports: Sequence[Report], paired: Paired
) -> tuple[Comparison, list[Comparison]]:
    """Share of pixels labelled differently, over all shared frames, and the frames with most of them."""
    places = {key: i for i, key in enumerate(paired.keys)}
    different = pixels = 0
    most: list[tuple[float, int]] = []
    with ExitStack() as stack:
        labels_of_a, labels_of_b = (
            _labels(stack.enter_context(Recording(folder / FOLDER)), report)
            for folder, report in zip(folders, reports, strict=True)
        )
        for place, labels_a, labels_b in _together(labels_of_a, labels_of_b, places):
            if labels_a.shape != labels_b.shape:
                raise JetSegError(
                    f"labels of {labels_a.shape} and of {labels_b.shape} pixels for one frame; compare replays "
                    "of one bag"
                )
            count = int(np.count_nonzero(labels_a != labels_b))
            different, pixels = different + count, pixels + labels_a.size
            entry = (100 * count / labels_a.size, -place)
            (heapq.heappush if len(most) < SHOWN else heapq.heappushpop)(most, entry)
    shown = [
        {"disagreement": share, **_frame(paired, -negative)}
        for share, negative in sorted(most, reverse=True)
        if share > 0
    ]
    return {"overall": 100 * different / pixels if pixels else None}, shown


def _frame(paired: Paired, place: int) -> Comparison:
    topic, stamp, _ = paired.keys[place]
    sides = {
        name: {"frame": int(side.numbers[place]), "recorded_ns": int(side.recorded_ns[place])}
        for name, side in (("a", paired.a), ("b", paired.b))
    }
    return {"topic": topic, "stamp_ns": stamp, **sides}


def _labels(recording: Recording, report: Report) -> Iterator[tuple[Key, np.ndarray]]:
    """The label maps of a replay in order, each with its key."""
    topics = {topic_of(camera["prefix"], LABEL): camera["topic"] for camera in report["cameras"]}
    seen: Counter[tuple[str, int]] = Counter()
    for recorded in recording.messages(topics):
        message = read_message(recorded)
        topic, stamp = topics[recorded.topic], stamp_ns(message.header) or recorded.recorded_ns
        key = (topic, stamp, seen[topic, stamp])
        seen[topic, stamp] += 1
        yield key, np.ascontiguousarray(decode_message(message)[..., 0])


def _together(
    stream_a: Iterator[tuple[Key, np.ndarray]],
    stream_b: Iterator[tuple[Key, np.ndarray]],
    places: dict[Key, int],
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The label maps of both for every shared frame: both come in the order of the recording."""
    shared_a = (entry for entry in stream_a if entry[0] in places)
    shared_b = (entry for entry in stream_b if entry[0] in places)
    for (key, labels_a), (other, labels_b) in zip(shared_a, shared_b, strict=False):
        if key == other:
            yield places[key], labels_a, labels_b
