"""A crew of processes on this machine: a new one for each recording, so that none harms another."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from jetseg_core.replay.many.crew import REPORT_PERIOD_S, Crew, Outcome, Progress, replay_one
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.replay.run.watch import Watch

_WAIT_S = 0.2
_PATIENCE_S = 5.0
_LOOK_PERIOD_S = 0.05


class ProcessCrew(Crew):
    """Runs `size` processes at a time, which share the CPU threads.

    Args:
        size: 1 or more.
        threads: CPU threads for each process; 0 = an equal share.
    """

    def __init__(self, size: int, threads: int) -> None:
        self.size = size
        share = max(1, len(os.sched_getaffinity(0)) // size)
        self.threads = threads or (share if size > 1 else 0)
        # Forked, they would inherit threads' locks and an inference engine that was made for another.
        self._context = multiprocessing.get_context("spawn")
        self._running: dict[str, tuple[BaseProcess, Connection]] = {}

    def start(self, name: str, settings: ReplaySettings) -> None:
        """Begin a replay."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, settings), name=f"replay of {name}", daemon=True
        )
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        self._running[name] = process, ours

    def news(self) -> list[tuple[str, Progress | Outcome]]:
        """What came since the last call, after waiting for it for a moment."""
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
            with suppress(OSError):  # one that has ended meanwhile, which is its news
                connection.send("stop")

    def close(self) -> None:
        """End at once whatever is still under way."""
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
    """Tells the process that started this one, and listens to it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next_s = self._next_look_s = 0.0
        self._told_to_stop = False

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if (now >= self._next_s or done == total) and not self.stopping:
            self._next_s = now + REPORT_PERIOD_S
            with suppress(OSError):  # whoever listened is no more, which is a reason to stop
                self._connection.send(Progress(done, total))

    @property
    def stopping(self) -> bool:
        # Not for every frame: a look costs a system call while others wait for the interpreter.
        now = time.monotonic()
        if now >= self._next_look_s:
            self._next_look_s = now + _LOOK_PERIOD_S
            self._told_to_stop = self._connection.poll()  # whatever it says, or that it is no more
        return self._told_to_stop


def _work(connection: Connection, settings: ReplaySettings) -> None:
    """What a process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process decides
    outcome = replay_one(settings, _PipeWatch(connection))
    with suppress(OSError):  # nobody is left to be told; the results are on the disk
        connection.send(outcome)
