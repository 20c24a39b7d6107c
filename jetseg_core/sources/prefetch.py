"""Read ahead of a paced consumer, so that slow frames do not disturb its pace."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _End:
    """Marks the end of the stream, with the error that ended it, if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Prefetch(Generic[T]):
    """Iterates over `items` in a thread of its own, at most `depth` items ahead.

    Errors of the iteration are raised where the items are consumed.
    """

    def __init__(self, items: Iterable[T], depth: int) -> None:
        self._items = items
        self._queue: queue.Queue[T | _End] = queue.Queue(depth)
        self._closed = threading.Event()
        self.filled = threading.Event()
        """Set once `depth` items are ready, or all there are."""
        self._thread = threading.Thread(target=self._run, name="jetseg-prefetch", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while not isinstance(item := self._queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    def close(self) -> None:
        """Stop reading ahead; waits for the item being read."""
        self._closed.set()
        while self._thread.is_alive():
            try:  # the thread may wait for room
                self._queue.get_nowait()
            except queue.Empty:
                self._thread.join(0.01)

    def _run(self) -> None:
        end = _End()
        try:
            for item in self._items:
                if self._queue.full():
                    self.filled.set()
                self._queue.put(item)
                if self._closed.is_set():
                    return
        except Exception as error:
            end = _End(error)
        self.filled.set()
        self._queue.put(end)
