"""Whole recordings of every kind: old, split, compressed, without metadata."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
import yaml
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from jetseg_core.errors import JetSegError
from jetseg_core.recording.recording import Recording, is_bag
from jetseg_core.sources.recording_source import RecordingSource
from test.jetseg_core.recording.conftest import (
    COUNT,
    IMAGE,
    MODES,
    PERIOD_NS,
    START_NS,
    WriteBag,
    indexes,
)


@pytest.mark.parametrize(("storage", "compression"), MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("metadata", [True, False], ids=["", "no-metadata"])
def test_every_way_of_storing(
    write_bag: WriteBag, storage: StoragePlugin, compression: CompressionMode, metadata: bool
) -> None:
    bag = write_bag(storage, compression)
    if not metadata:
        (bag / "metadata.yaml").unlink()
    assert is_bag(bag)
    assert indexes(bag) == list(range(COUNT))
    limits = {"start_ns": START_NS + 3 * PERIOD_NS, "stop_ns": START_NS + 5 * PERIOD_NS}
    assert indexes(bag, **limits) == [3, 4]
    with Recording(bag) as recording:
        assert recording.topics == {"/image": (IMAGE, COUNT)}
        assert recording.duration_s == pytest.approx(5.9)
        assert bool(recording.warnings) is not metadata
    with RecordingSource(bag) as source:
        assert len(list(source)) == COUNT


@pytest.mark.parametrize("version", [2, 4, 5, 6, 7, 8])
def test_older_metadata(write_bag: WriteBag, version: int) -> None:
    """What each version of metadata.yaml lacks; bags of Humble also hold no message definitions."""
    bag = write_bag(StoragePlugin.SQLITE3, version=8)
    path = bag / "metadata.yaml"
    metadata = yaml.safe_load(path.read_text())
    information = metadata["rosbag2_bagfile_information"]
    information["version"] = version
    for key, since in (
        ("ros_distro", 8),
        ("custom_data", 6),
        ("files", 5),
        ("compression_mode", 3),
    ):
        if version < since:
            del information[key]
    for topic in information["topics_with_message_count"]:
        for key, since in (("type_description_hash", 7), ("offered_qos_profiles", 4)):
            if version < since:
                del topic["topic_metadata"][key]
    path.write_text(yaml.safe_dump(metadata))
    if version < 7:
        database = sqlite3.connect(bag / "bag.db3")
        database.executescript("DROP TABLE message_definitions; DROP TABLE schema;")
        database.executescript("ALTER TABLE topics DROP COLUMN type_description_hash;")
        database.close()
    assert indexes(bag) == list(range(COUNT))
    with Recording(bag) as recording:
        assert recording.warnings == []


def test_parts_of_a_split_recording(write_bag: WriteBag, tmp_path: Path) -> None:
    # By name, part 10 would come before part 9.
    whole = tmp_path / "whole"
    whole.mkdir()
    for name, part in (("whole_9", range(0, 7)), ("whole_10", range(7, COUNT))):
        (write_bag(indexes=part, name=name) / f"{name}.mcap").rename(whole / f"{name}.mcap")
    assert indexes(whole) == list(range(COUNT))
    with Recording(whole) as recording:
        assert recording.topics == {"/image": (IMAGE, COUNT)}


def test_files_that_are_no_recording(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken.mcap"
    broken.write_bytes(b"this is no bag")
    for path, reason in (("nowhere", "no such folder"), ("empty", "no .mcap or .db3 file in it")):
        assert not is_bag(tmp_path / path)
        with pytest.raises(JetSegError, match=f"cannot be read as a rosbag2 recording.*{reason}"):
            Recording(tmp_path / path)
    with pytest.raises(JetSegError, match="does not begin as an mcap file does"):
        Recording(broken)


def test_a_listed_file_that_is_missing(write_bag: WriteBag) -> None:
    bag = write_bag()
    path = bag / "metadata.yaml"
    path.write_text(path.read_text().replace("- bag.mcap", "- bag.mcap\n  - bag_1.mcap"))
    assert indexes(bag) == list(range(COUNT))
    with Recording(bag) as recording:
        assert any("bag_1.mcap: listed in metadata.yaml" in text for text in recording.warnings)


def test_a_copy_in_the_folder_is_not_read_as_well(write_bag: WriteBag) -> None:
    bag = write_bag()
    shutil.copy(bag / "bag.mcap", bag / "copy.mcap")
    assert indexes(bag) == list(range(COUNT))
    with Recording(bag) as recording:
        assert any("copy.mcap: not listed in metadata.yaml" in text for text in recording.warnings)
    (bag / "copy.mcap").unlink()
    (bag / "metadata.yaml").write_text("rosbag2_bagfile_information: [")
    assert indexes(bag) == list(range(COUNT))
    with Recording(bag) as recording:
        assert any("metadata.yaml: damaged" in text for text in recording.warnings)


@pytest.mark.parametrize("name", ["drive#3", "half%20speed", "q?1", "a b"])
def test_any_character_may_stand_in_a_path(name: str, write_bag: WriteBag, tmp_path: Path) -> None:
    bag = write_bag(StoragePlugin.SQLITE3)
    shutil.move(bag, tmp_path / name)
    before = sorted(tmp_path.rglob("*"))
    assert indexes(tmp_path / name) == list(range(COUNT))
    assert sorted(tmp_path.rglob("*")) == before


def test_the_journal_of_a_killed_recorder_is_read(write_bag: WriteBag, tmp_path: Path) -> None:
    bag = write_bag(StoragePlugin.SQLITE3)
    (file,) = bag.glob("*.db3")
    killed = tmp_path / "killed"
    killed.mkdir()
    recorder = sqlite3.connect(killed / "killed_0.db3")
    recorder.execute("PRAGMA journal_mode=WAL")
    recorder.execute("PRAGMA wal_autocheckpoint=0")
    recorder.execute("ATTACH ? AS whole", (str(file),))
    for (statement,) in recorder.execute(
        "SELECT sql FROM whole.sqlite_master WHERE sql IS NOT NULL"
    ).fetchall():
        recorder.execute(statement)
    for (table,) in recorder.execute(
        "SELECT name FROM whole.sqlite_master WHERE type = 'table'"
    ).fetchall():
        recorder.execute(f"INSERT INTO main.{table} SELECT * FROM whole.{table}")
    recorder.commit()
    left = tmp_path / "left"
    shutil.copytree(killed, left)  # before it is closed: the rows are in the journal alone
    recorder.close()
    (left / "killed_0.db3-shm").unlink()
    before = {path: path.read_bytes() for path in left.iterdir()}
    assert indexes(left) == list(range(COUNT))
    assert {path: path.read_bytes() for path in left.iterdir()} == before
