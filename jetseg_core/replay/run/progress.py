"""Progress of a replay, and requests to stop it."""

from __future__ import annotations

import abc
import signal
import threading
from types import FrameType
from typing import Any

from tqdm import tqdm


class Interruption:
    """While entered, the first SIGINT or SIGTERM sets `requested`; the next one interrupts as usual."""

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():  # Python allows no other
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._request)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            signal.default_int_handler(number, frame)
        self.requested = True


class Watch(abc.ABC):
    """Progress display and stop request of a replay; entered while frames are replayed."""

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @abc.abstractmethod
    def show(self, done: int, total: int) -> None:
        """Show the number of finished frames; called before the first frame and after each."""

    @property
    @abc.abstractmethod
    def stopping(self) -> bool:
        """True if the replay is to end after the frame in work."""


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
        """True once Ctrl-C was pressed."""
        return self._interruption.requested
