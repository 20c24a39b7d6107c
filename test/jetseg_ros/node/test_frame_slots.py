"""The latest-frame policy and its bookkeeping, without ROS."""

from __future__ import annotations

import queue
import threading
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from jetseg_ros.node.frame_slots import Counts, FrameSlots


def balanced(counts: Counts) -> bool:
    ended = counts.processed + counts.replaced + counts.stale + counts.failed
    return counts.received == ended + counts.waiting


def test_a_newer_frame_replaces_the_one_that_waits() -> None:
    slots: FrameSlots[str] = FrameSlots(1)
    for frame in ("a", "b", "c"):
        slots.put(0, frame)
    assert slots.take() == (0, "c")
    slots.processed(0)
    assert slots.counts(0) == Counts(received=3, processed=1, replaced=2)


def test_a_frame_without_subscribers_waits_for_a_newer_one() -> None:
    slots: FrameSlots[str] = FrameSlots(1)
    slots.put(0, "a")
    assert slots.take() == (0, "a")
    slots.pass_over(0)
    assert slots.counts(0) == Counts(received=1, waiting=1)
    slots.put(0, "b")
    assert slots.take() == (0, "b")
    slots.put(0, "c")
    slots.pass_over(0)
    assert slots.counts(0) == Counts(received=3, replaced=2, waiting=1)
    assert slots.take() == (0, "c")
    slots.pass_over(0)
    slots.close()
    assert slots.counts(0) == Counts(received=3, replaced=2, stale=1)


def test_the_camera_served_longest_ago_is_next() -> None:
    slots: FrameSlots[int] = FrameSlots(3)
    served = []
    for number in range(6):
        for camera in (0, 1) if number < 3 else (0, 1, 2):  # camera 0 always has a newer frame
            slots.put(camera, number)
        taken = slots.take()
        assert taken is not None
        served.append(taken[0])
        slots.processed(taken[0])
    assert served == [0, 1, 0, 2, 1, 0]


def test_take_waits_for_a_frame_and_ends_with_close() -> None:
    slots: FrameSlots[str] = FrameSlots(1)
    taken: queue.Queue[tuple[int, str] | None] = queue.Queue()

    def work() -> None:
        taken.put(slots.take())
        taken.put(slots.take())

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    slots.put(0, "frame")
    assert taken.get(timeout=10) == (0, "frame")
    slots.close()
    assert taken.get(timeout=10) is None


def test_close_makes_waiting_frames_stale_and_open_goes_on() -> None:
    slots: FrameSlots[str] = FrameSlots(1)
    slots.put(0, "a")
    slots.close()
    slots.put(0, "b")
    assert slots.take() is None
    assert slots.counts(0) == Counts(received=2, stale=2)
    slots.open()
    slots.put(0, "c")
    assert slots.take() == (0, "c")
    assert slots.counts(0) == Counts(received=3, stale=2, waiting=1)


def test_counts_are_a_copy() -> None:
    slots: FrameSlots[str] = FrameSlots(1)
    before = slots.counts(0)
    slots.put(0, "a")
    slots.take()
    slots.failed(0, "broken")
    assert asdict(before) == asdict(Counts())
    assert slots.counts(0).failures == {"broken": 1}


@given(st.lists(st.sampled_from(["put 0", "put 1", "serve", "stale", "fail", "close", "open"])))
def test_counts_always_balance(actions: list[str]) -> None:
    slots: FrameSlots[str] = FrameSlots(2)
    is_open = True
    for action in actions:
        if action.startswith("put"):
            slots.put(int(action[-1]), "frame")
        elif action in ("close", "open"):
            getattr(slots, action)()
            is_open = action == "open"
        elif is_open and any(slots.counts(camera).waiting for camera in (0, 1)):
            taken = slots.take()
            assert taken is not None
            camera = taken[0]
            assert slots.counts(camera).waiting == 1
            if action == "serve":
                slots.processed(camera)
            elif action == "stale":
                slots.stale(camera)
            else:
                slots.failed(camera, "broken")
        for camera in (0, 1):
            assert balanced(slots.counts(camera)) and slots.counts(camera).waiting <= 1
