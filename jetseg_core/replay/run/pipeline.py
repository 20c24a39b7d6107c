"""Frames through inference and writing: each has threads of its own, so that one need not wait for the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

BESIDES = 2
"""So many frames more than are inferred at once are on their way at most: one is read, one written."""

T = TypeVar("T")
R = TypeVar("R")


class Pipeline(Generic[T, R]):
    """Takes items in order, and keeps them in order.

    Args:
        infer: called for each item, in one of `at_once` threads.
        write: called with each item and what came of it, in another thread, in order.
        at_once: how many items are inferred at the same time.
    """

    def __init__(
        self, infer: Callable[[T], R], write: Callable[[T, R], None], at_once: int = 1
    ) -> None:
        self._infer, self._write = infer, write
        self._ahead = at_once + BESIDES
        self._inferring = ThreadPoolExecutor(at_once, "jetseg-infer")
        self._writing = ThreadPoolExecutor(1, "jetseg-write")
        self._pending: deque[Future[None]] = deque()
        self._broken = False

    def put(self, item: T) -> None:
        """Send an item on its way, when there is room; raises what went wrong with one before it."""
        while len(self._pending) >= self._ahead:
            self._pending.popleft().result()
        inferred = self._inferring.submit(self._infer, item)
        self._pending.append(self._writing.submit(self._write_next, item, inferred))

    def drain(self) -> None:
        """Wait until all items are written; raises what went wrong with one."""
        while self._pending:
            self._pending.popleft().result()

    def close(self) -> None:
        """Wait for what is being written, and drop the rest."""
        self._broken = True
        self._writing.shutdown(cancel_futures=True)
        self._inferring.shutdown(cancel_futures=True)

    def _write_next(self, item: T, inferred: Future[R]) -> None:
        if self._broken:  # nothing may be written after what could not be
            return
        self._broken = True
        self._write(item, inferred.result())
        self._broken = False
