"""One storage file of a recording, and its reader for files that are whole."""

from __future__ import annotations

import abc
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from rosbags.rosbag2 import Reader


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
        self.topics = {}
        for connection in self._reader.connections:
            count = connection.msgcount + self.topics.get(connection.topic, ("", 0))[1]
            self.topics[connection.topic] = (connection.msgtype, count)
        filled = self._reader.message_count > 0
        self.start_ns = self._reader.start_time if filled else 0
        self.end_ns = self._reader.end_time - 1 if filled else 0

    def messages(
        self, topics: Collection[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[Message]:
        """Messages of these topics recorded from `start_ns` to before `stop_ns`, in order."""
        chosen = [c for c in self._reader.connections if c.topic in topics]
        if not chosen:  # rosbags takes an empty choice for all connections
            return
        for connection, recorded_ns, data in self._reader.messages(chosen, start_ns, stop_ns):
            yield Message(connection.topic, connection.msgtype, recorded_ns, data)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
