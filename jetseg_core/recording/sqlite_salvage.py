"""The whole messages of a rosbag2 database (.db3) that lost its end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.recording.storage import Message, Salvage


class SalvagedSqlite(Salvage):
    """Reads the rows of a damaged database in their order, up to the first that is missing.

    Raises:
        JetSegError: not even the names of the topics can be read.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
        # Otherwise SQLite refuses every read of a database that is shorter than it says.
        self._database.execute("PRAGMA writable_schema=ON")
        try:
            rows = self._database.execute("SELECT id, name, type FROM topics").fetchall()
        except sqlite3.Error as error:
            self.close()
            raise JetSegError(f"{path}: no message can be saved from it ({error})") from error
        self._names = {identity: (name, msgtype) for identity, name, msgtype in rows}
        super().__init__()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _walk(self) -> Iterator[Message]:
        # By row, not by time: the index of times may be what is missing.
        query = "SELECT topic_id, timestamp, data FROM messages NOT INDEXED"
        try:
            for identity, recorded_ns, data in self._database.execute(query):
                if identity in self._names:
                    yield Message(*self._names[identity], recorded_ns, data)
        except sqlite3.DatabaseError:
            return  # the page with the next row is not there
