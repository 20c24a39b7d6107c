"""Frames read ahead, then given at the times of a camera."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from jetseg_core.sources.frame import Frame

T = TypeVar("T")

LONGEST_GAP_S = 10.0
"""Longer gaps between stamps, and stamps that go back, are replaced by one period."""


def paced(
    frames: Iterable[Frame],
    stop: threading.Event,
    *,
    period_s: float,
    follow_stamps: bool,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Frame]:
    """Yield each frame when it is due by a steady clock, so that the rate does not drift.

    A late frame shifts the schedule of those after it: a camera does not catch up.

    Args:
        frames: the first one is due at once.
        stop: ends the iteration when set, also while waiting.
        period_s: time between frames, seconds.
        follow_stamps: take the time between frames from their stamps, where they have any.
        now: the steady clock, seconds.
    """
    due = now()
    previous: Frame | None = None
    for frame in frames:
        gap = period_s
        if follow_stamps and previous is not None:
            gap = _stamp_gap(previous, frame) or period_s
        if previous is not None:
            due = max(due + gap, now() - gap)
        if stop.wait(max(0.0, due - now())):
            return
        yield frame
        previous = frame


def _stamp_gap(previous: Frame, frame: Frame) -> float | None:
    if previous.stamp_ns is None or frame.stamp_ns is None:
        return None
    gap = (frame.stamp_ns - previous.stamp_ns) * 1e-9
    return gap if 0 < gap < LONGEST_GAP_S else None


class _End:
    """The end of the stream, with the error that caused it, if any."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Prefetch(Generic[T]):
    """Iterates over `items` in a thread of its own, at most `depth` items ahead, so that slow frames do not disturb
    the pace of their consumer.

    Errors of the iteration are raised in the consumer.
    """

    def __init__(self, items: Iterable[T], depth: int) -> None:
        self._items = items
        self._queue: queue.Queue[T | _End] = queue.Queue(depth)
        self._closed = threading.Event()
        self.filled = threading.Event()
        """Set once `depth` items, or all, are ready."""
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
