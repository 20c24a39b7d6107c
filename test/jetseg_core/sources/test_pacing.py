"""The camera's clockwork: read ahead, then on time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from jetseg_core.sources import Frame
from jetseg_core.sources.pacing import Prefetch, paced

PICTURE = np.zeros((1, 1, 3), np.uint8)


def frames(stamps_ms: list[int | None]) -> list[Frame]:
    return [
        Frame(PICTURE, str(i), None if stamp is None else stamp * 1_000_000)
        for i, stamp in enumerate(stamps_ms)
    ]


class Clock(threading.Event):
    """Time that passes only while somebody waits or works, so that a busy machine changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0

    def now(self) -> float:
        return self.now_s

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None and timeout >= 0
        self.now_s += timeout
        return self.is_set()


def times_ms(
    clock: Clock, source: Iterable[Frame], *, period_s: float, follow_stamps: bool
) -> np.ndarray:
    """Time of each frame since the first, milliseconds."""
    times = []
    for _ in paced(source, clock, period_s=period_s, follow_stamps=follow_stamps, now=clock.now):
        times.append(clock.now())
        clock.wait(0.003)  # the consumer of the frames has work to do, too
    return 1e3 * (np.array(times) - times[0])


def test_a_steady_rate_does_not_drift() -> None:
    times = times_ms(Clock(), frames([None] * 40), period_s=0.01, follow_stamps=True)
    assert times == pytest.approx(10 * np.arange(40))


def test_being_late_once_does_not_make_the_later_ones_late() -> None:
    clock = Clock()

    def slow_once() -> Iterator[Frame]:
        for index, frame in enumerate(frames([None] * 6)):
            if index == 3:
                clock.wait(0.011)  # ready 4 ms after it was due
            yield frame

    times = times_ms(clock, slow_once(), period_s=0.01, follow_stamps=False)
    assert times == pytest.approx([0, 10, 20, 34, 40, 50])


def test_stamps_are_followed_except_where_they_make_no_sense() -> None:
    stamps: list[int | None] = [5000, 5030, 5040, 100, 130, 9_000_130, None]
    times = times_ms(Clock(), frames(stamps), period_s=0.05, follow_stamps=True)
    assert np.diff(times) == pytest.approx([30, 10, 50, 30, 50, 50])


def test_stamps_are_ignored_at_a_rate_of_ones_own() -> None:
    stamps: list[int | None] = [0, 5000, 5001]
    times = times_ms(Clock(), frames(stamps), period_s=0.02, follow_stamps=False)
    assert times == pytest.approx([0, 20, 40])


def test_a_late_source_is_not_followed_by_a_burst() -> None:
    clock = Clock()

    def late() -> Iterator[Frame]:
        for index, frame in enumerate(frames([None] * 8)):
            if index == 3:
                clock.wait(0.2)
            yield frame

    gaps = np.diff(times_ms(clock, late(), period_s=0.02, follow_stamps=False))
    assert gaps[2] == pytest.approx(203)  # the 3 ms of work before it, too
    assert gaps[3:] == pytest.approx([3, 17, 20, 20])  # one frame is made up for, not ten


def test_it_keeps_time_by_the_machine_s_clock() -> None:
    began = time.monotonic()
    given = list(paced(frames([None] * 4), threading.Event(), period_s=0.05, follow_stamps=False))
    assert len(given) == 4 and time.monotonic() - began >= 0.15


def test_stop_ends_a_long_wait() -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    start = time.monotonic()
    assert len(list(paced(frames([None] * 3), stop, period_s=1000, follow_stamps=False))) == 1
    assert time.monotonic() - start < 10


def test_prefetch_keeps_the_order_and_fills_first() -> None:
    ahead = Prefetch(iter(range(20)), depth=5)
    assert ahead.filled.wait(10)
    assert list(ahead) == list(range(20))
    ahead.close()


def test_prefetch_is_filled_by_less_than_its_depth() -> None:
    ahead = Prefetch(iter(range(3)), depth=50)
    assert ahead.filled.wait(10)
    assert list(ahead) == [0, 1, 2]


def test_prefetch_raises_the_source_s_error() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("the third is missing")

    ahead = Prefetch(broken(), depth=5)
    seen = []
    with pytest.raises(ValueError, match="the third is missing"):
        for item in ahead:
            seen.append(item)
    assert seen == [1]


def test_prefetch_can_be_closed_while_it_is_full() -> None:
    endless = Prefetch(iter(int, 1), depth=2)
    assert endless.filled.wait(10)
    endless.close()
    assert not endless._thread.is_alive()
