"""The replay of many inputs, from the paths that a user names to the finished report."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from jetseg_core.errors import JetSegError, one_line
from jetseg_core.output_places import check_apart, check_replaceable, is_record
from jetseg_core.replay.many.many_page import save_many_page
from jetseg_core.replay.many.many_report import ManyReport, make_many_report
from jetseg_core.replay.many.replay_inputs import ReplayInput, find_inputs
from jetseg_core.replay.many.worker_pool import Outcome, ProcessPool, Progress, WorkerPool
from jetseg_core.replay.replay_command import check_outputs, places_read, refuse_interrupted
from jetseg_core.replay.report.replay_report import FILE as REPORT_FILE
from jetseg_core.replay.report.replay_report import save_report
from jetseg_core.replay.report.report_page import FILE as PAGE_FILE
from jetseg_core.replay.run.progress import Interruption
from jetseg_core.replay.run.replay_settings import (
    RUN_FILE,
    ReplaySettings,
    check_same_run,
    describe_run,
    load_run,
)
from jetseg_core.runtime import create_runtime


@dataclass(frozen=True)
class ManySettings:
    """Settings of `replay_many`.

    Raises:
        JetSegError: a field holds a value that is not allowed.
    """

    paths: tuple[Path, ...]
    """Inputs, and folders to search for recordings."""
    each: ReplaySettings
    """Settings of every replay; `out` is the folder for all results, `input` is not used."""
    workers: int = 0
    """Replays at the same time; 0 = one, or with Ray as many as the cluster has room for."""
    ray: str = ""
    """Address of a Ray cluster, `auto` (the running one) or `local` (a new one on this machine);
    empty = processes on this machine."""

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise JetSegError(f"--workers: {self.workers} must be 1 or more replays at a time")


def replay_many(settings: ManySettings) -> ManyReport:
    """Replay every input into a folder of its own, and write report.json and report.html for all of them.

    The report lists each input that cannot be replayed; the others are replayed all the same.

    Raises:
        JetSegError: see `find_inputs`, `_check_labels` and `_check_all`; or `out` is, holds or lies in anything that is
            read, or holds a report of another origin; or no input could be replayed.
    """
    out = settings.each.out
    if (out / RUN_FILE).is_file():
        raise JetSegError(f"--out {out}: holds the replay of a single input; name another folder")
    inputs = find_inputs(settings.paths, out)
    check_apart(
        [out], [place for one in inputs for place in places_read(one.path, settings.each.labels)]
    )
    # The page is removed first and written last: it never lies there without the report that shows its origin.
    reports = (PAGE_FILE, REPORT_FILE)
    check_replaceable(
        out, reports, reports if is_record(out / REPORT_FILE, ("recordings", "bags")) else ()
    )
    _check_labels(inputs, settings.each)
    each = [_settings_of(one, settings.each) for one in inputs]
    _check_all(each, model_here=not settings.ray)
    pool = _open_pool(settings, len(inputs))
    for name in reports:  # they are about another run
        (out / name).unlink(missing_ok=True)
    outcomes = _replay_all(inputs, each, pool)
    report = make_many_report(out, inputs, outcomes)
    save_report(out, report)
    save_many_page(out, report)
    return report


def _replay_all(
    inputs: Sequence[ReplayInput], settings: Sequence[ReplaySettings], pool: WorkerPool
) -> dict[str, Outcome]:
    """Replay inputs, each with its settings; Ctrl-C ends all after the frames in work.

    Returns:
        Outcomes by name; replays that were not begun are missing.
    """
    waiting = deque(zip(inputs, settings, strict=True))
    outcomes: dict[str, Outcome] = {}
    running: set[str] = set()
    stopping = False
    with Interruption() as interruption, pool, ManyProgressBar(inputs) as bar:
        while running or (waiting and not stopping):
            while waiting and len(running) < pool.size and not stopping:
                one, each = waiting.popleft()
                runtime = replace(each.runtime, threads=pool.threads)
                pool.start(one.name, replace(each, runtime=runtime))
                running.add(one.name)
            for name, news in pool.news():
                bar.update(name, news)
                if isinstance(news, Outcome):
                    outcomes[name] = news
                    running.remove(name)
                    if news.error:
                        bar.say(f"jetseg: {name}: {news.error}")
            if interruption.requested and not stopping:
                stopping = True
                pool.stop()
    return outcomes


def _settings_of(one: ReplayInput, each: ReplaySettings) -> ReplaySettings:
    """The settings of one input. Its results lie in a folder of its name, and its label images likewise.

    If --labels has no folder of its name, it is replayed without --labels.
    """
    labels = each.labels
    if labels and Path(labels).expanduser().is_dir():
        folder = Path(labels).expanduser() / one.name
        labels = str(folder) if folder.is_dir() else ""
    return replace(each, input=one.path, out=each.out / one.name, labels=labels)


def _check_labels(inputs: Sequence[ReplayInput], each: ReplaySettings) -> None:
    """Check that --labels fits at least one input.

    Raises:
        JetSegError: the folder of labels has no folder of any input's name.
    """
    if each.labels and not any(_settings_of(one, each).labels for one in inputs):
        raise JetSegError(
            f"--labels {each.labels}: has no folder of a recording's name ({inputs[0].name}, ...); with several "
            "inputs, the label images of each are in a folder of its name"
        )


def _check_all(settings: Sequence[ReplaySettings], model_here: bool) -> None:
    """Check the model and the folders of results before the first replay begins.

    Args:
        settings: of all replays.
        model_here: True if the model runs on this machine, and can be tried.

    Raises:
        JetSegError: the model cannot be used; results may not lie in their folder (see `check_outputs`); or there are
            interrupted replays with other settings, or that are neither to be resumed nor replaced.
    """
    check_outputs(settings)
    for one in settings:
        refuse_interrupted(one)
    if not model_here:
        return
    with closing(create_runtime(settings[0].runtime)) as runtime:
        now = describe_run(settings[0], runtime)
    for one in settings:
        earlier = load_run(one.out)
        if one.resume and earlier is not None:
            check_same_run(one.out, earlier, now)


def _open_pool(settings: ManySettings, inputs: int) -> WorkerPool:
    runtime = settings.each.runtime
    if settings.ray:
        from jetseg_core.replay.many.ray_pool import RayPool

        size = settings.workers or inputs
        return RayPool(settings.ray, size, runtime.threads, gpu=runtime.device == "cuda")
    return ProcessPool(min(settings.workers or 1, inputs), runtime.threads)


class ManyProgressBar:
    """One progress bar for all inputs, by their size on the disk, which is known before they are opened."""

    def __init__(self, inputs: Sequence[ReplayInput]) -> None:
        self._sizes = {each.name: each.size for each in inputs}
        self._shown = dict.fromkeys(self._sizes, 0.0)
        self._frames: dict[str, int] = {}
        self._heard: set[str] = set()
        self._ended = 0
        self._bar = tqdm(
            total=sum(self._sizes.values()),
            unit="B",
            unit_scale=True,
            smoothing=0,  # replays begin and end; the overall mean is steadier
            disable=None,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]{postfix}",
        )
        self._describe()

    def __enter__(self) -> ManyProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, name: str, news: Progress | Outcome) -> None:
        """Show the progress or outcome of a replay."""
        size, before = self._sizes[name], self._shown[name]
        if isinstance(news, Outcome):
            after = float(size)
            self._ended += 1
        else:
            after = size * news.done / max(1, news.total)
        if name not in self._heard and not self._bar.disable:
            # Work of earlier runs says nothing about the time left.
            self._bar.initial += after - before
        self._heard.add(name)
        if isinstance(news, Progress):
            self._frames[name] = news.done
        self._shown[name] = after
        self._bar.update(after - before)
        self._describe()

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        self._bar.write(one_line(text), file=sys.stderr)

    def _describe(self) -> None:
        self._bar.set_description_str(
            f"replaying, {self._ended} of {len(self._sizes)} inputs done", refresh=False
        )
        self._bar.set_postfix_str(f"{sum(self._frames.values())} frames", refresh=True)
