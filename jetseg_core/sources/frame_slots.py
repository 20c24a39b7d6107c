"""The newest frame of each camera, waiting for the worker: nothing queues, no camera starves."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Counts:
    """What became of a camera's frames.

    Always: received == processed + replaced + stale + failed + waiting.
    """

    received: int = 0
    processed: int = 0
    replaced: int = 0
    """Overtaken by a newer frame before their turn came."""
    stale: int = 0
    """Too old when their turn came, or still waiting when the node was deactivated."""
    failed: int = 0
    """Could not be decoded or segmented."""
    waiting: int = 0
    """In the slot (at most one) or in work (at most two: one is segmented, one published)."""
    failures: Counter[str] = field(default_factory=Counter)
    """Failed frames by reason."""


class FrameSlots(Generic[T]):
    """One slot per camera, filled by callbacks and emptied by one worker thread.

    A newer frame replaces the one that waits. `take` serves the camera that was served longest ago.
    Every frame taken must be ended by `processed`, `stale` or `failed`.
    """

    def __init__(self, cameras: int) -> None:
        self._changed = threading.Condition()  # its lock is reentrant
        self._slots: list[T | None] = [None] * cameras
        self._counts = [Counts() for _ in range(cameras)]
        self._turn = list(range(cameras))  # served longest ago first
        self._open = True

    def put(self, camera: int, frame: T) -> None:
        """Store the newest frame of a camera in place of one that still waits there."""
        with self._changed:
            counts = self._counts[camera]
            counts.received += 1
            if not self._open:
                counts.stale += 1
                return
            if self._slots[camera] is None:
                counts.waiting += 1
            else:
                counts.replaced += 1
            self._slots[camera] = frame
            self._changed.notify()

    def take(self) -> tuple[int, T] | None:
        """Wait for a frame; returns its camera and the frame, or None once `close` was called."""
        with self._changed:
            while self._open:
                for camera in self._turn:
                    frame = self._slots[camera]
                    if frame is not None:
                        self._slots[camera] = None
                        self._turn.remove(camera)
                        self._turn.append(camera)
                        return camera, frame
                self._changed.wait()
            return None

    def processed(self, camera: int) -> None:
        """The frame taken from this camera was served."""
        with self._changed:
            self._counts[camera].waiting -= 1
            self._counts[camera].processed += 1

    def stale(self, camera: int) -> None:
        """The frame taken from this camera was too old to be served."""
        with self._changed:
            self._counts[camera].waiting -= 1
            self._counts[camera].stale += 1

    def failed(self, camera: int, reason: str) -> None:
        """The frame taken from this camera could not be served."""
        with self._changed:
            self._counts[camera].waiting -= 1
            self._counts[camera].failed += 1
            self._counts[camera].failures[reason] += 1

    def counts(self, camera: int) -> Counts:
        """A consistent copy of the camera's counters."""
        with self._changed:
            counts = self._counts[camera]
            return replace(counts, failures=Counter(counts.failures))

    def open(self) -> None:
        """Take frames (again); the counters go on where they were."""
        with self._changed:
            self._open = True

    def close(self) -> None:
        """Make `take` return None; what waits, and what is put from now on, counts as stale."""
        with self._changed:
            self._open = False
            for camera, frame in enumerate(self._slots):
                if frame is not None:
                    self._slots[camera] = None
                    self.stale(camera)
            self._changed.notify_all()
