"""Compiled engines are kept, and never taken for others."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from jetseg_core import atomic_file
from jetseg_core.runtime.tensorrt_backend import cached_engine

KEY = {"model": "nano", "sha256": "ab", "tensorrt": "10.3", "gpu": "Orin", "precision": "fp16"}


class Compiler:
    """Stands for what takes minutes: counts its runs, and knows its own engines."""

    def __init__(self) -> None:
        self.runs = 0

    def build(self) -> bytes:
        self.runs += 1
        return b"engine"

    def load(self, data: bytes) -> str | None:
        return data.decode() if data == b"engine" else None


def test_the_second_start_builds_nothing(tmp_path: Path) -> None:
    compiler = Compiler()
    for _ in range(2):
        assert cached_engine(tmp_path / "new", KEY, compiler.build, compiler.load) == "engine"
    assert compiler.runs == 1
    assert [path.suffix for path in (tmp_path / "new").iterdir()] == [".engine"]


@pytest.mark.parametrize("field", ["sha256", "tensorrt", "gpu", "precision"])
def test_a_change_of_anything_it_depends_on_builds_another(field: str, tmp_path: Path) -> None:
    compiler = Compiler()
    cached_engine(tmp_path, KEY, compiler.build, compiler.load)
    cached_engine(tmp_path, KEY | {field: "other"}, compiler.build, compiler.load)
    assert compiler.runs == 2


def test_a_damaged_engine_is_built_again_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = Compiler()
    cached_engine(tmp_path, KEY, compiler.build, compiler.load)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"eng")
    with caplog.at_level(logging.WARNING):
        assert cached_engine(tmp_path, KEY, compiler.build, compiler.load) == "engine"
    assert "damaged" in caplog.text
    assert path.read_bytes() == b"engine"


def test_a_full_disk_costs_time_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = Compiler()
    cached_engine(tmp_path, KEY, compiler.build, compiler.load)
    (path,) = tmp_path.iterdir()
    path.unlink()

    def on_a_full_disk(path: Path) -> Path:
        # What is written to this device finds no space left, as on any disk that is full.
        partial = path.with_name("partial")
        partial.symlink_to("/dev/full")
        return partial

    for start in range(2):
        with caplog.at_level(logging.WARNING), monkeypatch.context() as patch:
            patch.setattr(atomic_file, "new_partial", on_a_full_disk)
            assert cached_engine(tmp_path, KEY, compiler.build, compiler.load) == "engine"
        assert caplog.text.count("No space left on device") == start + 1
        assert not list(tmp_path.iterdir()), "what was begun is left, and keeps the disk full"
    print(
        f"disk full: 2 of 2 starts had their engine, built {compiler.runs - 1} times; nothing left"
    )
    # With room again, the next start is the last to wait.
    for _ in range(2):
        cached_engine(tmp_path, KEY, compiler.build, compiler.load)
    assert compiler.runs == 4


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = Compiler()
    (tmp_path / "file").write_text("in the way of a folder")
    with caplog.at_level(logging.WARNING):
        found = cached_engine(tmp_path / "file" / "cache", KEY, compiler.build, compiler.load)
    assert found == "engine"
    assert "could not be kept" in caplog.text
