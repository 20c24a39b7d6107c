"""Workers that replay many inputs at the same time, and a pool of processes on this machine."""

from __future__ import annotations

import abc
import multiprocessing
import os
import signal
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from jetseg_core.errors import JetSegError, describe_os_error
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.run.progress import Watch
from jetseg_core.replay.run.replay_settings import ReplaySettings

REPORT_PERIOD_S = 0.5
"""Least time between two messages of a worker about its progress."""
_WAIT_S = 0.2
_PATIENCE_S = 5.0
_LOOK_PERIOD_S = 0.05


@dataclass(frozen=True)
class Progress:
    """A replay that is running."""

    done: int
    """Finished frames, those of earlier runs included."""
    total: int


@dataclass(frozen=True)
class Outcome:
    """The end of a replay."""

    complete: bool
    error: str = ""
    """Reason for failure."""
    begun: bool = True
    """False if all were stopped before it began."""


class WorkerPool(abc.ABC):
    """Workers that replay inputs at the same time; entered while they work.

    Attributes:
        size: number of replays at the same time.
        threads: CPU threads for each; 0 = the backend's choice.
    """

    size: int
    threads: int

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abc.abstractmethod
    def start(self, name: str, settings: ReplaySettings) -> None:
        """Begin a replay under a name."""

    @abc.abstractmethod
    def news(self) -> list[tuple[str, Progress | Outcome]]:
        """Messages since the last call, by name of the replay; waits a moment for the first."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Let every replay end after the frame in work."""

    @abc.abstractmethod
    def close(self) -> None:
        """End all running replays at once."""


def replay_one(settings: ReplaySettings, watch: Watch) -> Outcome:
    """Replay one input; an error becomes its outcome, so that the others go on."""
    try:
        return Outcome(replay_with_report(settings, watch).complete)
    except JetSegError as error:
        return Outcome(False, str(error).removeprefix(f"{settings.input}: "))
    except OSError as error:
        return Outcome(False, describe_os_error(error))
    except Exception as error:  # a programming error, reported with its place
        place = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome(
            False, f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno})"
        )


class ProcessPool(WorkerPool):
    """A new process for each replay, so that none harms another; the processes share the CPU threads.

    Args:
        size: number of replays at the same time, 1 or more.
        threads: CPU threads for each process; 0 = an equal share.
    """

    def __init__(self, size: int, threads: int) -> None:
        self.size = size
        share = max(1, len(os.sched_getaffinity(0)) // size)
        self.threads = threads or (share if size > 1 else 0)
        # Forked processes would inherit locks of threads and the parent's inference engine.
        self._context = multiprocessing.get_context("spawn")
        self._running: dict[str, tuple[BaseProcess, Connection]] = {}

    def start(self, name: str, settings: ReplaySettings) -> None:
        """Begin a replay under a name."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, settings), name=f"replay of {name}", daemon=True
        )
        process.start()
        theirs.close()  # so that the pipe ends with the process
        self._running[name] = process, ours

    def news(self) -> list[tuple[str, Progress | Outcome]]:
        """Messages since the last call, by name of the replay; waits a moment for the first."""
        names = {connection: name for name, (_, connection) in self._running.items()}
        came: list[tuple[str, Progress | Outcome]] = []
        for connection in wait(list(names), _WAIT_S):
            assert isinstance(connection, Connection)
            name = names[connection]
            try:
                message: Progress | Outcome = connection.recv()
            except (EOFError, ConnectionResetError):
                message = Outcome(False, self._how_it_ended(name))
            came.append((name, message))
            if isinstance(message, Outcome):
                process, _ = self._running.pop(name)
                process.join()
                connection.close()
        return came

    def stop(self) -> None:
        """Let every replay end after the frame in work."""
        for _, connection in self._running.values():
            with suppress(OSError):  # it has ended meanwhile
                connection.send("stop")

    def close(self) -> None:
        """End all running replays at once."""
        for process, _ in self._running.values():
            process.terminate()
        for process, connection in self._running.values():
            process.join(_PATIENCE_S)
            if process.is_alive():
                process.kill()
            connection.close()
        self._running.clear()

    def _how_it_ended(self, name: str) -> str:
        process, _ = self._running[name]
        process.join()
        code = process.exitcode or 0
        if code >= 0:
            return f"its process ended with status {code}"
        killed = signal.Signals(-code).name
        hint = "; perhaps the machine ran out of memory" if -code == signal.SIGKILL else ""
        return f"its process was ended by {killed}{hint}"


class _PipeWatch(Watch):
    """Sends progress to the parent process, and receives its request to stop."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next_s = self._next_look_s = 0.0
        self._stop_requested = False

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if (now >= self._next_s or done == total) and not self.stopping:
            self._next_s = now + REPORT_PERIOD_S
            with suppress(OSError):  # the parent has ended, which is a reason to stop
                self._connection.send(Progress(done, total))

    @property
    def stopping(self) -> bool:
        # Not for every frame: each poll is a system call that holds the interpreter.
        now = time.monotonic()
        if now >= self._next_look_s:
            self._next_look_s = now + _LOOK_PERIOD_S
            self._stop_requested = self._connection.poll()  # any message, or the end of the parent
        return self._stop_requested


def _work(connection: Connection, settings: ReplaySettings) -> None:
    """The main function of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    outcome = replay_one(settings, _PipeWatch(connection))
    with suppress(OSError):  # the parent has ended; the results are on the disk
        connection.send(outcome)
