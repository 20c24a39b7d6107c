"""The newest frame of each camera, and the numbers of frames by outcome."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Generic, TypeAlias, TypeVar

from sensor_msgs.msg import CompressedImage, Image

InputMessage: TypeAlias = Image | CompressedImage
"""A frame of the node."""

T = TypeVar("T")


@dataclass
class Counts:
    """Numbers of a camera's frames by outcome.

    Always: received == processed + replaced + stale + failed + waiting.
    """

    received: int = 0
    processed: int = 0
    replaced: int = 0
    """A newer frame came before their turn, or before anybody subscribed to an output."""
    stale: int = 0
    """Too old when their turn came, or still waiting when the node was deactivated."""
    failed: int = 0
    """Could not be decoded or segmented."""
    waiting: int = 0
    """Frames in the slot or passed over (at most one), or in work (at most two: one being segmented, one published)."""
    failures: Counter[str] = field(default_factory=Counter)
    """Failed frames by reason."""


class FrameSlots(Generic[T]):
    """The newest frame of each camera, stored by callbacks and taken by one worker thread.

    Nothing queues: a newer frame replaces the one that waits. No camera starves: `take` serves the camera that was
    served longest ago. Every frame taken must be ended by `processed`, `pass_over`, `stale` or `failed`.
    """

    def __init__(self, cameras: int) -> None:
        self._changed = threading.Condition()  # its lock is reentrant
        self._slots: list[T | None] = [None] * cameras
        self._counts = [Counts() for _ in range(cameras)]
        self._passed_over = [False] * cameras
        self._turn = list(range(cameras))  # served longest ago first
        self._open = True

    def put(self, camera: int, frame: T) -> None:
        """Store the newest frame of a camera; it replaces one that still waits."""
        with self._changed:
            counts = self._counts[camera]
            counts.received += 1
            if not self._open:
                counts.stale += 1
                return
            if self._slots[camera] is None and not self._passed_over[camera]:
                counts.waiting += 1
            else:
                counts.replaced += 1
            self._passed_over[camera] = False
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

    def pass_over(self, camera: int) -> None:
        """The frame taken from this camera has no subscriber: it counts as waiting until a newer one replaces it."""
        with self._changed:
            replaced = self._slots[camera] is not None
            self._passed_over[camera] = not replaced
            self._counts[camera].waiting -= replaced
            self._counts[camera].replaced += replaced

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
        """Accept frames, also after `close`; the counters continue."""
        with self._changed:
            self._open = True

    def close(self) -> None:
        """Make `take` return None; frames that wait or are put later count as stale."""
        with self._changed:
            self._open = False
            for camera, frame in enumerate(self._slots):
                if frame is not None or self._passed_over[camera]:
                    self._slots[camera], self._passed_over[camera] = None, False
                    self.stale(camera)
            self._changed.notify_all()
