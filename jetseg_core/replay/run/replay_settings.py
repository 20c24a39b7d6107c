"""Settings of a replay, and the record of a run: the part of its report that is known before the first frame."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetseg_core.atomic_file import replacing
from jetseg_core.bench.machine import describe_processor
from jetseg_core.errors import JetSegError
from jetseg_core.output_places import is_record
from jetseg_core.picture_decoding import MONO16_BITS, check_mono16_bits
from jetseg_core.plain_data import short
from jetseg_core.replay.run.frame_reader import FrameReader
from jetseg_core.results.regions import Region, parse_regions
from jetseg_core.runtime import Runtime, RuntimeSettings
from jetseg_core.sources.opening import is_generator

RunRecord = dict[str, Any]

RUN_FILE = "run.json"
_ANYWHERE = ("machine", "selection", "overlay_alpha")
"""Keys that may differ when a replay is resumed: they change no figures except times."""

_ABSENT: RunRecord = {"mask_classes": []}
"""Values of keys that the records of earlier versions lack."""

OF_INPUT = ("bag", "cameras", "labels", "stamps", "stamp_rate_hz")
"""Keys that describe the input."""


@dataclass(frozen=True)
class ReplaySettings:
    """Settings of `replay`.

    Raises:
        JetSegError: a field holds a value that is not allowed.
    """

    input: Path
    """A rosbag2 recording, a folder of images, a video, or the generator with its options."""
    out: Path
    """Folder for bag, video and report."""
    runtime: RuntimeSettings = field(default_factory=RuntimeSettings)
    topics: tuple[str, ...] = ()
    """Image topics of a recording to segment; empty = all cameras."""
    labels: str = ""
    """Ground truth: a topic of a recording, or a folder of label images; empty = none, or the label images found for a
    folder of images."""
    rate_hz: float = 0.0
    """Frames per second for stamps by frame number; 0 = a video's own time, 10 for a folder of images. Recordings have
    stamps of their own."""
    mono16_bits: int = MONO16_BITS
    """Bits in use of the values of 16-bit images, the low ones, 8 to 16; brighter values become white."""
    regions: tuple[str, ...] = ()
    """Polygons to report occupancy of, each 'name: x y, x y, x y', corners in 0..1."""
    min_confidence: float = 0.0
    """Pixels with less confidence (softmax maximum, 0..1) are unlabelled; 0 keeps all."""
    overlay_alpha: float = 0.5
    """Share of the class color in the overlay, 0..1."""
    mask_classes: tuple[str, ...] = ()
    """Classes of the mask that the bag gets, compared without regard to case; empty = no mask."""
    resume: bool = False
    """True to continue an interrupted replay in `out`."""
    overwrite: bool = False
    """True to replace an interrupted replay in `out`; a finished one is always replaced."""

    def __post_init__(self) -> None:
        for name in ("min_confidence", "overlay_alpha"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise JetSegError(f"--{name.replace('_', '-')}: {value} is not in 0 to 1")
        if not 0 <= self.rate_hz <= 1000:
            raise JetSegError(f"--rate: {self.rate_hz:g} is not in 0 to 1000 frames per second")
        check_mono16_bits(self.mono16_bits)
        if self.resume and self.overwrite:
            raise JetSegError("--resume and --overwrite exclude each other; give one of them")
        parse_regions(self.regions)

    @property
    def polygons(self) -> tuple[Region, ...]:
        """The regions, parsed."""
        return parse_regions(self.regions)


def describe_run(
    settings: ReplaySettings, runtime: Runtime, reader: FrameReader | None = None
) -> RunRecord:
    """Model, backend, machine, input and settings as plain data.

    Args:
        settings: of the replay.
        runtime: the loaded model.
        reader: the opened input; None leaves out the keys `OF_INPUT`.
    """
    model = runtime.description
    of_input: RunRecord = {}
    if reader is not None:
        of_input = {
            "bag": str(settings.input)
            if is_generator(str(settings.input))
            else str(settings.input.expanduser().absolute()),
            "cameras": [
                {"topic": camera.topic, "messages": camera.messages, "prefix": camera.prefix}
                for camera in reader.cameras
            ],
            "labels": reader.labels or None,
            "stamps": reader.stamps,
            "stamp_rate_hz": settings.rate_hz or None,
        }
    return {
        **of_input,
        "regions": [region.name for region in settings.polygons],
        "region_corners": [list(map(list, region.corners)) for region in settings.polygons],
        "min_confidence": settings.min_confidence,
        "overlay_alpha": settings.overlay_alpha,
        "mask_classes": list(settings.mask_classes),
        "mono16_bits": None if settings.mono16_bits == MONO16_BITS else settings.mono16_bits,
        "model": {
            "name": model.name,
            "preset": model.preset,
            "combination": model.combination,
            "sha256": model.sha256,
            "input_size": list(runtime.input_size),
            "resize": settings.runtime.resize,
            "class_map": model.class_map or None,
        },
        "classes": model.classes.to_dict(),
        "backend": runtime.backend,
        "precision": runtime.precision,
        "device": runtime.device,
        "selection": runtime.selection,
        "machine": {
            "processor": describe_processor(),
            "cores": os.cpu_count(),
            "threads": settings.runtime.cpu_threads(),
            "frames_at_once": runtime.streams,
            "system": platform.platform(),
            "python": platform.python_version(),
        },
    }


def save_run(folder: Path, record: RunRecord) -> None:
    """Write the record into a replay's folder."""
    with replacing(folder / RUN_FILE) as path:
        path.write_text(json.dumps(record, indent=2) + "\n")


def load_run(folder: Path) -> RunRecord | None:
    """The record in a folder; None if no replay was started there.

    Raises:
        JetSegError: the file is not the record of a replay.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        return None
    record = json.loads(path.read_text()) if is_record(path, ("bag", "cameras", "complete")) else {}
    cameras = record.get("cameras")
    if not isinstance(cameras, list) or not all(
        isinstance(camera, dict)
        and isinstance(camera.get("prefix"), str)
        and isinstance(camera.get("topic"), str)
        for camera in cameras
    ):
        raise JetSegError(
            f"{path}: not the record of a replay; move it away, or name another folder"
        )
    return record


def check_same_run(folder: Path, earlier: RunRecord, now: RunRecord) -> None:
    """Raise if a replay is to be resumed with other settings.

    Raises:
        JetSegError: a setting differs; the message names it.
    """
    # Through JSON, which makes lists of tuples.
    now = json.loads(json.dumps(now))
    for key in now:
        if key not in _ANYWHERE and earlier.get(key, _ABSENT.get(key)) != now[key]:
            raise JetSegError(
                f"{folder}: the interrupted replay differs in '{key}' ({short(earlier.get(key))} and not "
                f"{short(now[key])}); resume it as it was started, or replace it with --overwrite"
            )
