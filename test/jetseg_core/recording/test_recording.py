"""Recordings as others leave them: old, split, compressed, cut short, without metadata."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from jetseg_core.errors import JetSegError
from jetseg_core.recording.recording import Recording, is_bag
from jetseg_core.sources.recording_source import RecordingSource

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE = "sensor_msgs/msg/Image"
START_NS, PERIOD_NS = 1_700_000_000_000_000_000, 100_000_000
COUNT = 60

WriteBag = Callable[..., Path]


def image(index: int) -> Any:
    # Noise, so that compression leaves something to cut.
    data = np.random.default_rng(index).integers(0, 256, 48 * 64 * 3, np.uint8)
    time = TYPES.types["builtin_interfaces/msg/Time"](sec=1, nanosec=index)
    header = TYPES.types["std_msgs/msg/Header"](stamp=time, frame_id="camera")
    return TYPES.types[IMAGE](
        header=header, height=48, width=64, encoding="rgb8", is_bigendian=0, step=192, data=data
    )


@pytest.fixture
def write_bag(tmp_path: Path) -> WriteBag:
    def write(
        storage: StoragePlugin = StoragePlugin.MCAP,
        compression: CompressionMode = CompressionMode.NONE,
        indexes: range = range(COUNT),
        name: str = "bag",
        version: Any = 9,
    ) -> Path:
        writer = Writer(tmp_path / name, version=version, storage_plugin=storage)
        writer.set_compression(compression, CompressionFormat.ZSTD)
        with writer:
            connection = writer.add_connection("/image", IMAGE, typestore=TYPES)
            for index in indexes:
                data = TYPES.serialize_cdr(image(index), IMAGE)
                writer.write(connection, START_NS + index * PERIOD_NS, data)
        return tmp_path / name

    return write


def indexes(path: Path, **limits: int) -> list[int]:
    """Numbers of the messages read, after a check that they are whole."""
    with Recording(path) as recording:
        found = []
        for message in recording.messages(["/image"], **limits):
            index = (message.recorded_ns - START_NS) // PERIOD_NS
            read: Any = TYPES.deserialize_cdr(message.data, message.msgtype)
            np.testing.assert_array_equal(read.data, image(index).data)
            found.append(index)
        return found


MODES = [
    (StoragePlugin.MCAP, CompressionMode.NONE),
    (StoragePlugin.MCAP, CompressionMode.FILE),
    (StoragePlugin.MCAP, CompressionMode.MESSAGE),
    (StoragePlugin.MCAP, CompressionMode.STORAGE),
    (StoragePlugin.SQLITE3, CompressionMode.NONE),
    (StoragePlugin.SQLITE3, CompressionMode.FILE),
    (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
]


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


@pytest.mark.parametrize(("storage", "compression"), MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("share", [0.999, 0.6])
def test_a_file_cut_short(
    write_bag: WriteBag, storage: StoragePlugin, compression: CompressionMode, share: float
) -> None:
    bag = write_bag(storage, compression)
    (file,) = (path for path in bag.iterdir() if path.name != "metadata.yaml")
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    found = indexes(bag)
    # All whole messages: nothing is skipped, and no more than what was cut off is missing.
    assert found == list(range(len(found)))
    # A compressor's blocks of 128 KiB are whole or nothing.
    packed = compression in (CompressionMode.FILE, CompressionMode.STORAGE)
    assert len(found) >= share * COUNT - (15 if packed else 2)
    with Recording(bag) as recording:
        list(recording.messages(["/image"]))
        assert bool(recording.warnings) is (len(found) < COUNT or storage == StoragePlugin.MCAP)
        assert recording.topics["/image"][1] >= len(found)


def test_the_loss_by_damage_in_the_middle_is_reported(write_bag: WriteBag) -> None:
    bag = write_bag(StoragePlugin.MCAP, CompressionMode.MESSAGE)
    file = bag / "bag.mcap"
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20000] = bytes(20000)
    file.write_bytes(data)
    with Recording(bag) as recording:
        found = sum(1 for _ in recording.messages(["/image"]))
        assert found < COUNT
        missing = f"damaged; {COUNT - found} of {COUNT} messages are missing"
        assert any(missing in text for text in recording.warnings)


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


@pytest.mark.parametrize("compression", ["NONE", "LZ4", "ZSTD"])
@pytest.mark.parametrize("chunks", [True, False], ids=["chunks", "no-chunks"])
@pytest.mark.parametrize("share", [1.0, 0.6])
def test_files_of_another_writer(
    tmp_path: Path, compression: str, chunks: bool, share: float
) -> None:
    writing = pytest.importorskip("mcap.writer", reason="the package mcap is not installed")
    file = tmp_path / "foreign.mcap"
    with file.open("wb") as stream:
        kind = writing.CompressionType[compression]
        writer = writing.Writer(stream, 50_000, compression=kind, use_chunking=chunks)
        writer.start(profile="ros2")
        definition = TYPES.generate_msgdef(IMAGE, ros_version=2)[0].encode()
        schema = writer.register_schema(IMAGE, "ros2msg", definition)
        channel = writer.register_channel("/image", "cdr", schema)
        for index in range(COUNT):
            time = START_NS + index * PERIOD_NS
            data = bytes(TYPES.serialize_cdr(image(index), IMAGE))
            writer.add_message(channel, time, data, time)
        writer.finish()
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    found = indexes(file)
    assert found == list(range(len(found)))
    # A chunk of 50 kB holds six of these messages; a compressor may need all of it.
    assert len(found) == COUNT if share == 1 else 0.6 * COUNT - 7 <= len(found) < COUNT


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


def text(content: bytes) -> bytes:
    return len(content).to_bytes(4, "little") + content


def write_mcap(file: Path, profile: bytes, channels: dict[bytes, bytes]) -> None:
    """Write images on topics, in the given encoding each, without chunks and index (https://mcap.dev/spec)."""
    records = [(0x01, text(profile) + text(b"by hand"))]
    schema = text(b"sensor_msgs/msg/Image") + text(b"jsonschema") + text(b"")
    records.append((0x03, b"\x01\x00" + schema))
    for number, (topic, encoding) in enumerate(channels.items()):
        head = number.to_bytes(2, "little")
        records.append((0x04, head + b"\x01\x00" + text(topic) + text(encoding) + text(b"")))
        for index in range(COUNT):
            time = (START_NS + index * PERIOD_NS).to_bytes(8, "little")
            data = bytes(TYPES.serialize_cdr(image(index), IMAGE)) if encoding == b"cdr" else b"{}"
            records.append((0x05, head + bytes(4) + time + time + data))
    records += [(0x0F, bytes(4)), (0x02, bytes(20))]
    magic = b"\x89MCAP0\r\n"
    whole = (bytes([kind]) + len(one).to_bytes(8, "little") + one for kind, one in records)
    file.write_bytes(magic + b"".join(whole) + magic)


@pytest.mark.parametrize("profile", [b"ros2", b"", b"other"])
def test_channels_that_are_not_cdr_are_no_damage(tmp_path: Path, profile: bytes) -> None:
    """As tools other than rosbag2 write them beside cameras."""
    write_mcap(tmp_path / "a.mcap", profile, {b"/image": b"cdr", b"/status": b"json"})
    assert indexes(tmp_path / "a.mcap") == list(range(COUNT))
    with Recording(tmp_path / "a.mcap") as recording:
        assert recording.topics == {"/image": (IMAGE, COUNT)}
        (warning,) = recording.warnings
        assert "left out" in warning and "/status (json)" in warning


def test_a_recording_of_ros_1_is_called_that(tmp_path: Path) -> None:
    write_mcap(tmp_path / "a.mcap", b"ros1", {b"/image": b"ros1"})
    with pytest.raises(
        JetSegError, match=r"a recording of ROS 1 in an mcap file; convert its \.bag"
    ):
        Recording(tmp_path / "a.mcap")


def database(bag: Path) -> sqlite3.Connection:
    (file,) = bag.glob("*.db3")
    return sqlite3.connect(file)


@pytest.mark.parametrize("table", ["messages", "topics", "schema", "metadata"])
def test_a_view_that_never_ends_is_refused(write_bag: WriteBag, table: str) -> None:
    bag = write_bag(StoragePlugin.SQLITE3)
    columns = "id topic_id timestamp data name type serialization_format offered_qos_profiles"
    columns = ", ".join(f"x AS {name}" for name in (*columns.split(), "schema_version"))
    with closing(database(bag)) as db:
        db.execute(f"DROP TABLE IF EXISTS {table}")
        endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
        db.execute(f"CREATE VIEW {table} AS {endless} SELECT {columns} FROM c")
        db.commit()
    with pytest.raises(JetSegError, match=f"its '{table}' is not a table"):
        Recording(bag)


def test_rows_that_are_no_messages_are_counted(write_bag: WriteBag) -> None:
    bag = write_bag(StoragePlugin.SQLITE3)
    changes = ["timestamp = 'yesterday'", "timestamp = -timestamp", "timestamp = 0.5"]
    with closing(database(bag)) as db:
        for row, change in enumerate(changes, 10):
            db.execute(f"UPDATE messages SET {change} WHERE id = {row}")
        db.commit()
    assert indexes(bag) == [index for index in range(COUNT) if index not in (9, 10, 11)]
    with Recording(bag) as recording:
        list(recording.messages(["/image"]))
        assert any("damaged" in warning for warning in recording.warnings)


def test_pages_lost_in_the_middle_of_a_database(write_bag: WriteBag) -> None:
    bag = write_bag(StoragePlugin.SQLITE3)
    (file,) = bag.glob("*.db3")
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 40_000] = bytes(40_000)
    file.write_bytes(content)
    with Recording(bag) as recording:
        found = [message.recorded_ns for message in recording.messages(["/image"])]
        # Some are whole on both sides of the hole.
        assert COUNT // 2 < len(found) < COUNT and found[-1] == START_NS + (COUNT - 1) * PERIOD_NS
        assert any("damaged" in warning for warning in recording.warnings)


def test_a_damaged_chunk_costs_its_own_messages(write_bag: WriteBag) -> None:
    """With its index, and without."""
    bag = write_bag(StoragePlugin.MCAP, CompressionMode.STORAGE, indexes=range(3 * 121))
    (file,) = bag.glob("*.mcap")
    content = bytearray(file.read_bytes())
    second = content.index(b"\x28\xb5\x2f\xfd", len(content) // 3)
    content[second : second + 64] = bytes(64)
    for last in (len(content), len(content) - 20):
        file.write_bytes(content[:last])
        with Recording(bag) as recording:
            found = [message.recorded_ns for message in recording.messages(["/image"])]
            assert found[0] == START_NS and found[-1] == START_NS + (3 * 121 - 1) * PERIOD_NS
            assert 121 < len(found) < 3 * 121
            assert any("damaged" in warning for warning in recording.warnings)


@pytest.mark.parametrize("text", ["a: 2001-13-45", "[" * 20_000, "\x00", "- [", "null", "a: *b"])
def test_a_metadata_yaml_that_yaml_fails_on(write_bag: WriteBag, text: str) -> None:
    bag = write_bag()
    (bag / "metadata.yaml").write_text(text)
    assert indexes(bag) == list(range(COUNT))
