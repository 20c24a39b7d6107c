"""A rosbag2 recording as a stream of frames, read without ROS middleware."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.interfaces import Connection
from rosbags.typesys import Stores, get_typestore

from jetseg_core.errors import JetSegError
from jetseg_core.sources import Frame, FrameSource
from jetseg_ros.image_decoding import ImageError, decode_compressed, decode_image

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
BAG_SUFFIXES = frozenset({".mcap", ".db3"})


def is_bag(path: Path) -> bool:
    """Whether a path is a rosbag2 folder (it holds metadata.yaml) or one of its storage files."""
    return (path / "metadata.yaml").is_file() or path.suffix in BAG_SUFFIXES


class BagSource(FrameSource):
    """The images of one topic of a rosbag2 recording (sqlite3 or mcap), raw or compressed.

    A frame's stamp is that of the message's header, or the time of recording where that is zero.

    Args:
        path: the bag's folder, or a single .mcap or .db3 file.
        topic: which images; may be empty if the bag has images on one topic only.

    Raises:
        JetSegError: not a bag, no images in it, or none on this topic; the topics are listed.
    """

    def __init__(self, path: str | Path, topic: str = "") -> None:
        self.path = Path(path)
        # Bags recorded before Iron do not hold their message definitions; those of images never
        # changed.
        self._reader = AnyReader([self.path], default_typestore=get_typestore(Stores.ROS2_HUMBLE))
        try:
            self._reader.open()
        except (AnyReaderError, OSError) as error:
            raise JetSegError(
                f"{self.path}: cannot be read as a rosbag2 recording ({error})"
            ) from error
        self._connections = self._choose(topic)
        self._length = sum(connection.msgcount for connection in self._connections)
        duration_s = self._reader.duration * 1e-9
        if self._length > 1 and duration_s > 0:
            self.rate_hz = (self._length - 1) / duration_s

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Frame]:
        messages = self._reader.messages(connections=self._connections)
        for index, (connection, recorded_ns, data) in enumerate(messages):
            try:
                message: Any = self._reader.deserialize(data, connection.msgtype)
                image = _decode(connection, message)
            except (ImageError, AnyReaderError) as error:
                raise JetSegError(f"{self.path}: frame {index}: {error}") from error
            stamp = message.header.stamp
            yield Frame(
                image=image,
                name=f"{self.path.stem}_{index:06d}",
                stamp_ns=stamp.sec * 10**9 + stamp.nanosec or recorded_ns,
            )

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def _choose(self, topic: str) -> list[Connection]:
        images = [c for c in self._reader.connections if c.msgtype in (IMAGE, COMPRESSED_IMAGE)]
        topics = sorted({connection.topic for connection in images})
        if topic and topic not in topics:
            reason = f"no images on topic '{topic}'"
        elif not topics:
            reason = "no images in this bag"
        elif not topic and len(topics) > 1:
            reason = "images on several topics; name one"
        else:
            return [connection for connection in images if connection.topic == (topic or topics[0])]
        self._reader.close()
        raise JetSegError(
            f"{self.path}: {reason}; topics with images: {', '.join(topics) or 'none'}"
        )


def _decode(connection: Connection, message: Any) -> np.ndarray:
    return decode_image(message) if connection.msgtype == IMAGE else decode_compressed(message)
