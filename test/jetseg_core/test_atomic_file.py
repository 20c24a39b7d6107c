"""A file that is being replaced is the old one or the new one."""

from __future__ import annotations

import secrets
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


def test_links_in_the_way_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, victim = tmp_path / "file.json", tmp_path / "victim"
    victim.write_text("mine")
    names = []
    for _ in range(2):
        with replacing(path) as partial:
            names.append(partial.name)
    assert names[0] != names[1]
    monkeypatch.setattr(secrets, "token_hex", lambda _: "guessed")
    (tmp_path / "file.json.guessed.partial").symlink_to(victim)
    with pytest.raises(FileExistsError), replacing(path) as partial:
        partial.write_text("theirs")
    assert victim.read_text() == "mine"


def test_the_file_has_the_permissions_that_the_user_gives_to_new_ones(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "file") as partial:
        partial.write_text("text")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode
