"""Frames at the times at which a camera would deliver them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from jetseg_core.sources import Frame

LONGEST_GAP_S = 10.0
"""After a longer pause, or stamps that jump back, a recording goes on after one period."""


def paced(
    frames: Iterable[Frame],
    stop: threading.Event,
    *,
    period_s: float,
    follow_stamps: bool,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Frame]:
    """Yield each frame when it is due by a steady clock, so that the rate does not drift.

    When frames come later than they are due, the schedule moves on from there: a camera does not
        catch up.

    Args:
        frames: the first one is due at once.
        stop: ends the iteration when set, also while waiting.
        period_s: time between frames, seconds.
        follow_stamps: keep the source's own distances where frames have stamps, instead of
            `period_s`.
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
