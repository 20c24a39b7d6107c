"""The camera's clockwork: read ahead, then on time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from jetseg_core.sources import Frame
from jetseg_ros.pacing import paced
from jetseg_ros.prefetch import Prefetch

PICTURE = np.zeros((1, 1, 3), np.uint8)


def frames(stamps_ms: list[int | None]) -> list[Frame]:
    return [
        Frame(PICTURE, str(i), None if stamp is None else stamp * 1_000_000)
        for i, stamp in enumerate(stamps_ms)
    ]


def times_of(source: Iterator[Frame]) -> np.ndarray:
    times = []
    for _ in source:
        times.append(time.monotonic())
        time.sleep(0.003)  # whoever takes the frames has work to do, too
    return 1e3 * (np.array(times) - times[0])


def test_a_steady_rate_does_not_drift() -> None:
    stop = threading.Event()
    times = times_of(paced(frames([None] * 40), stop, period_s=0.01, follow_stamps=True))
    # No frame is early, and being late once does not make the later ones late.
    assert (times >= 10 * np.arange(40) - 1).all()
    assert np.median(times - 10 * np.arange(40)) < 5


def test_stamps_are_followed_except_where_they_make_no_sense() -> None:
    stamps: list[int | None] = [5000, 5030, 5040, 100, 130, 9_000_130, None]
    gaps = np.diff(
        times_of(paced(frames(stamps), threading.Event(), period_s=0.05, follow_stamps=True))
    )
    assert (gaps > np.array([30, 10, 50, 30, 50, 50]) - 9).all()
    assert gaps.sum() < 1000


def test_stamps_are_ignored_at_a_rate_of_ones_own() -> None:
    stamps: list[int | None] = [0, 5000, 5001]
    times = times_of(paced(frames(stamps), threading.Event(), period_s=0.02, follow_stamps=False))
    assert times[-1] < 1000


def test_a_late_source_is_not_followed_by_a_burst() -> None:
    def late() -> Iterator[Frame]:
        for index, frame in enumerate(frames([None] * 8)):
            if index == 3:
                time.sleep(0.2)
            yield frame

    gaps = np.diff(times_of(paced(late(), threading.Event(), period_s=0.02, follow_stamps=False)))
    assert gaps[2] > 150 and np.median(gaps[3:]) > 15


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


def test_prefetch_raises_what_the_source_raises() -> None:
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
