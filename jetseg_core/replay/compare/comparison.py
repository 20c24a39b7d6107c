"""Two replays of one recording side by side: the differences, and their confidence intervals."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.replay.compare.gate import Gate
from jetseg_core.replay.compare.pairing import PairedFrames, pair_frames, paired_labels
from jetseg_core.replay.report.figures import MIOU, Figure, judged, or_none
from jetseg_core.replay.report.replay_report import MachineFacts, ModelFacts, Report, load_report
from jetseg_core.replay.report.typed_json import to_plain

SHOWN = 4
"""Number of frames that are shown: those in which the two differ most."""
RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class ComparedReplay:
    """One side of a comparison."""

    folder: str
    bag: str
    model: ModelFacts
    backend: str
    precision: str
    device: str
    machine: MachineFacts
    complete: bool

    @classmethod
    def of(cls, folder: Path, report: Report) -> ComparedReplay:
        """The replay in a folder."""
        shared = {
            one.name: getattr(report, one.name) for one in fields(cls) if one.name != "folder"
        }
        return cls(str(folder), **shared)

    def __str__(self) -> str:
        mapped = f" by {self.model.class_map}" if self.model.class_map else ""
        return (
            f"{self.model.name}{mapped} ({self.model.sha256[:12]}), {self.backend} {self.precision} on "
            f"{self.device}, {self.machine.processor}; {self.folder}"
        )


@dataclass(frozen=True)
class Difference:
    """A figure of A and of B, and B minus A with its 95 % interval; in the figure's unit, None where not known."""

    a: float | None
    b: float | None
    difference: float | None
    low: float | None
    high: float | None

    def judgement(self, figure: Figure) -> str:
        """Return "better" or "worse", or "" if the interval includes zero."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return ""
        return "better" if (self.low > 0) == figure.more_is_better else "worse"


@dataclass(frozen=True)
class PlaceInLog:
    """A frame in the log of one replay."""

    frame: int
    recorded_ns: int


@dataclass(frozen=True)
class DifferentFrame:
    """A frame that the two replays label differently."""

    disagreement: float
    """Percent of its pixels."""
    topic: str
    stamp_ns: int
    a: PlaceInLog
    b: PlaceInLog


@dataclass(frozen=True)
class GateResult:
    """A condition on a difference; the comparison fails if it holds."""

    condition: str
    value: float
    """The difference."""
    failed: bool

    def __str__(self) -> str:
        verdict = "FAILED" if self.failed else "passed"
        return f"{verdict}: fail if {self.condition}; it is {self.value:+.2f}"


@dataclass(frozen=True)
class Comparison:
    """compare.json: two replays over the frames that both have."""

    a: ComparedReplay
    b: ComparedReplay
    frames: int
    labelled_frames: int
    figures: dict[str, Difference]
    """Differences by key: figures over all classes first, then those of each class, such as ``iou.Road``."""
    disagreement: dict[str, float | None]
    """"overall": percent of all pixels that the two label differently."""
    most_different: list[DifferentFrame]
    gates: list[GateResult]
    failed: bool

    def to_dict(self) -> dict[str, Any]:
        """The comparison as compare.json has it."""
        return to_plain(self)


def compare(a: Path, b: Path, gates: Sequence[Gate] = ()) -> Comparison:
    """Compare the replays in two folders over the frames that both have.

    Raises:
        JetSegError: a folder has no replay, the classes differ, no frame is common, or a gate cannot be decided.
    """
    folders = a, b
    reports = load_report(a), load_report(b)
    names = [report.classes.names for report in reports]
    if names[0] != names[1]:
        raise JetSegError(
            f"{a} has the classes {', '.join(names[0])}, {b} has {', '.join(names[1])}; only models of the same "
            "classes can be compared: replay with --map, which maps the classes of one to those of the other"
        )
    paired = pair_frames(folders, reports)
    figures = _figures(paired, names[0])
    share, most_different = _disagreement(folders, reports, paired)
    differences = {key: one.difference for key, one in figures.items()}
    results = [
        GateResult(gate.text, gate.value(differences), gate.fails(differences)) for gate in gates
    ]
    return Comparison(
        a=ComparedReplay.of(a, reports[0]),
        b=ComparedReplay.of(b, reports[1]),
        frames=len(paired.keys),
        labelled_frames=int(paired.known(MIOU).sum()),
        figures=figures,
        disagreement={"overall": share},
        most_different=most_different,
        gates=results,
        failed=any(result.failed for result in results),
    )


def resamples(frames: int, seed: int = 0) -> Iterator[np.ndarray]:
    """(frames,) indexes of frames drawn with replacement, for each of `RESAMPLES` draws.

    Neighbouring frames of a drive are alike, so intervals from few or short drives are narrower than those that new
    drives would give.

    Args:
        frames: number of frames, 1 or more.
        seed: another seed gives slightly different intervals.
    """
    rng = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        yield rng.integers(frames, size=frames)


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the middle 95 % of each column; NaNs are left out, and a column of NaNs gives NaN.

    Args:
        values: (draws, K).
    """
    ends = 50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)
    found = np.full((2, values.shape[1]), np.nan)
    known = ~np.isnan(values).all(axis=0)
    found[:, known] = np.nanpercentile(values[:, known], ends, axis=0)
    return found[0], found[1]


def _figures(paired: PairedFrames, names: Sequence[str]) -> dict[str, Difference]:
    """Every figure by its key: those over all classes, then those of each class."""
    overall: dict[str, Difference] = {}
    of_classes: dict[str, Difference] = {}
    for figure in judged():
        first, *others = _differences(figure, paired, len(names))
        overall[figure.key] = first
        of_classes |= dict(zip(map(figure.key_of, names), others, strict=False))
    return overall | of_classes


def _differences(figure: Figure, paired: PairedFrames, classes: int) -> list[Difference]:
    """A figure over all classes and, if it has them, its values by class."""
    known = paired.known(figure)
    if not known.any():
        return [Difference(None, None, None, None, None)] * (1 + classes * bool(figure.by_class))
    counts_a, counts_b = paired.counts(figure)
    everything = np.arange(len(known))
    a, b = (_measure(figure, counts, known, everything) for counts in (counts_a, counts_b))
    drawn = [
        _measure(figure, counts_b, known, draw) - _measure(figure, counts_a, known, draw)
        for draw in resamples(len(known))
    ]
    columns = zip(a, b, b - a, *interval(np.array(drawn)), strict=True)
    return [Difference(*map(or_none, column)) for column in columns]


def _measure(figure: Figure, counts: np.ndarray, known: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """(1 + C,) or (1,) a figure in its unit, of the frames drawn that are known; NaN where there are none."""
    pooled = figure.pool(counts, draw[known[draw]])
    overall = float(figure.overall(pooled))
    by_class = figure.by_class(pooled) if figure.by_class else np.empty(0)
    return figure.scale * np.array([overall, *by_class])


def _disagreement(
    folders: Sequence[Path], reports: Sequence[Report], paired: PairedFrames
) -> tuple[float | None, list[DifferentFrame]]:
    """Percent of pixels labelled differently over all shared frames, and the frames with most of them."""
    different = pixels = 0
    most: list[tuple[float, int]] = []
    for place, a, b in paired_labels(folders, reports, paired.keys):
        count = int(np.count_nonzero(a != b))
        different, pixels = different + count, pixels + a.size
        # Of frames that differ equally, the earlier ones are kept.
        (heapq.heappush if len(most) < SHOWN else heapq.heappushpop)(
            most, (100 * count / a.size, -place)
        )
    shown = [
        _different_frame(paired, -negative, share)
        for share, negative in sorted(most, reverse=True)
        if share > 0
    ]
    return 100 * different / pixels if pixels else None, shown


def _different_frame(paired: PairedFrames, place: int, share: float) -> DifferentFrame:
    topic, stamp_ns, _ = paired.keys[place]
    a, b = (PlaceInLog(side[place].number, side[place].recorded_ns) for side in paired.sides)
    return DifferentFrame(share, topic, stamp_ns, a, b)
