"""A replay from the input to the finished report, and the rules for the folder of its results."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from jetseg_core.atomic_file import replacing
from jetseg_core.data.layouts import find_labels
from jetseg_core.errors import JetSegError
from jetseg_core.output_places import check_apart, check_replaceable
from jetseg_core.recording.message_fields import model_fields
from jetseg_core.recording.recording import Recording, is_bag, recording_places
from jetseg_core.replay.report.replay_report import FILE as REPORT_FILE
from jetseg_core.replay.report.replay_report import Report, load_report, save_report
from jetseg_core.replay.report.report_maker import make_report
from jetseg_core.replay.report.report_page import FILE as PAGE_FILE
from jetseg_core.replay.report.report_page import save_page
from jetseg_core.replay.run import output_bag
from jetseg_core.replay.run.frame_log import FILE as LOG_FILE
from jetseg_core.replay.run.frame_log import FrameLog
from jetseg_core.replay.run.frame_reader import FrameReader, SourceReader
from jetseg_core.replay.run.job import Job
from jetseg_core.replay.run.output_bag import OutputBag
from jetseg_core.replay.run.overlay_video import open_videos, video_paths
from jetseg_core.replay.run.progress import TerminalWatch, Watch
from jetseg_core.replay.run.recording_reader import RecordingReader
from jetseg_core.replay.run.replay_settings import (
    RUN_FILE,
    ReplaySettings,
    RunRecord,
    check_same_run,
    describe_run,
    load_run,
    save_run,
)
from jetseg_core.results.class_mask import check_class_names
from jetseg_core.results.foxglove import make_layout
from jetseg_core.runtime import create_runtime
from jetseg_core.sources.opening import is_generator, open_source

MOST_STREAMS = 4
"""Frames segmented at the same time, at most. One thread for each frame is faster than all threads for one; each
further frame costs tens of megabytes."""
LAYOUT_FILE = "foxglove.json"
_RESULTS = (PAGE_FILE, REPORT_FILE, LAYOUT_FILE, LOG_FILE, output_bag.FOLDER)


def replay_with_report(settings: ReplaySettings, watch: Watch | None = None) -> Report:
    """Replay, then write report.json, report.html and a layout for Foxglove for the frames so far.

    Raises:
        JetSegError: see `replay`; or no frame could be segmented.
    """
    replay(settings, watch)
    if all((settings.out / name).is_file() for name in (REPORT_FILE, PAGE_FILE)):
        return load_report(settings.out)  # it was finished before
    report = make_report(settings.out)
    save_report(settings.out, report)
    save_page(settings.out, report)
    _save_layout(settings.out, report)
    return report


def replay(settings: ReplaySettings, watch: Watch | None = None) -> bool:
    """Segment an input into ``settings.out``: bag, video and frame log.

    A stopped replay keeps its results and can be resumed. A finished one is not repeated.

    Args:
        watch: progress and stop request; None = a progress bar in the terminal, and Ctrl-C.

    Returns:
        True if all frames were replayed.

    Raises:
        JetSegError: the input, its labels or the model cannot be used; or `out` cannot hold the results (see
            `check_outputs`), or holds an interrupted replay that is neither to be resumed nor replaced.
    """
    check_outputs([settings])
    refuse_interrupted(settings)
    watch = watch or TerminalWatch()
    with ExitStack() as stack:
        reader = open_reader(settings)
        stack.callback(reader.close)
        prefixes = [camera.prefix for camera in reader.cameras]
        check_own(settings.out, prefixes)
        streams = min(settings.runtime.cpu_threads(), MOST_STREAMS)
        runtime = create_runtime(dataclasses.replace(settings.runtime, streams=streams))
        stack.callback(runtime.close)
        classes = runtime.description.classes
        check_class_names("--mask-class", settings.mask_classes, classes.names)
        truth = reader.open_truth(classes)
        record = describe_run(settings, runtime, reader)
        earlier = _resumed(settings, record)
        if earlier is not None and earlier["complete"]:
            return True
        settings.out.mkdir(parents=True, exist_ok=True)
        if earlier is None:
            remove_earlier(settings.out)
        for name in (REPORT_FILE, PAGE_FILE):  # they are about fewer frames
            (settings.out / name).unlink(missing_ok=True)
        # Before the first result, so that a later replay knows the results of a killed one.
        save_run(settings.out, record | {"complete": False, "warnings": []})
        bag = OutputBag(
            settings.out / output_bag.FOLDER,
            reader.cameras,
            model_fields(runtime),
            bool(reader.labels),
            bool(settings.mask_classes),
        )
        log = FrameLog(settings.out, keep=bag.rows)
        stack.callback(log.close)
        videos = open_videos(settings.out, prefixes, [c.rate_hz for c in reader.cameras])
        for video in videos:
            stack.callback(video.close)
        job = Job(settings, runtime, reader, truth, bag, log, videos)
        complete = job.run(watch)
        no_video = [f"no whole video: {video.fault}" for video in videos if video.fault]
        warnings = [*reader.warnings, *job.warnings, *no_video]
        save_run(settings.out, record | {"complete": complete, "warnings": warnings})
        return complete


def open_reader(settings: ReplaySettings) -> FrameReader:
    """Open the input of a replay.

    Raises:
        JetSegError: it cannot be opened, or a setting does not fit it.
    """
    spec = str(settings.input)
    if is_generator(spec) or not is_bag(settings.input.expanduser()):
        source = open_source(spec, mono16_bits=settings.mono16_bits)
        return SourceReader(source, settings.topics, settings.labels, settings.rate_hz)
    if settings.rate_hz:
        raise JetSegError(
            f"--rate: {spec} is a recording, which has stamps of its own; leave it out"
        )
    recording = Recording(settings.input)
    try:
        return RecordingReader(recording, settings.topics, settings.labels, settings.mono16_bits)
    except JetSegError:
        recording.close()
        raise


def check_outputs(settings: Sequence[ReplaySettings]) -> None:
    """Check that results neither lie in anything that is read, nor replace a file of another origin.

    Raises:
        JetSegError: a folder for results is, holds or lies in an input or a folder of labels; or it holds a file with
            the name of a result, and no run record.
    """
    check_apart(
        [each.out for each in settings],
        [place for each in settings for place in places_read(each.input, each.labels)],
    )
    for each in settings:
        check_own(each.out)


def places_read(path: Path, labels: str) -> list[Path]:
    """The files and folders that a replay of the input at `path` reads; `labels` as in `ReplaySettings`."""
    if is_generator(str(path)):
        return []
    path = path.expanduser()
    places = recording_places(path)
    if labels and Path(labels).expanduser().is_dir():
        places.append(Path(labels))
    elif path.is_dir() and not is_bag(path) and (found := find_labels(path).folder) is not None:
        places.append(found.path)
    return places


def check_own(out: Path, prefixes: Sequence[str] = ()) -> None:
    """Check that a replay would replace nothing but the results of an earlier one.

    Args:
        out: folder for the results.
        prefixes: of its cameras, as far as they are known.

    Raises:
        JetSegError: a file or folder of another origin has the name of a result.
    """
    names = [RUN_FILE, *_RESULTS, *(path.name for path in video_paths(out, prefixes))]
    own = _written(out)
    check_replaceable(out, dict.fromkeys([*names, *own]), own)
    output_bag.check_bag_folder(out / output_bag.FOLDER)


def remove_earlier(out: Path) -> None:
    """Remove the results of an earlier replay, except its record; `check_own` has found nothing else there."""
    for name in _written(out):
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        elif name != RUN_FILE:
            (out / name).unlink(missing_ok=True)


def refuse_interrupted(settings: ReplaySettings) -> None:
    """Check that no interrupted replay would be replaced without --overwrite.

    Raises:
        JetSegError: there is one in `out`, and it is neither to be resumed nor replaced.
    """
    earlier = load_run(settings.out)
    interrupted = earlier is not None and not earlier["complete"]
    if interrupted and not (settings.resume or settings.overwrite):
        raise JetSegError(
            f"{settings.out}: holds an interrupted replay; go on with --resume, or replace it with "
            "--overwrite"
        )


def _resumed(settings: ReplaySettings, record: RunRecord) -> RunRecord | None:
    """The record of the replay to resume; None if there is none, or it is not to be resumed."""
    earlier = load_run(settings.out)
    if not settings.resume or earlier is None or not (settings.out / LOG_FILE).is_file():
        return None
    check_same_run(settings.out, earlier, record)
    return earlier


def _written(out: Path) -> list[str]:
    """The names of the results of an earlier replay in a folder; empty if there was none."""
    record = load_run(out)
    if record is None:
        return []
    prefixes = [camera["prefix"] for camera in record["cameras"]]
    return [RUN_FILE, *_RESULTS, *(path.name for path in video_paths(out, prefixes))]


def _save_layout(folder: Path, report: Report) -> None:
    layout = make_layout(
        [camera.prefix for camera in report.cameras if camera.frames],
        report.classes,
        live=False,
        truth=report.labels is not None,
    )
    with replacing(folder / LAYOUT_FILE) as path:
        path.write_text(json.dumps(layout, indent=2) + "\n")
