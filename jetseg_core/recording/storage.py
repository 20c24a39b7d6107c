"""One storage file of a recording, and its reader for files that are whole."""

from __future__ import annotations

import abc
import heapq
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag2 import Reader
from rosbags.rosbag2.storage_mcap import MAXSIZE, McapReader, msgsrc


class Message(NamedTuple):
    """A message as it was recorded."""

    topic: str
    msgtype: str
    recorded_ns: int
    data: bytes
    """CDR; compressed where the recording is compressed by message."""


class Storage(abc.ABC):
    """The messages of one file."""

    topics: dict[str, tuple[str, int]]
    """Message type and number of messages of each topic."""
    start_ns: int
    """Time of the first message; 0 for a file without messages."""
    end_ns: int
    """Time of the last message; 0 for a file without messages."""
    whole = True
    """False for a damaged file."""
    left_out: dict[str, str]
    """Topics whose messages are not CDR, as those of ROS 2 are, and their encoding."""

    @abc.abstractmethod
    def messages(
        self, topics: Collection[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[Message]:
        """Messages of these topics recorded from `start_ns` to before `stop_ns`, in order."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close the file."""


class WholeFile(Storage):
    """An undamaged file, read by rosbags.

    Raises:
        Exception: rosbags cannot read the file. Its exceptions have no common base.
    """

    def __init__(self, file: Path) -> None:
        self._reader = Reader(file)
        self._reader.open()
        self.topics, self.left_out = {}, {}
        self._connections = []
        for connection in self._reader.connections:
            assert isinstance(connection.ext, ConnectionExtRosbag2)
            if connection.ext.serialization_format not in ("cdr", ""):
                self.left_out[connection.topic] = connection.ext.serialization_format
                continue
            self._connections.append(connection)
            count = connection.msgcount + self.topics.get(connection.topic, ("", 0))[1]
            self.topics[connection.topic] = (connection.msgtype, count)
        filled = self._reader.message_count > 0
        self.start_ns = self._reader.start_time if filled else 0
        self.end_ns = self._reader.end_time - 1 if filled else 0

    def messages(
        self, topics: Collection[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[Message]:
        """Messages of these topics recorded from `start_ns` to before `stop_ns`, in order."""
        chosen = [c for c in self._connections if c.topic in topics]
        if not chosen:  # rosbags takes an empty choice for all connections
            return
        storage = self._reader.storage
        if isinstance(storage, McapReader) and storage.chunks:
            messages = _of_chunks(storage, chosen, start_ns or 0, stop_ns or MAXSIZE)
        else:
            messages = self._reader.messages(chosen, start_ns, stop_ns)
        for connection, recorded_ns, data in messages:
            yield Message(connection.topic, connection.msgtype, recorded_ns, data)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def _of_chunks(
    storage: McapReader, chosen: Collection[Connection], start_ns: int, stop_ns: int
) -> Iterator[tuple[Connection, int, bytes]]:
    """Messages in the order of time. Unlike those of rosbags, they go on after a damaged chunk."""
    of_channel = {connection.id: connection for connection in chosen}
    chunks = [
        _whole_part(chunk, of_channel, start_ns, stop_ns, storage.bio)
        for chunk in storage.chunks
        if start_ns <= chunk.message_end_time
        and chunk.message_start_time < stop_ns
        and any(map(chunk.channel_count.get, of_channel))
    ]
    for message in heapq.merge(*chunks, key=lambda message: message.timestamp):
        if message.connection is not None:
            yield message.connection, message.timestamp, message.data


def _whole_part(*chunk: Any) -> Iterator[Any]:
    with suppress(Exception):  # of many kinds; the number of missing messages is reported
        yield from msgsrc(*chunk)
