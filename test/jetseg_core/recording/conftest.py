"""Recordings of small noisy images, and the check that they are read whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from jetseg_core.recording.recording import Recording

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE = "sensor_msgs/msg/Image"
START_NS, PERIOD_NS = 1_700_000_000_000_000_000, 100_000_000
COUNT = 60

WriteBag = Callable[..., Path]


def image(index: int) -> Any:
    # Noise, so that compression leaves something to cut.
    data = np.random.default_rng(index).integers(0, 256, 48 * 64 * 3, np.uint8)
    time = TYPES.types["builtin_interfaces/msg/Time"](sec=1, nanosec=index)
    header = TYPES.types["std_msgs/msg/Header"](stamp=time, frame_id="camera")
    return TYPES.types[IMAGE](
        header=header, height=48, width=64, encoding="rgb8", is_bigendian=0, step=192, data=data
    )


@pytest.fixture
def write_bag(tmp_path: Path) -> WriteBag:
    def write(
        storage: StoragePlugin = StoragePlugin.MCAP,
        compression: CompressionMode = CompressionMode.NONE,
        indexes: range = range(COUNT),
        name: str = "bag",
        version: Any = 9,
    ) -> Path:
        writer = Writer(tmp_path / name, version=version, storage_plugin=storage)
        writer.set_compression(compression, CompressionFormat.ZSTD)
        with writer:
            connection = writer.add_connection("/image", IMAGE, typestore=TYPES)
            for index in indexes:
                data = TYPES.serialize_cdr(image(index), IMAGE)
                writer.write(connection, START_NS + index * PERIOD_NS, data)
        return tmp_path / name

    return write


def indexes(path: Path, **limits: int) -> list[int]:
    """Numbers of the messages read, after a check that they are whole."""
    with Recording(path) as recording:
        found = []
        for message in recording.messages(["/image"], **limits):
            index = (message.recorded_ns - START_NS) // PERIOD_NS
            read: Any = TYPES.deserialize_cdr(message.data, message.msgtype)
            np.testing.assert_array_equal(read.data, image(index).data)
            found.append(index)
        return found


MODES = [
    (StoragePlugin.MCAP, CompressionMode.NONE),
    (StoragePlugin.MCAP, CompressionMode.FILE),
    (StoragePlugin.MCAP, CompressionMode.MESSAGE),
    (StoragePlugin.MCAP, CompressionMode.STORAGE),
    (StoragePlugin.SQLITE3, CompressionMode.NONE),
    (StoragePlugin.SQLITE3, CompressionMode.FILE),
    (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
]
