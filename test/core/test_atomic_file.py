"""A file that is being replaced is the old one or the new one."""

from __future__ import annotations

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
