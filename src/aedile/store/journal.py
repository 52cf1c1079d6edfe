"""Where do decisions stand until they are sealed, and how many were lost when a process died?

Each writer has a SQLite file of its own, with whole batches as Arrow streams, and beside it a *ledger*: a page of
counts that the kernel keeps when the process is killed. What the ledger says was decided, less what the journal says
was written and the ledger says was dropped, was lost in the crash: exactly.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from aedile.errors import Place, StoreError, define
from aedile.store.sqlite_file import SqliteFile

UNUSABLE = define("AED-STORE-081", "The journal of decisions cannot be written or read.", "a full disk")

_TABLES = """
create table if not exists batches (
  sequence integer primary key autoincrement, at integer not null, rows integer not null, data blob not null
);
create table if not exists details (
  sequence integer primary key autoincrement, batch integer not null, request_id text not null, at integer not null,
  release integer not null, data blob not null
);
create table if not exists totals (name text primary key, value integer not null);
insert or ignore into totals values ('written', 0), ('sealing', 0);
"""


@dataclass(frozen=True, slots=True)
class DetailRow:
    """A decision in full. at: when it was decided, in microseconds since 1970."""

    request_id: str
    at: int
    release: int
    data: bytes


class Ledger:
    """Counts of one writer that outlive it: decided and dropped. Who holds it open is alive."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(self._file, 16)
            self._page = mmap.mmap(self._file, 16)
        except OSError as error:
            os.close(self._file)
            raise _trouble(path, str(error)) from None
        self._counts = memoryview(self._page).cast("q")

    @property
    def decided(self) -> int:
        return self._counts[0]

    @property
    def dropped(self) -> int:
        return self._counts[1]

    def decide(self) -> None:
        self._counts[0] += 1

    def drop(self, count: int = 1) -> None:
        self._counts[1] += count

    def close(self) -> None:
        self._counts.release()
        self._page.close()
        os.close(self._file)


def read_ledger(path: Path) -> tuple[int, int] | None:
    """(decided, dropped) of a writer that is gone; None while it is alive, or where there is none."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return 0, 0
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        data = os.read(file, 16)
    except BlockingIOError:
        return None
    finally:
        os.close(file)
    return struct.unpack("qq", data.ljust(16, b"\0"))


class BatchJournal(SqliteFile):
    """Whole batches of one writer, in order. Opened by its writer, and by whoever seals it.

    tables: SQL that makes what the batches stand in, and what stands beside them.
    """

    page = 16_384  # a batch has megabytes: written in pages of 4 KiB it would cost half as much again

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with self._trouble():  # what is sealed need not be written over with zeros: its pages are soon used again
            self._db.execute("pragma secure_delete = fast")

    def waiting(self) -> tuple[int, int]:
        """(rows not sealed yet, when the first batch of them was written, in microseconds; 0 for none)."""
        with self._trouble():
            row = self._db.execute("select coalesce(sum(rows), 0), coalesce(min(at), 0) from batches").fetchone()
        return int(row[0]), int(row[1])


class Journal(BatchJournal):
    """The journal of one writer of decisions."""

    tables = _TABLES

    def append(self, batch: bytes, rows: int, at: int, details: Sequence[DetailRow]) -> None:
        """Write a batch and its details; they are on disk when this returns, and none of them where it raises."""
        with self._transaction():
            sequence = self._db.execute(
                "insert into batches (at, rows, data) values (?, ?, ?)", (at, rows, batch)
            ).lastrowid
            self._db.executemany(
                "insert into details (batch, request_id, at, release, data) values (?, ?, ?, ?, ?)",
                [(sequence, row.request_id, row.at, row.release, row.data) for row in details],
            )
            self._db.execute("update totals set value = value + ? where name = 'written'", (rows,))

    def written(self) -> int:
        """Decisions ever written to it."""
        return self._total("written")

    def choose(self) -> tuple[int, int] | None:
        """The range of batches to be sealed next: (first, last); the same until `sealed`, whatever comes in between."""
        with self._transaction():
            last = self._total("sealing")
            if last == 0:
                row = self._db.execute("select coalesce(max(sequence), 0) from batches").fetchone()
                last = int(row[0])
                self._db.execute("update totals set value = ? where name = 'sealing'", (last,))
            first = self._db.execute("select min(sequence) from batches where sequence <= ?", (last,)).fetchone()[0]
        return (int(first), last) if first is not None else None

    def batches(self, last: int | None = None) -> Iterator[pa.Table]:
        """The batches up to one, or all, in order."""
        for data in self._all("select data from batches where sequence <= ? order by sequence", last):
            yield read_batch(data)

    def details(self, last: int | None = None) -> list[DetailRow]:
        """The details of the batches up to one, or of all."""
        query = "select request_id, at, release, data from details where batch <= ? order by sequence"
        with self._trouble():
            return [DetailRow(*row) for row in self._db.execute(query, (last or 2**62,))]

    def sealed(self, last: int) -> None:
        """Batches up to this one are sealed, and go."""
        with self._transaction():
            self._db.execute("delete from batches where sequence <= ?", (last,))
            self._db.execute("delete from details where batch <= ?", (last,))
            self._db.execute("update totals set value = 0 where name = 'sealing'")

    def _all(self, query: str, last: int | None) -> Iterator[bytes]:
        with self._trouble():
            for row in self._db.execute(query, (last or 2**62,)):
                yield row[0]

    def _total(self, name: str) -> int:
        with self._trouble():
            return int(self._db.execute("select value from totals where name = ?", (name,)).fetchone()[0])

    def trouble(self, error: Exception) -> StoreError:
        return _trouble(self.path, str(error))


_WRITE = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_READ = pa.ipc.IpcReadOptions(use_threads=False)


def write_batch(batch: pa.RecordBatch | pa.Table) -> bytes:
    """A batch as it stands in a journal: an Arrow stream, compressed."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_WRITE) as stream:
        stream.write(batch)
    return bytes(sink.getvalue())


def read_batch(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data, options=_READ) as stream:
        return stream.read_all()


def _trouble(path: Path, why: str) -> StoreError:
    return StoreError(
        UNUSABLE,
        f"the journal of decisions cannot be used: {why}",
        place=Place(str(path)),
        hint="decisions go on; what cannot be logged is counted",
        fix="make room on the disk, or mend its permissions; `aedile doctor` tells more",
    )
