"""The whole messages of an mcap file that has no end: the recorder was killed, or a copy cut short.

The layout of records is that of https://mcap.dev/spec; nothing after the last whole record is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from backports.zstd import ZstdDecompressor
from lz4.frame import LZ4FrameDecompressor

from jetseg_core.errors import JetSegError
from jetseg_core.recording.storage import Message, Salvage

MAGIC = b"\x89MCAP0\r\n"
_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _DATA_END = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F
_MESSAGE_HEAD = struct.Struct("<HIQQ")
"""Channel, sequence, time of recording, time of publication."""
_CHUNK_HEAD = struct.Struct("<QQQI")
"""First and last time, size of the records, checksum."""


class SalvagedMcap(Salvage):
    """Reads an mcap file record by record, without its index.

    Raises:
        JetSegError: not an mcap file at all.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise JetSegError(f"{path}: does not begin as an mcap file does")
        super().__init__()

    def close(self) -> None:
        """Nothing is held open."""

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
                        yield Message(
                            *channels[channel], recorded_ns, content[_MESSAGE_HEAD.size :]
                        )


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
    """Kind and content of each record, and whether all of it is there."""
    position = file.tell()
    end = file.seek(0, 2)
    file.seek(position)
    while len(head := file.read(9)) == 9:
        kind, size = struct.unpack("<BQ", head)
        left = end - file.tell()
        yield kind, file.read(min(size, left)), size <= left


def _unpack(chunk: bytes) -> bytes:
    """The records in a chunk, or as much of them as there is."""
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
