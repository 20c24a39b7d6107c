"""Who is told how far a replay is, and says when it shall end."""

from __future__ import annotations

import abc

from tqdm import tqdm

from jetseg_core.replay.run.interruption import Interruption


class Watch(abc.ABC):
    """Is entered while frames are replayed."""

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @abc.abstractmethod
    def show(self, done: int, total: int) -> None:
        """So many frames of so many are done; called before the first and after each."""

    @property
    @abc.abstractmethod
    def stopping(self) -> bool:
        """Whether to end after the frame in work."""


class TerminalWatch(Watch):
    """A progress bar, and Ctrl-C."""

    def __init__(self) -> None:
        self._interruption = Interruption()
        self._bar: tqdm | None = None

    def __enter__(self) -> Watch:
        self._interruption.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        self._interruption.__exit__()

    def show(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._bar is None:
            self._bar = tqdm(
                total=total, initial=done, desc="replaying", unit="frame", disable=None
            )
        self._bar.update(done - self._bar.n)

    @property
    def stopping(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._interruption.requested
