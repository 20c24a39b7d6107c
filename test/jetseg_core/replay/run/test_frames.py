"""Frames and their labels in either order, with a bounded number waiting."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_fields import IMAGE, image_fields
from jetseg_core.recording.message_types import bag_types
from jetseg_core.recording.storage import Message
from jetseg_core.replay.run.frame_reader import ReplayFrame
from jetseg_core.replay.run.recording_reader import (
    LABEL_WINDOW,
    RecordingReader,
    choose_cameras,
)
from test.jetseg_core.replay.conftest import CAMERA, LABELS, SIZE, header

PIXELS = np.zeros(SIZE, np.uint8)


class Fake:
    """A recording of images and labels with the stamps given, that counts what was read of it."""

    path = "fake"

    def __init__(self, order: Sequence[tuple[str, int]]) -> None:
        self._order = order
        self.topics = {topic: (IMAGE, 1) for topic, _ in order}
        self.warnings: list[str] = []
        self.read = 0

    def rate_hz(self, topic: str) -> float:
        return 10.0

    def messages(self, topics: Collection[str]) -> Iterator[Message]:
        for topic, stamp in self._order:
            self.read += 1
            message = bag_types().types[IMAGE](header=header(stamp), **image_fields(PIXELS))
            yield Message(topic, IMAGE, stamp, bytes(bag_types().serialize_cdr(message, IMAGE)))


def read(fake: Any) -> Iterator[ReplayFrame]:
    return RecordingReader(fake, [CAMERA], LABELS).frames()


@pytest.mark.parametrize("late", [0, 1, 5])
@pytest.mark.parametrize("first", [CAMERA, LABELS])
def test_labels_find_their_images(first: str, late: int) -> None:
    second = LABELS if first == CAMERA else CAMERA
    order = []
    for stamp in range(1, 21 + late):
        order += [(first, stamp)] if stamp <= 20 else []
        order += [(second, stamp - late)] if stamp > late else []
    frames = list(read(Fake(order)))
    assert [frame.stamp_ns for frame in frames] == list(range(1, 21))
    assert all(frame.label is not None for frame in frames)


def test_frames_without_a_label_do_not_pile_up() -> None:
    labelled = (3, 90, 150)
    order = []
    for stamp in range(1, 201):
        order += [(CAMERA, stamp)] + ([(LABELS, stamp)] if stamp in labelled else [])
    fake = Fake(order)
    served = []
    for frame in read(fake):
        served.append(frame)
        assert fake.read - len(served) <= LABEL_WINDOW + len(labelled) + 1
    assert [frame.stamp_ns for frame in served] == list(range(1, 201))
    assert tuple(f.stamp_ns for f in served if f.label is not None) == labelled


def test_labels_without_an_image_do_not_pile_up() -> None:
    order = [(LABELS, stamp) for stamp in range(1000, 1200)] + [(CAMERA, 1199), (CAMERA, 1000)]
    frames = list(read(Fake(order)))
    assert [frame.label is not None for frame in frames] == [True, False]


def test_names_of_cameras_and_of_their_outputs() -> None:
    names = ["/image", "/left", "/front/image_raw", "/front/image_raw/compressed", "/cam/image_raw"]
    names += [
        "/cam/image_rect",
        "/segmentation/overlay",
        "/front/segmentation/label",
        "/depth/image",
    ]
    fake: Any = Fake([(name, 1) for name in names])
    found = {camera.topic: camera.prefix for camera in choose_cameras(fake, (), "")}
    assert found == {
        "/image": "",
        "/left": "/left",
        "/front/image_raw": "/front",
        "/cam/image_raw": "/cam/image_raw",
        "/cam/image_rect": "/cam/image_rect",
    }
    assert "/depth/image" in fake.warnings[0] and "/left" not in fake.warnings[0]
    (named,) = choose_cameras(fake, ("/front/image_raw/compressed",), "")
    assert named.prefix == "/front"
    with pytest.raises(JetSegError, match="no images on topic '/right'"):
        choose_cameras(fake, ("/right",), "")
