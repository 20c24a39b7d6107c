"""The replay itself: every frame of a recording once, in order, through the node's own steps."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack

from jetseg_core.errors import JetSegError
from jetseg_core.recording import Recording
from jetseg_core.recording.message_fields import model_fields
from jetseg_core.replay.report.replay_report import FILE as REPORT_FILE
from jetseg_core.replay.report.report_page import FILE as PAGE_FILE
from jetseg_core.replay.run import output_bag
from jetseg_core.replay.run.cameras import Camera, choose_cameras
from jetseg_core.replay.run.frame_log import FILE as LOG_FILE
from jetseg_core.replay.run.frame_log import FrameLog
from jetseg_core.replay.run.frames import FrameReader
from jetseg_core.replay.run.job import Job
from jetseg_core.replay.run.output_bag import OutputBag
from jetseg_core.replay.run.overlay_video import OverlayVideo, video_paths
from jetseg_core.replay.run.replay_outputs import check_outputs, check_own, remove_earlier
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.replay.run.run_record import (
    RunRecord,
    check_same_run,
    describe_run,
    load_run,
    save_run,
)
from jetseg_core.replay.run.watch import TerminalWatch, Watch
from jetseg_core.runtime import create_runtime

MOST_STREAMS = 4
"""Frames segmented at the same time, at most. With a thread each they waste less than all threads on one frame do; each
more costs tens of megabytes."""


def replay(settings: ReplaySettings, watch: Watch | None = None) -> bool:
    """Segment a recording into ``settings.out``: bag, video and frame log.

    What there is when it is stopped stays and can be gone on with; one that is finished is not done again.

    Args:
        watch: is told how far it is, and stops it; None = a progress bar in the terminal, and Ctrl-C.

    Returns:
        Whether all frames were replayed.

    Raises:
        JetSegError: the recording, its labels or the model cannot be used, or `out` is none that the results may
            lie in (see `check_outputs`), or holds an interrupted replay that is neither to be resumed nor replaced.
    """
    check_outputs([settings])
    refuse_interrupted(settings)
    watch = watch or TerminalWatch()
    with ExitStack() as stack:
        recording = stack.enter_context(Recording(settings.bag))
        cameras = choose_cameras(recording, settings.topics, settings.labels)
        prefixes = [camera.prefix for camera in cameras]
        check_own(settings.out, prefixes)
        streams = min(settings.runtime.cpu_threads(), MOST_STREAMS)
        runtime = create_runtime(dataclasses.replace(settings.runtime, streams=streams))
        stack.callback(runtime.close)
        classes = runtime.description.classes
        reader = FrameReader(recording, cameras, settings.labels, classes)
        record = describe_run(settings, cameras, runtime)
        earlier = _resumed(settings, record)
        if earlier is not None and earlier["complete"]:
            return True
        settings.out.mkdir(parents=True, exist_ok=True)
        if earlier is None:
            remove_earlier(settings.out)
        for name in (REPORT_FILE, PAGE_FILE):  # they tell of fewer frames
            (settings.out / name).unlink(missing_ok=True)
        # Before the first result, so that a replay that is killed knows it for its own.
        save_run(settings.out, record | {"complete": False, "warnings": []})
        bag = OutputBag(
            settings.out / output_bag.FOLDER, cameras, model_fields(runtime), reader.has_labels
        )
        log = FrameLog(settings.out, keep=bag.rows)
        stack.callback(log.close)
        videos = [
            OverlayVideo(path, _rate_hz(camera, recording))
            for path, camera in zip(video_paths(settings.out, prefixes), cameras, strict=True)
        ]
        for video in videos:
            stack.callback(video.close)
        job = Job(settings, cameras, runtime, reader, bag, log, videos)
        complete = job.run(watch)
        warnings = [*recording.warnings, *job.warnings]
        save_run(settings.out, record | {"complete": complete, "warnings": warnings})
        return complete


def refuse_interrupted(settings: ReplaySettings) -> None:
    """Do not replace an interrupted replay unasked.

    Raises:
        JetSegError: there is one in `out`, and nothing is said about it.
    """
    earlier = load_run(settings.out)
    interrupted = earlier is not None and not earlier["complete"]
    if interrupted and not (settings.resume or settings.overwrite):
        raise JetSegError(
            f"{settings.out}: holds an interrupted replay; go on with --resume, or replace it with "
            "--overwrite"
        )


def _resumed(settings: ReplaySettings, record: RunRecord) -> RunRecord | None:
    """The record of the replay to go on with; None where there is none, or it was not asked for."""
    earlier = load_run(settings.out)
    if not settings.resume or earlier is None or not (settings.out / LOG_FILE).is_file():
        return None
    check_same_run(settings.out, earlier, record)
    return earlier


def _rate_hz(camera: Camera, recording: Recording) -> float:
    if camera.messages < 2 or recording.duration_s <= 0:
        return 10.0
    return min(120.0, max(1.0, (camera.messages - 1) / recording.duration_s))
