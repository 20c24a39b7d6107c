"""Bags: written by `rosbags`, read as frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from jetseg_core.errors import JetSegError
from jetseg_core.sources import RecordingSource, open_source

TYPES = get_typestore(Stores.ROS2_JAZZY)
START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000

WriteBag = Callable[..., Path]


def picture(index: int) -> np.ndarray:
    return np.full((48, 64, 3), (40 * index, 20, 200 - 40 * index), np.uint8)


def image_message(index: int, stamped: bool = True) -> Any:
    pixels = picture(index)
    return TYPES.types["sensor_msgs/msg/Image"](
        header=header(index, stamped),
        height=48,
        width=64,
        encoding="bgr8",
        is_bigendian=0,
        step=192,
        data=pixels[..., ::-1].ravel(),
    )


def compressed_message(index: int) -> Any:
    _, data = cv2.imencode(".png", picture(index)[..., ::-1])
    return TYPES.types["sensor_msgs/msg/CompressedImage"](
        header=header(index), format="png", data=data.ravel()
    )


def header(index: int, stamped: bool = True) -> Any:
    # Exposed 20 ms before it was recorded.
    stamp = START_NS + index * PERIOD_NS - 20_000_000 if stamped else 0
    time = TYPES.types["builtin_interfaces/msg/Time"](sec=stamp // 10**9, nanosec=stamp % 10**9)
    return TYPES.types["std_msgs/msg/Header"](stamp=time, frame_id="camera")


@pytest.fixture
def write_bag(tmp_path: Path) -> Iterator[WriteBag]:
    """Writes a bag of five messages on each topic given; returns its folder."""

    def write(
        topics: dict[str, Callable[[int], Any]],
        storage: StoragePlugin = StoragePlugin.MCAP,
        name: str = "bag",
    ) -> Path:
        with Writer(tmp_path / name, version=9, storage_plugin=storage) as writer:
            for topic, make in topics.items():
                kind = make(0).__msgtype__
                connection = writer.add_connection(topic, kind, typestore=TYPES)
                for index in range(5):
                    data = TYPES.serialize_cdr(make(index), kind)
                    writer.write(connection, START_NS + index * PERIOD_NS, data)
        return tmp_path / name

    yield write


@pytest.mark.parametrize("storage", StoragePlugin, ids=lambda storage: storage.name.lower())
@pytest.mark.parametrize("make", [image_message, compressed_message])
def test_frames(write_bag: WriteBag, storage: StoragePlugin, make: Callable[[int], Any]) -> None:
    source = open_source(str(write_bag({"/camera/image": make}, storage)))
    assert isinstance(source, RecordingSource) and len(source) == 5
    assert source.rate_hz == pytest.approx(10.0)
    with source:
        for _ in range(2):  # it can be read again
            frames = list(source)
            assert len(frames) == 5
            for index, frame in enumerate(frames):
                np.testing.assert_array_equal(frame.image, picture(index))
                assert frame.stamp_ns == START_NS + index * PERIOD_NS - 20_000_000
                assert frame.labels is None
        assert len({frame.name for frame in frames}) == 5


def test_a_single_storage_file(write_bag: WriteBag) -> None:
    (file,) = write_bag({"/camera/image": image_message}).glob("*.mcap")
    with open_source(str(file)) as source:
        assert len(list(source)) == 5


def test_the_time_of_recording_stands_in_for_no_stamp(write_bag: WriteBag) -> None:
    bag = write_bag({"/camera/image": lambda index: image_message(index, stamped=False)})
    with RecordingSource(bag) as source:
        stamps = [frame.stamp_ns for frame in source]
    assert stamps == [START_NS + index * PERIOD_NS for index in range(5)]


def test_a_topic_is_chosen(write_bag: WriteBag) -> None:
    bag = write_bag({"/left/image": image_message, "/right/image": compressed_message})
    with pytest.raises(JetSegError, match=r"several topics; name one.*/left/image, /right/image"):
        RecordingSource(bag)
    with pytest.raises(JetSegError, match=r"no images on topic '/rear/image'.*/left/image"):
        RecordingSource(bag, "/rear/image")
    with RecordingSource(bag, "/right/image") as source:
        assert len(list(source)) == 5


def test_files_that_are_no_bag(write_bag: WriteBag, tmp_path: Path) -> None:
    text = TYPES.types["std_msgs/msg/String"]
    bag = write_bag({"/chatter": lambda index: text(data=str(index))})
    with pytest.raises(JetSegError, match="no images in this bag; topics with images: none"):
        open_source(str(bag))
    broken = tmp_path / "broken.mcap"
    broken.write_bytes(b"this is no bag")
    with pytest.raises(JetSegError, match=r"broken\.mcap: cannot be read as a rosbag2 recording"):
        open_source(str(broken))
    with pytest.raises(JetSegError, match="nowhere: no such file or folder; expected a rosbag2"):
        open_source(str(tmp_path / "nowhere"))
    with pytest.raises(JetSegError, match="not a rosbag2 recording, so it has no topic '/image'"):
        open_source("generator", topic="/image")


def test_a_bad_image_is_left_out_and_named(write_bag: WriteBag) -> None:
    def third_is_depth(index: int) -> Any:
        message = image_message(index)
        message.encoding = "16UC1" if index == 2 else "bgr8"
        return message

    with RecordingSource(write_bag({"/image": third_is_depth})) as source:
        assert [frame.name for frame in source] == [f"bag_{index:06d}" for index in (0, 1, 3, 4)]
        assert source.unreadable == 1 and "bag: frame 2: encoding '16UC1'" in source.warnings[0]


def depth_message(index: int) -> Any:
    message = image_message(index)
    message.encoding, message.step, message.data = "16UC1", 128, message.data[: 48 * 128]
    return message


def compressed_depth_message(index: int) -> Any:
    message = compressed_message(index)
    message.format = "16UC1; compressedDepth png"
    return message


def test_a_topic_without_pictures_is_no_camera(write_bag: WriteBag) -> None:
    topics = {
        "/image": image_message,
        "/far": depth_message,
        "/far/raw/compressedDepth": compressed_depth_message,
    }
    bag = write_bag(topics)
    with RecordingSource(bag) as source:
        assert len(list(source)) == 5
    with pytest.raises(JetSegError, match=r"'/far' is of numbers such as distances.*\(16UC1\)"):
        RecordingSource(bag, "/far")
