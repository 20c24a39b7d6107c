"""A file that is being replaced is the old one or the new one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jetseg_core.atomic_file import replacing


def test_the_new_file_takes_the_old_one_s_place_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.json"
    with replacing(path) as partial:
        partial.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as partial:
        partial.write_text("half of the n")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]
    with replacing(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_two_that_write_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    both_have_written = threading.Barrier(2)

    def write(text: str) -> None:
        with replacing(path) as partial:
            partial.write_text(text)
            both_have_written.wait(10)
            assert partial.read_text() == text

    with ThreadPoolExecutor(2) as pool:
        for written in [pool.submit(write, text) for text in ("one", "two")]:
            written.result()
    assert path.read_text() in ("one", "two")
    assert list(tmp_path.iterdir()) == [path]
