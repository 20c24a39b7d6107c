"""Every recording of a fleet through the model, some at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.replay.many.bags import Bag
from jetseg_core.replay.many.bar import FleetBar
from jetseg_core.replay.many.crew import Crew, Outcome
from jetseg_core.replay.run.interruption import Interruption
from jetseg_core.replay.run.replay_outputs import check_outputs
from jetseg_core.replay.run.replay_run import refuse_interrupted
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.replay.run.run_record import check_same_run, describe_run, load_run
from jetseg_core.runtime import create_runtime

_OF_ONE = ("bag", "cameras", "labels")
"""What the record of a replay says of its recording alone."""


def replay_bags(
    bags: Sequence[Bag], settings: Sequence[ReplaySettings], crew: Crew
) -> dict[str, Outcome]:
    """Replay recordings, each with its settings; Ctrl-C ends all after the frames in work.

    Returns:
        What came of each, by name; those that were not begun are missing.
    """
    waiting = deque(zip(bags, settings, strict=True))
    outcomes: dict[str, Outcome] = {}
    running: set[str] = set()
    stopping = False
    with Interruption() as interruption, crew, FleetBar(bags) as bar:
        while running or (waiting and not stopping):
            while waiting and len(running) < crew.size and not stopping:
                bag, each = waiting.popleft()
                crew.start(
                    bag.name, replace(each, runtime=replace(each.runtime, threads=crew.threads))
                )
                running.add(bag.name)
            for name, news in crew.news():
                bar.update(name, news)
                if isinstance(news, Outcome):
                    outcomes[name] = news
                    running.remove(name)
                    if news.error:
                        bar.say(f"jetseg: {name}: {news.error}")
            if interruption.requested and not stopping:
                stopping = True
                crew.stop()
    return outcomes


def settings_of(bag: Bag, each: ReplaySettings) -> ReplaySettings:
    """The settings of one recording: its results lie in a folder of its own, and so do label images.

    A recording without such a folder of label images is replayed without labels.
    """
    labels = each.labels
    if labels and Path(labels).expanduser().is_dir():
        folder = Path(labels).expanduser() / bag.name
        labels = str(folder) if folder.is_dir() else ""
    return replace(each, bag=bag.path, out=each.out / bag.name, labels=labels)


def check_labels(bags: Sequence[Bag], each: ReplaySettings) -> None:
    """Refuse a folder of labels that is about other recordings.

    Raises:
        JetSegError: it has no folder of any recording's name.
    """
    if each.labels and not any(settings_of(bag, each).labels for bag in bags):
        raise JetSegError(
            f"--labels {each.labels}: has no folder of a recording's name ({bags[0].name}, ...); with several "
            "recordings, each has its label images in a folder of its own name"
        )


def check_begun(settings: Sequence[ReplaySettings], model_here: bool) -> None:
    """Find out before the first recording what would be wrong with every one.

    Args:
        model_here: whether the model is to run on this machine, and can be tried.

    Raises:
        JetSegError: the model cannot be used, or results would lie where they may not (see `check_outputs`), or there
            are interrupted replays that were made with other settings, or that are neither to be resumed nor replaced.
    """
    check_outputs(settings)
    for one in settings:
        refuse_interrupted(one)
    if not model_here:
        return
    with closing(create_runtime(settings[0].runtime)) as runtime:
        now = describe_run(settings[0], (), runtime)
    now = {key: value for key, value in now.items() if key not in _OF_ONE}
    for one in settings:
        earlier = load_run(one.out)
        if one.resume and earlier is not None:
            check_same_run(one.out, earlier, now)
