"""A rosbag2 recording as one stream of messages: any storage, split, compressed or damaged."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import yaml
from backports import zstd

from jetseg_core.errors import JetSegError
from jetseg_core.recording.salvage import SalvagedMcap, SalvagedSqlite, check_tables
from jetseg_core.recording.storage import Message, Storage, WholeFile
from jetseg_core.recording.unpacking import unpack, unpack_file

METADATA = "metadata.yaml"
STORAGE_SUFFIXES = (".mcap", ".db3")
COMPRESSED_SUFFIX = ".zstd"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_LONG_S = 3600.0
"""Shortest duration, seconds, for which a clock that was set meanwhile is looked for."""
_FIRST_MESSAGES = 20


def is_bag(path: Path) -> bool:
    """True for a storage file, and for a folder that holds one, or a metadata.yaml whose files are lost."""
    if path.is_dir():
        return bool(_storage_files(path)) or (path / METADATA).is_file()
    return _is_storage(path)


def check_bag(path: Path) -> None:
    """Raise if the path is no recording; nothing is opened.

    Raises:
        JetSegError: nothing there, or something else.
    """
    if not is_bag(path):
        there = "not a rosbag2 recording" if path.exists() else "no such file or folder"
        raise JetSegError(
            f"{path}: {there}; expected a folder with .mcap or .db3 files, or one such file"
        )


def recording_places(path: Path) -> list[Path]:
    """Places read for a recording: `path`, and for a storage file the folder of its recording."""
    part = path.is_file() and (path.parent / METADATA).is_file()
    return [path, path.parent] if part else [path]


class Recording:
    """The messages of a rosbag2 recording, in the order in which they were recorded.

    The folder's metadata.yaml only lists the storage files; each is opened on its own. So a recording can be
    read if metadata.yaml is missing or a storage file is cut short. `warnings` names each part left out.

    Args:
        path: the recording's folder, or one storage file (.mcap, .db3, with or without .zstd).

    Raises:
        JetSegError: nothing at the path, or nothing in it can be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self.warnings: list[str] = []
        self._unpacked = TemporaryDirectory(prefix="jetseg-bag-")
        self._storages: list[Storage] = []
        for file in self._files():
            if (storage := self._open(file)) is not None:
                self._storages.append(storage)
        if not self._storages:
            self.close()
            raise JetSegError(
                f"{self.path}: cannot be read as a rosbag2 recording ({'; '.join(self.warnings)})"
            )
        self._storages.sort(key=lambda storage: storage.start_ns)
        self.topics: dict[str, tuple[str, int]] = {}
        """Message type and number of messages of each topic."""
        for storage in self._storages:
            for topic, (msgtype, count) in storage.topics.items():
                self.topics[topic] = (msgtype, count + self.topics.get(topic, ("", 0))[1])
        filled = [storage for storage in self._storages if storage.end_ns]
        self.duration_s = (
            1e-9 * (max(s.end_ns for s in filled) - min(s.start_ns for s in filled))
            if filled
            else 0.0
        )
        """Time from the first message to the last, seconds."""

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rate_hz(self, topic: str) -> float | None:
        """Messages per second on a topic; None if there are too few to tell.

        The mean, unless the first messages say that the clock was set in between, from 1970 to now for instance.
        """
        count = self.topics[topic][1]
        if count < 2 or self.duration_s <= 0:
            return None
        mean = (count - 1) / self.duration_s
        if self.duration_s < _LONG_S:
            return mean
        times = sorted(one.recorded_ns for one in islice(self.messages([topic]), _FIRST_MESSAGES))
        periods = [later - earlier for earlier, later in pairwise(times) if later > earlier]
        first = 1e9 / median(periods) if periods else mean
        return first if first > 2 * mean else mean

    def messages(
        self, topics: Collection[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[Message]:
        """Messages of these topics recorded from `start_ns` to before `stop_ns`.

        They are read while iterating. Damage ends the file that it is in, with a warning.
        """
        for storage in self._storages:
            late = stop_ns is not None and storage.start_ns >= stop_ns
            if late or (start_ns is not None and storage.end_ns < start_ns):
                continue
            stream = storage.messages(topics, start_ns, stop_ns)
            count = 0
            while True:
                try:
                    message = next(stream)
                    if message.data[:4] == _ZSTD_MAGIC:  # compressed by message; CDR begins with 0
                        message = message._replace(data=_decompressed(message.data))
                except StopIteration:
                    break
                except Exception as error:  # readers raise anything on damage
                    self._warn(f"{self.path}: {error}")
                    break
                # Elsewhere times are 64-bit integers, and files hold none before 1970.
                if isinstance(message.recorded_ns, int) and 0 <= message.recorded_ns < 2**63:
                    count += 1
                    yield message
            listed = sum(n for topic, (_, n) in storage.topics.items() if topic in topics)
            if count < listed and start_ns is None and stop_ns is None:
                self._warn(
                    f"{self.path}: damaged; {listed - count} of {listed} messages are missing"
                )

    def close(self) -> None:
        """Close the files and remove unpacked copies."""
        for storage in self._storages:
            storage.close()
        self._storages.clear()
        self._unpacked.cleanup()

    def _files(self) -> list[Path]:
        if _is_storage(self.path):
            return [self.path]
        files = _storage_files(self.path) if self.path.is_dir() else []
        if not files:
            self._unpacked.cleanup()
            raise JetSegError(
                f"{self.path}: cannot be read as a rosbag2 recording (no such folder, or no "
                f"{' or '.join(STORAGE_SUFFIXES)} file in it)"
            )
        metadata = self.path / METADATA
        if not metadata.is_file():
            self._warn(f"{self.path}: no {METADATA}; the topics are those of the files in it")
            return files
        listed = [self.path / name for name in _listed_files(metadata)]
        if not any(file in files for file in listed):
            self._warn(f"{metadata}: damaged, or of another recording; it is not used")
            return files
        for missing in (file for file in listed if file not in files):
            self._warn(f"{missing}: listed in {METADATA}, but not there; its messages are missing")
        for other in (file for file in files if file not in listed):
            self._warn(
                f"{other}: not listed in {METADATA}, and left out; give its own path to read it"
            )
        return [file for file in files if file in listed]

    def _open(self, file: Path) -> Storage | None:
        """Reader of a storage file, as far as it can be read; None, with a warning, if nothing can."""
        if file.suffix == COMPRESSED_SUFFIX:
            file = self._unpack(file)
        shown = file.name
        if file.suffix == ".db3":
            file = self._database(file)
        try:
            check_tables(file)
            whole = WholeFile(file)
        except Exception as error:  # readers raise anything on damage
            reason: object = error
        else:
            self._say_left_out(shown, whole)
            return whole
        salvage = SalvagedMcap if file.suffix == ".mcap" else SalvagedSqlite
        try:
            saved: Storage = salvage(file)
        except JetSegError as error:
            self._warn(f"{shown}: {error}")
            return None
        self._say_left_out(shown, saved)
        count = sum(count for _, count in saved.topics.values())
        if not saved.whole:
            reason = str(reason).replace(str(file), shown)
            self._warn(f"{shown}: damaged ({reason}); {count} whole messages of it are used")
        return saved

    def _say_left_out(self, shown: str, storage: Storage) -> None:
        if storage.left_out:
            topics = ", ".join(f"{topic} ({form})" for topic, form in storage.left_out.items())
            self._warn(f"{shown}: left out, not in ROS 2's encoding CDR: {topics}")

    def _database(self, file: Path) -> Path:
        """A link to an SQLite file in our own folder, so that nothing is written beside the original.

        Readers take the path for a URI, in which #, ? and % mean something else. A journal (-wal) holds the last
        messages of a recorder that was killed; SQLite would move it into the original, so it gets a copy.
        """
        folder = Path(
            self._unpacked.name, f"database_{len(list(Path(self._unpacked.name).iterdir()))}"
        )
        folder.mkdir()
        name = folder / "recording.db3"
        journal = file.with_name(f"{file.name}-wal")
        if not journal.is_file() or not journal.stat().st_size:
            name.symlink_to(file.resolve())
            return name
        shutil.copyfile(file, name)
        shutil.copyfile(journal, folder / f"{name.name}-wal")
        with closing(sqlite3.connect(name)) as database, suppress(sqlite3.Error):
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return name

    def _unpack(self, file: Path) -> Path:
        unpacked = Path(self._unpacked.name, file.stem)
        if remark := unpack_file(file, unpacked):
            self._warn(f"{file.name}: {remark}")
        return unpacked

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _decompressed(data: bytes) -> bytes:
    """Unpack a message that was compressed on its own; a damaged one stays packed, and counts as damaged later."""
    try:
        return unpack(data, "zstd")
    except (zstd.ZstdError, ValueError):
        return data


def _is_storage(path: Path) -> bool:
    name = path.name.removesuffix(COMPRESSED_SUFFIX)
    return path.is_file() and name.endswith(STORAGE_SUFFIXES)


def _storage_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if _is_storage(file))


def _listed_files(metadata: Path) -> Sequence[str]:
    """The file names in metadata.yaml; none if it is damaged."""
    try:
        information = yaml.safe_load(metadata.read_text(encoding="utf-8"))
        return [
            Path(name).name
            for name in information["rosbag2_bagfile_information"]["relative_file_paths"]
        ]
    except Exception:  # damaged YAML raises anything: dates of the 40th, endless brackets
        return []
