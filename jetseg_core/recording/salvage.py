"""Whole messages of damaged storage files: the recorder was killed, or a copy was cut short."""

from __future__ import annotations

import abc
import sqlite3
import struct
from collections.abc import Collection, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from backports.zstd import ZstdDecompressor
from lz4.frame import LZ4FrameDecompressor

from jetseg_core.errors import JetSegError
from jetseg_core.recording.storage import Message, Storage

MAGIC = b"\x89MCAP0\r\n"
_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _DATA_END = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F
_MESSAGE_HEAD = struct.Struct("<HIQQ")
"""Channel, sequence, time of recording, time of publication."""
_CHUNK_HEAD = struct.Struct("<QQQI")
"""First and last time, size of the records, checksum."""


class Salvage(Storage):
    """A file that is read from its start to the first damage; its messages are counted when it is opened."""

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
        """Messages of these topics in the order of the file."""
        for message in self._walk():
            early = start_ns is not None and message.recorded_ns < start_ns
            late = stop_ns is not None and message.recorded_ns >= stop_ns
            if message.topic in topics and not early and not late:
                yield message

    @abc.abstractmethod
    def _walk(self) -> Iterator[Message]:
        """All whole messages in the order of the file."""


class SalvagedSqlite(Salvage):
    """Reads the rows of a damaged database (.db3) in their order, up to the first missing page.

    Raises:
        JetSegError: the names of the topics cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
        # Otherwise SQLite refuses every read of a database that is shorter than its header says.
        self._database.execute("PRAGMA writable_schema=ON")
        try:
            rows = self._database.execute("SELECT id, name, type FROM topics").fetchall()
        except sqlite3.Error as error:
            self.close()
            raise JetSegError(f"{path}: no message can be saved from it ({error})") from error
        self._names = {identity: (name, msgtype) for identity, name, msgtype in rows}
        super().__init__()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _walk(self) -> Iterator[Message]:
        # By row, not by time: the index of times may be the missing part.
        query = "SELECT topic_id, timestamp, data FROM messages NOT INDEXED"
        try:
            for identity, recorded_ns, data in self._database.execute(query):
                if identity in self._names:
                    yield Message(*self._names[identity], recorded_ns, data)
        except sqlite3.DatabaseError:
            return  # the page of the next row is missing


class SalvagedMcap(Salvage):
    """Reads an mcap file record by record, without its index (layout: https://mcap.dev/spec).

    Raises:
        JetSegError: not an mcap file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise JetSegError(f"{path}: does not begin as an mcap file does")
        super().__init__()

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    def _walk(self) -> Iterator[Message]:
        schemas: dict[int, str] = {}
        channels: dict[int, tuple[str, str]] = {}
        with self._path.open("rb") as file:
            file.seek(len(MAGIC))
            for kind, content in _flat_records(file):
                if kind == _SCHEMA:
                    schemas[_uint16(content, 0)] = _text(content, 2)
                elif kind == _CHANNEL:
                    msgtype = schemas.get(_uint16(content, 2), "")
                    channels[_uint16(content, 0)] = (_text(content, 4), msgtype)
                elif kind == _MESSAGE:
                    channel, _, recorded_ns, _ = _MESSAGE_HEAD.unpack_from(content)
                    if channel in channels:
                        data = content[_MESSAGE_HEAD.size :]
                        yield Message(*channels[channel], recorded_ns, data)


def _flat_records(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Whole records in order, those inside chunks included, up to the end of the data section."""
    for kind, content, whole in _records(file):
        if kind == _CHUNK:
            for inner, inner_content, inner_whole in _records(BytesIO(_unpack(content))):
                if inner_whole:
                    yield inner, inner_content
        elif kind in (_DATA_END, _FOOTER) or not whole:
            return
        else:
            yield kind, content


def _records(file: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Kind and content of each record, and whether the content is complete."""
    position = file.tell()
    end = file.seek(0, 2)
    file.seek(position)
    while len(head := file.read(9)) == 9:
        kind, size = struct.unpack("<BQ", head)
        left = end - file.tell()
        yield kind, file.read(min(size, left)), size <= left


def _unpack(chunk: bytes) -> bytes:
    """The records in a chunk, as far as they are there."""
    if len(chunk) < _CHUNK_HEAD.size + 4:
        return b""
    compression = _text(chunk, _CHUNK_HEAD.size)
    packed = chunk[_CHUNK_HEAD.size + 4 + len(compression) + 8 :]
    if compression == "zstd":
        return ZstdDecompressor().decompress(packed)
    if compression == "lz4":
        return LZ4FrameDecompressor().decompress(packed)
    return packed


def _uint16(content: bytes, offset: int) -> int:
    return int.from_bytes(content[offset : offset + 2], "little")


def _text(content: bytes, offset: int) -> str:
    size = int.from_bytes(content[offset : offset + 4], "little")
    return content[offset + 4 : offset + 4 + size].decode("utf-8", "replace")
