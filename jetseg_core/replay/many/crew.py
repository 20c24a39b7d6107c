"""Those who replay recordings at the same time, whatever they run on."""

from __future__ import annotations

import abc
import traceback
from dataclasses import dataclass

from jetseg_core.errors import JetSegError
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.replay.run.watch import Watch

REPORT_PERIOD_S = 0.5
"""How often, at most, a worker says how far it is."""


@dataclass(frozen=True)
class Progress:
    """A recording is under way."""

    done: int
    """Frames, those of earlier runs included."""
    total: int


@dataclass(frozen=True)
class Outcome:
    """A recording is finished with."""

    complete: bool
    error: str = ""
    """Why it could not be replayed."""
    begun: bool = True
    """Whether there was time to begin before all were stopped."""


class Crew(abc.ABC):
    """Replays recordings, each known by a name; entered while it works.

    Attributes:
        size: how many at the same time.
        threads: CPU threads for each; 0 = the backend's choice.
    """

    size: int
    threads: int

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abc.abstractmethod
    def start(self, name: str, settings: ReplaySettings) -> None:
        """Begin a replay."""

    @abc.abstractmethod
    def news(self) -> list[tuple[str, Progress | Outcome]]:
        """What came since the last call, after waiting for it for a moment."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Let every replay end after the frame in work, and tell its outcome."""

    @abc.abstractmethod
    def close(self) -> None:
        """End at once whatever is still under way."""


def replay_one(settings: ReplaySettings, watch: Watch) -> Outcome:
    """Replay one recording; what goes wrong becomes its outcome, so that the others go on."""
    try:
        return Outcome(replay_with_report(settings, watch).complete)
    except JetSegError as error:
        return Outcome(False, str(error).removeprefix(f"{settings.bag}: "))
    except Exception as error:  # a fault of ours, whose place must not get lost
        place = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome(
            False, f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno})"
        )
