"""Where do facts stand until they are sealed?

Each writer has a SQLite file of its own: whole batches of one kind as Arrow streams, and beside them what was refused.
What is acknowledged is on disk here; nothing leaves before it is sealed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from aedile.errors import Place, StoreError, define
from aedile.store.journal import BatchJournal, read_batch

NOT_KEPT = define("AED-STORE-102", "Facts cannot be kept now.", "a disk that is read-only")
NO_ROOM = define("AED-STORE-103", "Facts cannot be kept: the disk is full.", "a full disk")

_TABLES = """
create table if not exists batches (
  sequence integer primary key autoincrement, at integer not null, rows integer not null, kind text not null,
  data blob not null
);
create table if not exists dead (
  number integer primary key autoincrement, batch integer not null, kind text not null, raw text, error text not null,
  at integer not null, source text not null
);
create index if not exists dead_batch on dead (batch);
"""


@dataclass(frozen=True, slots=True)
class DeadRow:
    """A row that was refused.

    raw: the row as the text of a JSON object, shoppers as pseudonyms; None where it was none. error: as
    `AedileError.to_dict`, as JSON. at: when it came, in microseconds since 1970. source: who sent it.
    """

    kind: str
    raw: str | None
    error: str
    at: int
    source: str


@dataclass(frozen=True, slots=True)
class Part:
    """What comes into a journal at once: rows of one kind as its `schema` says, and what was refused."""

    kind: str
    table: pa.Table
    dead: Sequence[DeadRow]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of a journal, with its place in it."""

    sequence: int
    kind: str
    table: pa.Table


class FactJournal(BatchJournal):
    """The journal of one writer of facts."""

    tables = _TABLES

    def append(self, batches: Sequence[tuple[str, bytes, int]], dead: Sequence[DeadRow], at: int) -> None:
        """Write batches, (kind, `write_batch`, rows), and what was refused; all is on disk when this returns, and
        nothing of it counts where it raises."""
        with self._transaction():
            last = None
            for kind, data, rows in batches:
                last = self._db.execute(
                    "insert into batches (at, rows, kind, data) values (?, ?, ?, ?)", (at, rows, kind, data)
                ).lastrowid
            if last is None:  # what is refused stands by a batch, so that it is sealed with it
                last = self._db.execute(
                    "insert into batches (at, rows, kind, data) values (?, 0, ?, x'')", (at, dead[0].kind)
                ).lastrowid
            self._db.executemany(
                "insert into dead (batch, kind, raw, error, at, source) values (?, ?, ?, ?, ?, ?)",
                [(last, one.kind, one.raw, one.error, one.at, one.source) for one in dead],
            )

    def after(self, sequence: int, most: int) -> list[Batch]:
        """The batches after a place, in order; no more once there are so many rows. Those without rows are with them:
        their table is empty."""
        found: list[Batch] = []
        rows = 0
        with self._trouble():
            query = "select sequence, rows, kind, data from batches where sequence > ? order by sequence"
            for number, count, kind, data in self._db.execute(query, (sequence,)):
                found.append(Batch(number, kind, read_batch(data) if data else pa.table({})))
                rows += count
                if rows >= most:
                    break
        return found

    def dead(self, first: int, last: int) -> list[DeadRow]:
        """What was refused with the batches from one to another."""
        query = "select kind, raw, error, at, source from dead where batch between ? and ? order by number"
        with self._trouble():
            return [DeadRow(*row) for row in self._db.execute(query, (first, last))]

    def has_batches(self) -> bool:
        with self._trouble():
            return self._db.execute("select 1 from batches limit 1").fetchone() is not None

    def sealed(self, last: int) -> None:
        """Batches up to this one are sealed, and go."""
        with self._transaction():
            self._db.execute("delete from batches where sequence <= ?", (last,))
            self._db.execute("delete from dead where batch <= ?", (last,))

    def remove(self) -> None:
        """Close it and delete its files."""
        self.close()
        for suffix in (".sqlite", ".sqlite-wal", ".sqlite-shm", ".lock"):
            self.path.with_suffix(suffix).unlink(missing_ok=True)

    def trouble(self, error: Exception) -> StoreError:
        return not_kept(self.path, error)


def not_kept(path: Path, error: Exception) -> StoreError:
    """What is said where facts cannot be kept."""
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == 28
    return StoreError(
        NO_ROOM if full else NOT_KEPT,
        f"facts cannot be kept: {error}",
        place=Place(str(path)),
        hint="nothing of this call was kept; what was accepted before is safe",
        fix="make room on the disk, and send it again" if full else "mend the disk or its permissions, and send again",
    )
