"""What a replay writes into its folder, and what of that an earlier one has left there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from jetseg_core.output_places import check_apart, check_replaceable
from jetseg_core.recording.recording import METADATA
from jetseg_core.replay.report import replay_report as report
from jetseg_core.replay.report import report_page
from jetseg_core.replay.run import frame_log, output_bag, run_record
from jetseg_core.replay.run.overlay_video import video_paths
from jetseg_core.replay.run.replay_settings import ReplaySettings

LAYOUT_FILE = "foxglove.json"
_ALWAYS = (report_page.FILE, report.FILE, LAYOUT_FILE, frame_log.FILE, output_bag.FOLDER)


def check_outputs(settings: Sequence[ReplaySettings]) -> None:
    """Refuse replays whose results would lie in what they read, or over what no replay has written.

    Raises:
        JetSegError: a folder for results is, holds or lies in a recording or a folder of labels; or in it is something
            in the way, and no run record says that it is a replay's.
    """
    check_apart(
        [each.out for each in settings],
        [place for each in settings for place in places_read(each.bag, each.labels)],
    )
    for each in settings:
        check_own(each.out)


def places_read(bag: Path, labels: str) -> Iterator[Path]:
    """The recording, all of it where one of its files is named, and the folder of labels if it is one."""
    bag = bag.expanduser()
    yield bag
    if bag.is_file() and (bag.parent / METADATA).is_file():
        yield bag.parent
    if labels and Path(labels).expanduser().is_dir():
        yield Path(labels)


def check_own(out: Path, prefixes: Sequence[str] = ()) -> None:
    """Refuse to write over what no replay has written.

    Args:
        out: where the results of one are to lie.
        prefixes: of its cameras, as far as they are known.

    Raises:
        JetSegError: something of theirs has the name of a result.
    """
    names = [run_record.FILE, *_ALWAYS, *(path.name for path in video_paths(out, prefixes))]
    own = _written(out)
    check_replaceable(out, dict.fromkeys([*names, *own]), own)
    output_bag.check_bag_folder(out / output_bag.FOLDER)


def remove_earlier(out: Path) -> None:
    """Remove what an earlier replay has left, but for its record; `check_own` has found nothing else there."""
    for name in _written(out):
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        elif name != run_record.FILE:
            (out / name).unlink(missing_ok=True)


def _written(out: Path) -> list[str]:
    """The names under which an earlier replay has written here; empty where there was none."""
    record = run_record.load_run(out)
    if record is None:
        return []
    prefixes = [camera["prefix"] for camera in record["cameras"]]
    return [run_record.FILE, *_ALWAYS, *(path.name for path in video_paths(out, prefixes))]
