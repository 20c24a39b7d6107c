"""Recordings that are damaged, cut short, or of another writer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from jetseg_core.errors import JetSegError
from jetseg_core.recording.recording import Recording
from test.jetseg_core.recording.conftest import (
    COUNT,
    IMAGE,
    MODES,
    PERIOD_NS,
    START_NS,
    TYPES,
    WriteBag,
    image,
    indexes,
)


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
    """Tools other than rosbag2 write such channels beside cameras."""
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
    """Tested with the file's index and without."""
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
