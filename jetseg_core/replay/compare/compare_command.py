"""A comparison, from the names that a user gives to the finished page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jetseg_core.atomic_file import replacing
from jetseg_core.errors import JetSegError
from jetseg_core.output_places import check_apart, check_replaceable, is_record
from jetseg_core.picture_decoding import MONO16_BITS
from jetseg_core.replay.compare.compare_page import FILE as PAGE_FILE
from jetseg_core.replay.compare.compare_page import save_comparison_page
from jetseg_core.replay.compare.comparison import Comparison, compare
from jetseg_core.replay.compare.gate import Gate
from jetseg_core.replay.replay_command import places_read, replay_with_report
from jetseg_core.replay.report.replay_report import FILE as REPORT_FILE
from jetseg_core.replay.report.replay_report import load_report
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.runtime import RuntimeSettings
from jetseg_core.runtime.model_files import find_model

FILE = "compare.json"


def compare_with_page(
    a: str,
    b: str,
    out: Path,
    *,
    gates: Sequence[str] = (),
    bag: str = "",
    topics: tuple[str, ...] = (),
    labels: str = "",
    mono16_bits: int | None = None,
    runtime: RuntimeSettings | None = None,
) -> Comparison:
    """Compare two replays, and write compare.json and compare.html.

    Args:
        a: folder of a replay, or its report.json, or a model, which is replayed into ``<out>/a`` first.
        b: likewise, into ``<out>/b``.
        out: folder of the results.
        gates: conditions on B minus A, see `GATE_HELP`.
        bag: recording to replay models on; "" = that of the other replay.
        topics: image topics to replay; empty = those of the other replay, or all.
        labels: its ground truth; "" = that of the other replay.
        mono16_bits: bits in use of the values of 16-bit images; None = those of the other replay, or 16.
        runtime: settings for models.

    Raises:
        JetSegError: an argument is neither a replay nor a model; the replays cannot be compared; `out` is, holds or
            lies in a folder that is read; or a file in `out` is not the result of a comparison.
    """
    parsed = [Gate.parse(text) for text in gates]  # before anything takes time
    given = [_replay_folder(text) for text in (a, b)]
    read = [folder for folder in given if folder is not None]
    known = load_report(read[0]) if read else None
    if mono16_bits is None:
        mono16_bits = known.mono16_bits if known is not None else None
    if known is not None and not bag:
        bag = known.bag
        topics = topics or tuple(camera.topic for camera in known.cameras)
        labels = labels or known.labels or ""
    folders = [folder or out / name for name, folder in zip("ab", given, strict=True)]
    replays = [out / name for name, folder in zip("ab", given, strict=True) if folder is None]
    if replays and bag:
        read += places_read(Path(bag), labels)
    check_apart([out, *replays], read)
    results = (FILE, PAGE_FILE)
    check_replaceable(out, results, results if is_record(out / FILE, ("a", "b", "gates")) else ())
    for text, folder in zip((a, b), folders, strict=True):
        if folder in replays:
            settings = ReplaySettings(
                input=Path(bag),
                out=folder,
                runtime=replace(runtime or RuntimeSettings(), checkpoint=text),
                topics=topics,
                labels=labels,
                mono16_bits=MONO16_BITS if mono16_bits is None else mono16_bits,
                rate_hz=(known.stamp_rate_hz or 0.0) if known is not None else 0.0,
                min_confidence=known.min_confidence if known is not None else 0.0,
                overwrite=True,
            )
            _replay_model(text, settings)
    first, second = folders
    found = compare(first, second, parsed)
    with replacing(out / FILE) as path:
        path.write_text(json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n")
    save_comparison_page(out, (first, second), found)
    return found


def _replay_folder(text: str) -> Path | None:
    """The folder of the replay that a text names, or None if it names something else."""
    path = Path(text).expanduser()
    folder = path.parent if path.name == REPORT_FILE else path
    return folder if (folder / REPORT_FILE).is_file() else None


def _replay_model(text: str, settings: ReplaySettings) -> None:
    try:
        find_model(text)
    except JetSegError as error:
        raise JetSegError(f"'{text}': not the folder of a replay, and {error}") from error
    if settings.input == Path():
        raise JetSegError(f"'{text}' is a model: name the recording to replay it on with --bag")
    replay_with_report(settings)
