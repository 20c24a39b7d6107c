"""Whole messages of storage files that rosbags refuses: damaged, cut short, or of another writer."""

from __future__ import annotations

import abc
import re
import sqlite3
import struct
from binascii import crc32
from collections.abc import Collection, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from jetseg_core.errors import JetSegError
from jetseg_core.recording.storage import Message, Storage
from jetseg_core.recording.unpacking import unpack

MAGIC = b"\x89MCAP0\r\n"
ROS1_ADVICE = "convert its .bag to ROS 2: rosbags-convert --src drive.bag --dst drive"
_TABLES = ("messages", "topics", "schema", "metadata", "message_definitions")
"""Tables of a recording in SQLite; the first two are always there."""
_FIRST_ROW, _LAST_ROW = -(2**63), 2**63 - 1
_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _DATA_END = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F
_MESSAGE_HEAD = struct.Struct("<HIQQ")
"""Channel, sequence, time of recording, time of publication."""
_CHUNK_HEAD = struct.Struct("<QQQI")
"""First and last time, size of the records, checksum."""


class Salvage(Storage):
    """A file that is read from its start, past damaged parts; its messages are counted when it is opened."""

    def __init__(self) -> None:
        self.topics, self.left_out = {}, {}
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
    """Reads the rows of a damaged database (.db3) in their order, without those on missing pages.

    Raises:
        JetSegError: the names of the topics cannot be read.
    """

    whole = False

    def __init__(self, path: Path) -> None:
        self._database = _open_database(path)
        # Otherwise SQLite refuses every read of a database that is shorter than its header says.
        self._database.execute("PRAGMA writable_schema=ON")
        try:
            check_tables(path)
            rows = self._database.execute(
                "SELECT id, name, type FROM topics WHERE typeof(name) = 'text' AND typeof(type) = 'text'"
            ).fetchall()
        except (sqlite3.Error, JetSegError) as error:
            self.close()
            raise JetSegError(f"no message can be saved from it ({error})") from error
        self._names = {identity: (name, msgtype) for identity, name, msgtype in rows}
        super().__init__()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _walk(self) -> Iterator[Message]:
        # By row, not by time: the index of times may be the missing part.
        query = (
            "SELECT rowid, topic_id, timestamp, data FROM messages NOT INDEXED WHERE rowid >= ? AND "
            "typeof(timestamp) = 'integer' AND typeof(data) = 'blob'"
        )
        next_row, step = _FIRST_ROW, 1
        while next_row <= _LAST_ROW:
            try:
                for row, identity, recorded_ns, data in self._database.execute(query, (next_row,)):
                    next_row, step = row + 1, 1
                    if identity in self._names and recorded_ns >= 0:
                        yield Message(*self._names[identity], recorded_ns, data)
                return
            except sqlite3.DatabaseError:  # the page of the next row is missing
                next_row, step = next_row + step, 2 * step


class SalvagedMcap(Salvage):
    """Reads an mcap file record by record, without its index (layout: https://mcap.dev/spec).

    Raises:
        JetSegError: not an mcap file, or one of ROS 1.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise JetSegError("does not begin as an mcap file does")
        super().__init__()
        if not self.topics and "ros1" in self.left_out.values():
            raise JetSegError(f"a recording of ROS 1 in an mcap file; {ROS1_ADVICE}")

    def close(self) -> None:
        """No-op: the file is open only while it is read."""

    def _walk(self) -> Iterator[Message]:
        schemas: dict[int, str] = {}
        channels: dict[int, tuple[str, str]] = {}
        with self._path.open("rb") as file:
            file.seek(len(MAGIC))
            for kind, content in self._flat_records(file):
                if kind == _SCHEMA:
                    schemas[_uint16(content, 0)] = _text(content, 2)
                elif kind == _CHANNEL:
                    topic, msgtype = _text(content, 4), schemas.get(_uint16(content, 2), "")
                    encoding = _text(content, 8 + _uint32(content, 4))
                    if encoding == "cdr":
                        channels[_uint16(content, 0)] = topic, msgtype
                    else:
                        self.left_out[topic] = encoding or "no encoding"
                elif kind == _MESSAGE and len(content) >= _MESSAGE_HEAD.size:
                    channel, _, recorded_ns, _ = _MESSAGE_HEAD.unpack_from(content)
                    if channel in channels:
                        data = content[_MESSAGE_HEAD.size :]
                        yield Message(*channels[channel], recorded_ns, data)

    def _flat_records(self, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
        """Whole records in order, those inside chunks included, up to the end of the data section."""
        self.whole = False
        damaged = False
        for kind, content, complete in _records(file):
            if kind == _CHUNK:
                records, sound = _unpack(content)
                damaged |= not sound
                for inner, inner_content, inner_complete in _records(BytesIO(records)):
                    damaged |= not inner_complete
                    if inner_complete:
                        yield inner, inner_content
            elif kind in (_DATA_END, _FOOTER) or not complete:
                file.seek(-min(len(MAGIC), file.seek(0, 2)), 2)
                self.whole = complete and not damaged and file.read() == MAGIC
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


def _unpack(chunk: bytes) -> tuple[bytes, bool]:
    """The records in a chunk, as far as they are there, and whether they are whole."""
    if len(chunk) < _CHUNK_HEAD.size + 4:
        return b"", False
    _, _, size, checksum = _CHUNK_HEAD.unpack_from(chunk)
    compression = _text(chunk, _CHUNK_HEAD.size)
    packed = chunk[_CHUNK_HEAD.size + 4 + _uint32(chunk, _CHUNK_HEAD.size) + 8 :]
    try:
        records = unpack(packed, compression, size)
    except Exception:  # lz4's errors have no common base but RuntimeError
        return b"", False
    return records, len(records) == size and checksum in (0, crc32(records))


def _uint16(content: bytes, offset: int) -> int:
    return int.from_bytes(content[offset : offset + 2], "little")


def _uint32(content: bytes, offset: int) -> int:
    return int.from_bytes(content[offset : offset + 4], "little")


def _text(content: bytes, offset: int) -> str:
    size = _uint32(content, offset)
    return content[offset + 4 : offset + 4 + size].decode("utf-8", "replace")


def check_tables(path: Path) -> None:
    """Check that a database (.db3) keeps messages and topics in tables: a view may take for ever to read.

    Raises:
        JetSegError: one of them is missing, or something else.
        sqlite3.Error: not a database, or a damaged one.
    """
    if path.suffix != ".db3":
        return
    with closing(_open_database(path)) as database:
        database.execute("PRAGMA writable_schema=ON")
        rows = database.execute("SELECT name, type, sql FROM sqlite_master").fetchall()
    tables = {
        name
        for name, kind, sql in rows
        if kind == "table" and not re.match(r"\s*CREATE\s+VIRTUAL", str(sql), re.IGNORECASE)
    }
    others = {name for name, kind, _ in rows if kind in ("view", "table")} - tables
    for name in _TABLES:
        if name in others or (name in _TABLES[:2] and name not in tables):
            raise JetSegError(f"no recording: its '{name}' is not a table")


def _open_database(path: Path) -> sqlite3.Connection:
    """Open a database so that nothing is written to it or beside it."""
    database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    database.text_factory = _damaged_text
    return database


def _damaged_text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
