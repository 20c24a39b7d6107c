"""What every storage file of a recording offers, whole or damaged."""

from __future__ import annotations

import abc
from collections.abc import Collection, Iterator
from typing import NamedTuple


class Message(NamedTuple):
    """A message as it was recorded."""

    topic: str
    msgtype: str
    recorded_ns: int
    data: bytes
    """CDR; where the recording is compressed by message, that of the compressor."""


class Storage(abc.ABC):
    """The messages of one file."""

    topics: dict[str, tuple[str, int]]
    """Message type and number of messages of each topic."""
    start_ns: int
    """Time of the first message; 0 where there is none."""
    end_ns: int
    """Time of the last."""

    @abc.abstractmethod
    def messages(
        self, topics: Collection[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[Message]:
        """Messages of these topics, from `start_ns` to before `stop_ns`, in order."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close the file."""


class Salvage(Storage):
    """A file that is read from its start to the first thing missing; counted when it is opened."""

    def __init__(self) -> None:
        self.topics = {}
        self.start_ns = self.end_ns = 0
        for message in self._walk():
            _, count = self.topics.get(message.topic, ("", 0))
            self.topics[message.topic] = (message.msgtype, count + 1)
            self.start_ns = min(self.start_ns or message.recorded_ns, message.recorded_ns)
            self.end_ns = max(self.end_ns, message.recorded_ns)

    def messages(
        self, topics: Collection[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[Message]:
        """Messages of these topics in the order in which they were written."""
        for message in self._walk():
            early = start_ns is not None and message.recorded_ns < start_ns
            late = stop_ns is not None and message.recorded_ns >= stop_ns
            if message.topic in topics and not early and not late:
                yield message

    @abc.abstractmethod
    def _walk(self) -> Iterator[Message]:
        """Every whole message in the order in which they were written."""
