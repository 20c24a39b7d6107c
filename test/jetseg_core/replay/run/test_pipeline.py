"""Items in order through two threads, few at a time, and nothing after what went wrong."""

from __future__ import annotations

import threading

import pytest

from jetseg_core.replay.run.job import BESIDES, Pipeline

AHEAD = 1 + BESIDES


def test_everything_comes_out_in_order() -> None:
    written: list[tuple[int, int]] = []
    pipeline = Pipeline[int, int](lambda item: item * item, lambda *both: written.append(both))
    for item in range(100):
        pipeline.put(item)
    pipeline.drain()
    pipeline.close()
    assert written == [(item, item * item) for item in range(100)]


def test_few_are_on_their_way_and_the_two_steps_overlap() -> None:
    inferred = threading.Semaphore(0)
    go, written = threading.Event(), []

    def infer(item: int) -> int:
        inferred.release()
        return item

    def write(item: int, found: int) -> None:
        go.wait(30)
        written.append(found)

    pipeline = Pipeline[int, int](infer, write)
    for item in range(AHEAD):
        pipeline.put(item)
    for _ in range(AHEAD):  # all are inferred while the first one is being written
        assert inferred.acquire(timeout=30)
    assert written == []
    one_more = threading.Thread(target=pipeline.put, args=(AHEAD,))
    one_more.start()
    assert not inferred.acquire(timeout=0.2)  # it waits for room
    go.set()
    one_more.join(30)
    pipeline.drain()
    pipeline.close()
    assert written == list(range(AHEAD + 1))


def test_some_are_inferred_at_once_and_written_in_order() -> None:
    together = threading.Barrier(3, timeout=30)
    written: list[int] = []

    def infer(item: int) -> int:
        together.wait()  # breaks unless three are inferred at the same time
        return item

    pipeline = Pipeline[int, int](infer, lambda item, _: written.append(item), at_once=3)
    for item in range(30):
        pipeline.put(item)
    pipeline.drain()
    pipeline.close()
    assert written == list(range(30))


@pytest.mark.parametrize("step", ["infer", "write"])
def test_nothing_is_written_after_a_failure(step: str) -> None:
    written = []

    def infer(item: int) -> int:
        if step == "infer" and item == 4:
            raise ValueError("no. 4")
        return item

    def write(item: int, _: int) -> None:
        if step == "write" and item == 4:
            raise ValueError("no. 4")
        written.append(item)

    pipeline = Pipeline[int, int](infer, write)
    with pytest.raises(ValueError, match=r"no\. 4"):
        for item in range(20):
            pipeline.put(item)
        pipeline.drain()
    pipeline.close()
    assert written == [0, 1, 2, 3]
