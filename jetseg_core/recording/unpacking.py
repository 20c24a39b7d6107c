"""Compressed parts of recordings (zstd, lz4), unpacked within bounds: a kilobyte may stand for gigabytes of zeros."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from backports import zstd
from lz4.frame import LZ4FrameDecompressor
from rosbags.rosbag2.storage_mcap import DECOMPRESSORS

MOST_BYTES = 1 << 29
"""Bytes of an unpacked chunk or message; a picture of 64 million pixels has 192 million."""
LEAST_FILE_BYTES = 1 << 28
"""A compressed storage file may always unpack to this size."""
MOST_RATIO = 100
"""A larger one may unpack to this multiple of its own size."""
_BLOCK = 1 << 20


def unpack(packed: bytes, compression: str, stated: int | None = None) -> bytes:
    """Unpack a chunk or message; of one that is cut short, the part that is there.

    Args:
        packed: one or more frames of zstd or one of lz4.
        compression: zstd, lz4 or "" for data that is not compressed.
        stated: size of the result, bytes; None = not known.

    Raises:
        ValueError: the result is, or is stated to be, larger than `stated` or `MOST_BYTES`.
        Exception: damaged data. The libraries' exceptions have no common base.
    """
    limit = MOST_BYTES if stated is None else stated
    if limit > MOST_BYTES:
        raise ValueError(f"states {limit} bytes; expected {MOST_BYTES} or less")
    if compression == "":
        return packed
    parts: list[bytes] = []
    left = limit
    while packed:
        decoder: Any = zstd.ZstdDecompressor() if compression == "zstd" else LZ4FrameDecompressor()
        parts.append(decoder.decompress(packed, max_length=left + 1))
        left -= len(parts[-1])
        if left < 0:
            raise ValueError(f"unpacks to more than {limit} bytes")
        packed = (decoder.unused_data or b"") if decoder.eof else b""
    return b"".join(parts)


# rosbags unpacks the chunks of mcap files with these, whatever size comes out.
DECOMPRESSORS.update(
    zstd=lambda packed, stated: unpack(packed, "zstd", stated),
    lz4=lambda packed, stated: unpack(packed, "lz4", stated),
)


def unpack_file(source: Path, target: Path) -> str:
    """Unpack a file of zstd frames, up to damage or the largest size.

    Returns:
        The reason why the rest was left out; "" if all was unpacked.
    """
    most = max(LEAST_FILE_BYTES, MOST_RATIO * source.stat().st_size)
    most = min(most, shutil.disk_usage(target.parent).free)
    too_large = (
        f"unpacks to more than {most >> 20} MiB, the most for a file of its size on this disk"
    )
    left = most
    # Not zstd.open: it loses more of a truncated file than is missing.
    decoder = zstd.ZstdDecompressor()
    with source.open("rb") as packed, target.open("wb") as unpacked:
        try:
            data = packed.read(_BLOCK)
            if data and (zstd.get_frame_info(data).decompressed_size or 0) > most:
                return too_large
            while data or not (decoder.needs_input or decoder.eof):
                if decoder.eof:  # the next of several frames
                    decoder = zstd.ZstdDecompressor()
                part = decoder.decompress(data, max_length=_BLOCK)
                left -= len(part)
                if left < 0:
                    return too_large
                unpacked.write(part)
                data = decoder.unused_data if decoder.eof else b""
                if not data and (decoder.needs_input or decoder.eof):
                    data = packed.read(_BLOCK)
        except zstd.ZstdError as error:
            return f"damaged; what follows it is left out ({error})"
    return ""
