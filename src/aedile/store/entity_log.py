"""In which order does every worker learn of entities that were put or withdrawn?

One SQLite file for all workers: a change is in it, on disk, before it is answered, and every worker applies the
entries in their order. Now and then the older ones are folded into what is left of them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aedile.errors import Place, StoreError, define
from aedile.store.sqlite_file import SqliteFile

NOT_WRITTEN = define("AED-STORE-060", "A change of entities cannot be written down.", "a full disk")

Op = Literal["put", "withdraw"]
_TABLE = """
create table if not exists entries (
  sequence integer primary key autoincrement, at real not null, kind text not null, op text not null, blob blob not null
)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch. blob: of a put, `encode_entities`; of a withdrawal, ids joined by line feeds."""

    sequence: int
    kind: str
    op: Op
    blob: bytes


class EntityLog(SqliteFile):
    """The log, open for reading and writing; for any thread, one at a time."""

    tables = _TABLE

    def append(self, kind: str, op: Op, blob: bytes) -> int:
        """Write an entry down; it is on disk when its place is returned. A `StoreError` where it cannot be."""
        with self._trouble():
            cursor = self._db.execute(
                "insert into entries (at, kind, op, blob) values (?, ?, ?, ?)", (time.time(), kind, op, blob)
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def after(self, sequence: int, limit: int = 16) -> list[Entry]:
        """The next entries in their order."""
        with self._trouble():
            rows = self._db.execute(
                "select sequence, kind, op, blob from entries where sequence > ? order by sequence limit ?",
                (sequence, limit),
            ).fetchall()
        return [Entry(*row) for row in rows]

    def last(self) -> int:
        """The place of the newest entry; 0 where there is none."""
        with self._trouble():
            row = self._db.execute("select coalesce(max(sequence), 0) from entries").fetchone()
        return int(row[0])

    def fold(self, before: float, folded: Sequence[tuple[str, bytes]], upto: int) -> None:
        """Put entries of what is left, (kind, blob), in the place of all up to one, in one transaction."""
        with self._transaction():
            self._db.execute("delete from entries where sequence <= ?", (upto,))
            first = upto - len(folded) + 1
            self._db.executemany(
                "insert into entries (sequence, at, kind, op, blob) values (?, ?, ?, 'put', ?)",
                [(first + number, before, kind, blob) for number, (kind, blob) in enumerate(folded)],
            )

    def older_than(self, moment: float) -> int:
        """The place of the newest entry written before a moment, in seconds since 1970; 0 where there is none."""
        with self._trouble():
            row = self._db.execute("select coalesce(max(sequence), 0) from entries where at < ?", (moment,)).fetchone()
        return int(row[0])

    def trouble(self, error: Exception) -> StoreError:
        return StoreError(
            NOT_WRITTEN,
            f"the log of entities cannot be used: {error}",
            place=Place(str(self.path)),
            hint="what was accepted before is safe; nothing of this change was kept",
            fix="make room on the disk, or mend its permissions, and send it again",
        )
