"""A pool of workers on a Ray cluster: a task for each replay."""

from __future__ import annotations

import logging
import os
import time
from importlib import import_module
from typing import Any

from jetseg_core.errors import JetSegError
from jetseg_core.replay.many.worker_pool import (
    REPORT_PERIOD_S,
    Outcome,
    Progress,
    WorkerPool,
    replay_one,
)
from jetseg_core.replay.run.progress import Watch
from jetseg_core.replay.run.replay_settings import ReplaySettings

LOCAL = "local"
_WAIT_S = 0.5
_STORE_BYTES = 100_000_000
"""Close to Ray's minimum for data between tasks; these tasks pass none."""


class RayPool(WorkerPool):
    """Tasks that ask for `threads` CPUs each, and for a GPU if the model runs on one.

    Inputs and the folder of results must have the same paths on every node, and jetseg must be installed there.

    Args:
        address: `local` (a cluster of its own on this machine, which ends with it), `auto` (the one that runs here, or
            that RAY_ADDRESS names), HOST:PORT, or ray://HOST:PORT.
        size: number of replays at the same time, as far as the cluster has room.
        threads: CPU threads for each; 0 = 1, which wastes none while there are more inputs than CPUs.
        gpu: True if each needs a GPU.

    Raises:
        JetSegError: Ray is not installed, or there is no cluster at that address.
    """

    def __init__(self, address: str, size: int, threads: int, gpu: bool) -> None:
        self._ray = ray = _connect(address)
        self.size, self.threads = size, threads or 1
        # No automatic retry: half of a replay may be there, and only --resume may continue it.
        task = ray.remote(num_cpus=self.threads, num_gpus=int(gpu), max_retries=0)
        self._work = task(_work)
        self._board = ray.remote(num_cpus=0)(_Board).remote()
        self._names: dict[Any, str] = {}
        self._heard: set[str] = set()

    def start(self, name: str, settings: ReplaySettings) -> None:
        """Begin a replay under a name, as soon as the cluster has room."""
        self._names[self._work.remote(self._board, name, settings)] = name

    def news(self) -> list[tuple[str, Progress | Outcome]]:
        """Messages since the last call, by name of the replay; waits a moment for the first."""
        ended, _ = self._ray.wait(list(self._names), timeout=_WAIT_S)
        came: list[tuple[str, Progress | Outcome]] = list(self._ray.get(self._board.take.remote()))
        self._heard |= {name for name, _ in came}
        for task in ended:
            name = self._names.pop(task)
            try:
                came.append((name, self._ray.get(task)))
            except self._ray.exceptions.TaskCancelledError:
                came.append((name, Outcome(False, begun=False)))
            except self._ray.exceptions.RayError as error:
                came.append((name, Outcome(False, f"its task on Ray ended: {error}")))
        return came

    def stop(self) -> None:
        """Let every replay end after the frame in work; waiting replays do not begin."""
        self._board.stop.remote()
        for task, name in self._names.items():
            if name not in self._heard:
                self._ray.cancel(task)

    def close(self) -> None:
        """End all running replays at once."""
        for task in self._names:
            self._ray.cancel(task, force=True)
        self._names.clear()
        self._ray.shutdown()


class _Board:
    """An actor in the cluster that holds the progress of the tasks and the request to stop."""

    def __init__(self) -> None:
        self._news: dict[str, Progress] = {}
        self._stopping = False

    def tell(self, name: str, progress: Progress) -> bool:
        """Store the progress of a task; returns True if it is to stop."""
        self._news[name] = progress
        return self._stopping

    def take(self) -> list[tuple[str, Progress]]:
        """The newest progress of each task since the last call."""
        news, self._news = self._news, {}
        return list(news.items())

    def stop(self) -> None:
        """Request all tasks to stop."""
        self._stopping = True


class _BoardWatch(Watch):
    """Sends progress to the board, and receives its request to stop.

    It never waits for an answer: Ray would give the CPU of a waiting task to another task.
    """

    def __init__(self, board: Any, name: str) -> None:
        self._ray: Any = import_module("ray")
        self._board, self._name = board, name
        self._next_s = 0.0
        self._answers: list[Any] = []
        self._stopping = False

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next_s or done == total:
            self._next_s = now + REPORT_PERIOD_S
            self._answers.append(self._board.tell.remote(self._name, Progress(done, total)))

    @property
    def stopping(self) -> bool:
        if self._answers:
            came, self._answers = self._ray.wait(self._answers, timeout=0)
            self._stopping |= any(self._ray.get(came))
        return self._stopping


def _work(board: Any, name: str, settings: ReplaySettings) -> Outcome:
    """The function of a task."""
    return replay_one(settings, _BoardWatch(board, name))


def _connect(address: str) -> Any:
    """The module ray, connected."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # it would send statistics to its makers
    options: dict[str, Any] = {}
    if address == LOCAL:
        # The only way to make Ray listen on this machine alone: otherwise it replaces 127.0.0.1 by a public address.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        cpus = len(os.sched_getaffinity(0))
        options = {
            "include_dashboard": False,
            "num_cpus": cpus,
            "object_store_memory": _STORE_BYTES,
        }
    try:
        ray = import_module("ray")
    except ModuleNotFoundError as error:
        raise JetSegError(
            f"--ray needs the Python package 'ray', which is not installed ({error}); install it: "
            "pip install 'jetseg[ray]', or pip install ray. Processes on this machine (--workers) need none"
        ) from error
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **options)
    except (ConnectionError, ImportError, RuntimeError, ValueError) as error:
        raise JetSegError(
            f"--ray {address}: no Ray cluster there ({error}); start one (ray start --head), name its HOST:PORT, or "
            "take --ray local for one on this machine alone"
        ) from error
    return ray
