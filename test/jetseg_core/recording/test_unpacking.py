"""Compressed data that unpacks to far more than its bytes."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import lz4.frame
import pytest
from backports import zstd
from rosbags.rosbag2 import storage_mcap

from jetseg_core.recording import salvage, unpacking
from jetseg_core.recording.unpacking import unpack, unpack_file

ZEROS = bytes(1 << 22)
PACK = {"zstd": zstd.compress, "lz4": lz4.frame.compress}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds a thousandth as large."""
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1 << 19)
    monkeypatch.setattr(unpacking, "LEAST_FILE_BYTES", 1 << 18)


def test_data_within_bounds_is_unpacked() -> None:
    text = b"frames " * 1000
    for name, compress in PACK.items():
        assert unpack(compress(text), name) == text
        assert unpack(compress(text), name, len(text)) == text
        assert storage_mcap.DECOMPRESSORS[name](compress(text), len(text)) == text
    assert unpack(text, "") == text
    assert unpack(zstd.compress(text) + zstd.compress(b"more"), "zstd") == text + b"more"
    assert text.startswith(unpack(zstd.compress(text)[:-5], "zstd"))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", PACK)
def test_a_chunk_is_bounded_by_its_stated_size_and_a_limit(name: str) -> None:
    packed = PACK[name](ZEROS)
    with pytest.raises(ValueError, match="unpacks to more than 1000 bytes"):
        storage_mcap.DECOMPRESSORS[name](packed, 1000)
    with pytest.raises(ValueError, match="states 4194304 bytes; expected 524288 or less"):
        storage_mcap.DECOMPRESSORS[name](packed, len(ZEROS))
    with pytest.raises(ValueError, match="unpacks to more than 524288 bytes"):
        unpack(packed, name)
    chunk = (
        pack("<QQQII", 0, 0, len(ZEROS), 0, len(name))
        + name.encode()
        + pack("<Q", len(packed))
        + packed
    )
    assert salvage._unpack(chunk) == (b"", False)  # fmt: skip


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("stated", [True, False])
def test_a_file_is_bounded(stated: bool, tmp_path: Path) -> None:
    source, target = tmp_path / "a.db3.zstd", tmp_path / "a.db3"
    if stated:
        source.write_bytes(zstd.compress(ZEROS))
    else:
        with zstd.open(source, "wb") as file:
            file.write(ZEROS)
            file.flush()
            file.write(ZEROS)
    assert "unpacks to more than 0 MiB" in unpack_file(source, target)
    assert target.stat().st_size <= 1 << 18


def test_a_file_of_several_frames_is_whole(tmp_path: Path) -> None:
    source, target = tmp_path / "a.zstd", tmp_path / "a"
    source.write_bytes(zstd.compress(ZEROS) + zstd.compress(b"end"))
    assert unpack_file(source, target) == ""
    assert target.read_bytes() == ZEROS + b"end"
    source.write_bytes(zstd.compress(b"whole") + zstd.compress(bytes(range(256)) * 99)[:-9])
    unpack_file(source, target)
    assert target.read_bytes().startswith(b"whole")
