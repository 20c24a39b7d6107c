"""The report of a replay: report.json, typed.

Shares are 0..1, IoU and accuracy in percent, times in the unit of their name; None means "not known".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetseg_core.atomic_file import replacing
from jetseg_core.classes import ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.plain_data import short
from jetseg_core.replay.report.figures import FIGURES, Figure
from jetseg_core.replay.report.typed_json import FLAT, from_plain, to_plain
from jetseg_core.replay.run.frame_log import FrameRow, read_rows

FILE = "report.json"


@dataclass(frozen=True)
class ModelFacts:
    """The model of a replay."""

    name: str
    preset: str
    combination: int
    sha256: str
    """SHA-256 of the checkpoint's bytes, in hex."""
    input_size: list[int]
    """Height and width of the network's input."""
    resize: str
    """Policy that fits frames into that size."""
    class_map: str | None = None
    """Name of the map that made the classes of the model's own; None = they are its own."""


@dataclass(frozen=True)
class MachineFacts:
    """The machine of a replay."""

    processor: str
    cores: int | None
    threads: int
    system: str
    """Operating system and its version."""
    python: str
    frames_at_once: int = 1

    def __str__(self) -> str:
        return (
            f"{self.processor}, {self.threads} of {self.cores} threads, frames at once: "
            f"{self.frames_at_once}"
        )


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of the latency of frames, ms."""

    p50: float
    p90: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True)
class LatencyHistogram:
    """Frames by latency; the last bin also holds the slower ones."""

    edges: list[float]
    """Ends of the bins, ms; one more than there are bins."""
    counts: list[int]


@dataclass(frozen=True)
class Latency(Percentiles):
    """Time from a message to all results of its frame, ms."""

    mean: float
    stages: dict[str, Percentiles]
    """decode (pixels out of the message), infer (labels and confidence), post (occupancy and overlay)."""
    histogram: LatencyHistogram


@dataclass(frozen=True)
class FrameFigures:
    """Figures of one frame."""

    frame: int
    """Number of its row in the frame log."""
    camera: int
    """Position of its camera in `Report.cameras`."""
    stamp_ns: int
    recorded_ns: int
    latency_ms: float
    figures: dict[str, float | None] = field(metadata=FLAT)
    """Value of each figure that is known of single frames, by key."""


@dataclass(frozen=True)
class Gap:
    """A pause between two frames of a camera."""

    after_frame: int
    at_s: float
    """Time since the camera's first frame."""
    length_s: float
    missing_frames: int


@dataclass(frozen=True)
class Gaps:
    """All gaps of a camera."""

    count: int
    missing_frames: int
    longest_s: float
    longest: list[Gap]
    """The longest ones, in the order of time."""


@dataclass(frozen=True)
class ClockJump:
    """A step of the clock between two frames of a camera; rates, gaps and times are counted without it."""

    after_frame: int
    length_s: float
    """Negative for a step back."""


@dataclass(frozen=True)
class Period:
    """Time between two frames of a camera, ms."""

    p5: float
    p50: float
    p95: float
    max: float


Curve = list[float | None]
"""A figure over time; None where it is not known."""


@dataclass(frozen=True)
class Series:
    """Figures of a camera over time, as curves of equally many points; each is the mean of a group of frames."""

    points: int
    t_s: list[float] | None = None
    """Time since the camera's first segmented frame; None without points, and so are all others."""
    occupancy: dict[str, Curve] | None = None
    regions: dict[str, dict[str, Curve]] | None = None
    latency_ms: Curve | None = None
    figures: dict[str, Curve] = field(default_factory=dict, metadata=FLAT)
    """Curve of each figure, by key."""


@dataclass(frozen=True, kw_only=True)
class CameraReport:
    """Figures of one camera."""

    topic: str
    prefix: str
    """Results are on ``<prefix>/segmentation/...``."""
    frames: int
    failed: int
    faults: dict[str, int]
    """Number of frames that could not be segmented, by reason."""
    duration_s: float
    rate_hz: float | None
    """Rate by the median period."""
    mean_rate_hz: float | None = None
    period_ms: Period | None = None
    gaps: Gaps
    backwards: int
    """Number of stamps that are not later than the one before."""
    clock_jumps: list[ClockJump] | None = None
    """None without any."""
    occupancy: dict[str, float]
    """Share of each class in the labelled pixels."""
    regions: dict[str, dict[str, float]]
    """Share of each class, in each region."""
    series: Series
    figures: dict[str, Any] = field(metadata=FLAT)
    """Entries of report.json for the table of figures."""


@dataclass(frozen=True, kw_only=True)
class ReplaySetup:
    """The part of a replay's settings that several recordings of one run have in common."""

    model: ModelFacts
    classes: ClassSet
    regions: list[str]
    min_confidence: float
    backend: str
    precision: str
    device: str
    selection: str
    """The backend in words, and the reason for it."""

    @property
    def colors(self) -> dict[str, str]:
        """CSS color of each class."""
        palette = self.classes.palette
        return {
            name: f"rgb({r},{g},{b})"
            for name, (r, g, b) in zip(self.classes.names, palette, strict=True)
        }


@dataclass(frozen=True, kw_only=True)
class FrameTotals:
    """Figures over all frames."""

    frames: int
    """Frames that were segmented."""
    failed: int
    labelled_frames: int
    latency_ms: Latency
    occupancy: dict[str, float]
    """Share of each class in the labelled pixels."""
    region_occupancy: dict[str, dict[str, float]]
    """Share of each class, in each region."""
    confusion_matrix: list[list[int]] | None
    """Pixels by true class (row) and predicted class (column)."""
    figures: dict[str, Any] = field(metadata=FLAT)
    """Entries of report.json for the table of figures."""

    def to_dict(self) -> dict[str, Any]:
        """The report as report.json has it."""
        return to_plain(self)

    def has(self, figure: Figure) -> bool:
        """False if the figure needs ground truth and there is none."""
        return self.labelled_frames > 0 or not figure.needs_labels

    @property
    def class_figures(self) -> list[Figure]:
        """Figures that are given by class."""
        return [figure for figure in FIGURES if figure.by_class and self.has(figure)]

    def overall(self, figure: Figure) -> float | None:
        """Value of a figure, as report.json has it."""
        return value_at(self.figures | vars(self), figure.json_place)

    def of_class(self, figure: Figure, name: str) -> float | None:
        """Value of a figure for one class, as report.json has it."""
        return (value_at(self.figures, figure.json_class_place) or {}).get(name)


@dataclass(frozen=True, kw_only=True)
class RunFacts(ReplaySetup):
    """The replay of one recording, without its figures."""

    bag: str
    labels: str | None
    """Folder or topic of the ground truth."""
    stamps: str | None = None
    """Origin of the stamps; None for a recording, which has its own, and in reports of older versions."""
    stamp_rate_hz: float | None = None
    """Frames per second that were asked for, where frames are stamped by number."""
    mono16_bits: int | None = None
    """Bits in use of the values of 16-bit images that were asked for; None = 16."""
    region_corners: list[list[list[float]]]
    """(x, y) of the corners of each region, 0..1."""
    overlay_alpha: float
    """Share of the class color in the overlay, 0..1."""
    machine: MachineFacts
    complete: bool
    """False if the replay was interrupted."""
    warnings: list[str]


@dataclass(frozen=True, kw_only=True)
class Report(RunFacts, FrameTotals):
    """The report of the replay of one recording."""

    cameras: list[CameraReport]
    worst: list[FrameFigures]
    """Frames with the lowest mIoU, the lowest first."""
    best: list[FrameFigures]
    """Frames with the highest mIoU, the highest first."""
    timeline: list[FrameFigures]
    """Frames that are evenly spread over the recording."""


def value_at(entries: Any, place: str) -> Any:
    """Value at a dotted place in dictionaries and dataclasses, or None if it is missing."""
    for name in place.split("."):
        entries = entries.get(name) if isinstance(entries, dict) else getattr(entries, name, None)
    return entries


def stamp_text(stamp_ns: int) -> str:
    """Seconds with nine digits after the point; a double holds fewer."""
    return f"{stamp_ns // 10**9}.{stamp_ns % 10**9:09d}"


def save_report(folder: Path, report: FrameTotals) -> None:
    """Write report.json, about one recording or about many."""
    with replacing(folder / FILE) as path:
        path.write_text(json.dumps(report.to_dict(), indent=1, allow_nan=False) + "\n")


def load_report(folder: Path) -> Report:
    """Read the report.json of the replay of one recording.

    Raises:
        JetSegError: it is missing, or not the report of a replay.
    """
    path = folder / FILE
    try:
        report = from_plain(Report, json.loads(path.read_text()))
        for figure in FIGURES:
            value = report.overall(figure)
            if not isinstance(value, int | float | None):
                raise ValueError(f"{figure.json_place}: {short(value)}; expected a number")
    except (OSError, ValueError, TypeError, KeyError, RecursionError, JetSegError) as error:
        reason = getattr(error, "strerror", None) or str(error)[:300]
        raise JetSegError(
            f"{path}: not the report of a replay ({reason}); make one: jetseg replay BAG --out {folder}"
        ) from error
    return report


def rows_of(folder: Path, report: Report) -> Iterator[FrameRow]:
    """The rows of the frame log beside a report; see `read_rows`."""
    sizes = len(report.cameras), len(report.classes), len(report.regions)
    return read_rows(folder, *sizes)
