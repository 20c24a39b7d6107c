"""The report over many recordings: the figures of all their frames together, and an entry for each recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from jetseg_core.errors import JetSegError
from jetseg_core.replay.many.replay_inputs import ReplayInput
from jetseg_core.replay.many.worker_pool import Outcome
from jetseg_core.replay.report.figures import FIGURES, Figure, count_frame
from jetseg_core.replay.report.frame_counter import FrameCounter
from jetseg_core.replay.report.replay_report import (
    FrameTotals,
    ReplaySetup,
    Report,
    load_report,
    rows_of,
    value_at,
)
from jetseg_core.replay.report.report_page import FILE as PAGE_FILE
from jetseg_core.replay.report.typed_json import FLAT

STATUSES = ("complete", "interrupted", "failed", "not begun")


@dataclass(frozen=True, kw_only=True)
class BagEntry:
    """One of many recordings. Fields from `report` on are None if it was not replayed."""

    name: str
    bag: str
    """Its path."""
    status: str
    """One of `STATUSES`."""
    error: str | None
    """Reason if it failed."""
    report: str | None = None
    """Path of its own page below the folder of the whole."""
    frames: int | None = None
    failed: int | None = None
    labelled_frames: int | None = None
    duration_s: float | None = None
    missing_frames: int | None = None
    machine: str | None = None
    warnings: list[str] | None = None
    figures: dict[str, Any] = field(default_factory=dict, metadata=FLAT)
    """Values of the table of figures, as entries of report.json."""

    def overall(self, figure: Figure) -> float | None:
        """Value of a figure for this recording, as report.json has it."""
        return value_at(self.figures, self.place(figure))

    @staticmethod
    def place(figure: Figure) -> str:
        """Dotted place of a figure in an entry, which holds no values by class."""
        return figure.json_place.removesuffix(".overall")


@dataclass(frozen=True, kw_only=True)
class ManyReport(ReplaySetup, FrameTotals):
    """The report of the replays of many recordings.

    Its figures are of the pixels and frames of all recordings together: none is a mean of means.
    """

    complete: bool
    recordings: dict[str, int]
    """Number of recordings by status."""
    bags: list[BagEntry]


def make_many_report(
    out: Path, bags: Sequence[ReplayInput], outcomes: Mapping[str, Outcome]
) -> ManyReport:
    """Count the frames of the replays in the folders of their names below `out`.

    Raises:
        JetSegError: no recording could be replayed.
    """
    totals: FrameCounter | None = None
    setup: dict[str, Any] = {}
    entries = []
    for bag in bags:
        outcome = outcomes.get(bag.name)
        status = _status(outcome)
        if status in ("failed", "not begun"):
            error = (outcome and outcome.error) or None
            entries.append(BagEntry(name=bag.name, bag=str(bag.path), status=status, error=error))
            continue
        report = load_report(out / bag.name)
        if totals is None:
            setup = {one.name: getattr(report, one.name) for one in fields(ReplaySetup)}
            totals = FrameCounter(report.classes.names, report.regions)
        for row in rows_of(out / bag.name, report):
            totals.add(row, count_frame(row))
        entries.append(_entry(bag, status, report))
    if totals is None:
        reasons = dict.fromkeys(outcome.error for outcome in outcomes.values() if outcome.error)
        raise JetSegError(
            f"none of {len(bags)} recordings could be replayed: {'; '.join(reasons) or 'interrupted'}"
        )
    counts = Counter(entry.status for entry in entries)
    return ManyReport(
        **setup,
        **vars(totals.report()),
        complete=counts["complete"] == len(entries),
        recordings={status: counts[status] for status in STATUSES},
        bags=entries,
    )


def _status(outcome: Outcome | None) -> str:
    if outcome is None or not outcome.begun:
        return "not begun"
    if outcome.error:
        return "failed"
    return "complete" if outcome.complete else "interrupted"


def _entry(bag: ReplayInput, status: str, report: Report) -> BagEntry:
    figures: dict[str, Any] = {}
    for figure in FIGURES:
        head, _, rest = BagEntry.place(figure).partition(".")
        value = report.overall(figure)
        if rest:
            figures.setdefault(head, {})[rest] = value
        else:
            figures[head] = value
    return BagEntry(
        name=bag.name,
        bag=str(bag.path),
        status=status,
        error=None,
        report=f"{bag.name}/{PAGE_FILE}",
        frames=report.frames,
        failed=report.failed,
        labelled_frames=report.labelled_frames,
        duration_s=max(camera.duration_s for camera in report.cameras),
        missing_frames=sum(camera.gaps.missing_frames for camera in report.cameras),
        machine=str(report.machine),
        warnings=report.warnings,
        figures=figures,
    )
