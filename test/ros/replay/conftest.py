"""Recordings of the generated street, and one replay of it that several tests look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer

from jetseg_core.runtime import RuntimeSettings
from jetseg_core.sources import Frame, GeneratorSource
from jetseg_ros.bag_types import COMPRESSED_IMAGE, IMAGE, bag_types, read_message
from jetseg_ros.message_fields import image_fields, png_fields
from jetseg_ros.recording import Recording
from jetseg_ros.replay import ReplaySettings, replay_with_report
from jetseg_ros.replay.report import Report

START_NS = 1_700_000_000_123_456_789
PERIOD_NS = 100_000_000
SIZE = (96, 128)
CAMERA, LABELS = "/front/image_raw", "/front/ground_truth"
LANE = "lane: 0.4 0.5, 0.6 0.5, 1 1, 0 1"

Make = Callable[[Frame, Any], Any]
"""A message of a frame and a header; None for no message."""
WriteDrive = Callable[..., Path]


def header(stamp_ns: int) -> Any:
    types = bag_types().types
    time = types["builtin_interfaces/msg/Time"](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return types["std_msgs/msg/Header"](stamp=time, frame_id="front")


def image(pixels: np.ndarray, head: Any) -> Any:
    return bag_types().types[IMAGE](header=head, **image_fields(pixels))


def picture(frame: Frame, head: Any) -> Any:
    return image(frame.image, head)


def truth(frame: Frame, head: Any) -> Any:
    assert frame.labels is not None
    return image(frame.labels, head)


def truth_png(frame: Frame, head: Any) -> Any:
    assert frame.labels is not None
    return bag_types().types[COMPRESSED_IMAGE](header=head, **png_fields(frame.labels))


@pytest.fixture(scope="session")
def street_frames() -> list[Frame]:
    return list(GeneratorSource(frames=9, size=SIZE, seed=2))


@pytest.fixture
def write_drive(tmp_path: Path, street_frames: list[Frame]) -> WriteDrive:
    """Writes a recording of the street with what is made of each frame, by topic; returns its folder."""

    def write(
        topics: dict[str, Make], name: str = "drive", storage: Any = StoragePlugin.MCAP
    ) -> Path:
        return write_bag(tmp_path / name, street_frames, topics, storage)

    return write


def write_bag(folder: Path, frames: list[Frame], topics: dict[str, Make], storage: Any) -> Path:
    with Writer(folder, version=9, storage_plugin=storage) as writer:
        connections: dict[str, Any] = {}
        for index, frame in enumerate(frames):
            stamp = START_NS + index * PERIOD_NS
            for topic, make in topics.items():
                message = make(frame, header(stamp))
                if message is None:
                    continue
                kind = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, kind, typestore=bag_types())
                data = bag_types().serialize_cdr(message, kind)
                writer.write(connections[topic], stamp + 7_000_000, data)  # recorded 7 ms later
    return folder


def settings(bag: Path, out: Path, **options: Any) -> ReplaySettings:
    return ReplaySettings(bag=bag, out=out, runtime=RuntimeSettings(input_size=SIZE), **options)


@pytest.fixture(scope="session")
def replayed(
    tmp_path_factory: pytest.TempPathFactory, street_frames: list[Frame]
) -> tuple[Path, Report]:
    """The folder and report of a labelled replay with a region; not to be changed."""
    folder = tmp_path_factory.mktemp("replayed")
    topics: dict[str, Make] = {CAMERA: picture, LABELS: truth}
    bag = write_bag(folder / "drive", street_frames, topics, StoragePlugin.MCAP)
    out = folder / "out"
    return out, replay_with_report(settings(bag, out, labels=LABELS, regions=(LANE,)))


STAMPS = [START_NS + index * PERIOD_NS for index in range(9)]


def outputs(folder: Path, topic: str) -> list[Any]:
    with Recording(folder / "bag") as recording:
        return [(read_message(m), m.recorded_ns) for m in recording.messages([topic])]
