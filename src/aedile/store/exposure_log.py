"""How do workers hear of each other's exposures, and how does a worker that starts learn what was counted before?

One SQLite file for all workers: each appends what it counted once a second, and reads what the others appended. Older
rows are folded into fewer, for counts add up; what counts no longer goes. WAL with synchronous NORMAL: a process that
is killed loses nothing it appended, a power cut may take the last seconds.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from aedile.errors import Place, StoreError, define
from aedile.store.exposure_counts import Counts

UNUSABLE = define("AED-STORE-100", "The log of exposures cannot be read or written.", "a full disk")
DAMAGED = define("AED-STORE-101", "A row of the log of exposures is not what a worker wrote.", "a damaged disk")

#: Rows younger than this, in microseconds, are left as they are: every worker reads them long before.
FOLD_AFTER = 60_000_000
#: Seconds to wait for another process that is writing.
PATIENCE = 5.0

_SCHEMA = """
create table if not exists exposures (
    seq integer primary key autoincrement,
    at integer not null,         -- microseconds since 1970
    ends integer not null,       -- from then on nothing in it counts
    folded integer not null,     -- 1: the sum of rows that were here before
    counts blob not null
)
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the log. folded: it sums up rows of lower numbers, all since the folded row before it."""

    seq: int
    at: int
    folded: bool
    counts: bytes

    def read(self, path: Path) -> Counts:
        """The counts; a `StoreError` where they are damaged."""
        try:
            return Counts.decode(self.counts)
        except msgspec.MsgspecError as error:
            raise StoreError(
                DAMAGED,
                f"row {self.seq} of the log of exposures is damaged: {error}",
                place=Place(str(path)),
                hint="the exposures in it are not counted; everything else is",
                fix="check the disk; the row itself goes within some minutes",
            ) from None


class ExposureLog:
    """The log of one installation; one object a process, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Opens the log, making it if it is missing; only its owner may read it."""
        self.path = path
        with self._trouble():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            with self._trouble():
                for statement in ("pragma journal_mode = wal", "pragma synchronous = normal", _SCHEMA):
                    self._connection.execute(statement)
        except StoreError:
            self.close()
            raise

    def append(self, counts: Counts, now: int) -> int:
        """Tell the others; returns the number of the row."""
        with self._trouble():
            return self._insert(None, now, counts, folded=False)

    def after(self, seq: int) -> list[Told]:
        """The rows with higher numbers, in order."""
        query = "select seq, at, folded, counts from exposures where seq > ? order by seq"
        with self._trouble():
            return [_told(row) for row in self._connection.execute(query, (seq,))]

    def tidy(self, now: int) -> int:
        """Drop rows of which nothing counts any more, and fold older ones; returns how many rows there are fewer.

        A row is folded again only when what is newer has grown to half its size: there are never many, and each count
        is rewritten only a few times. To be called by one process alone, every minute or so.
        """
        with self._trouble():
            dropped = self._connection.execute("delete from exposures where ends <= ?", (now,)).rowcount
        run = self._foldable(now)
        if len(run) < 2:
            return dropped
        total = Counts()
        for told in run:
            with suppress(StoreError):  # who cannot read a row has counted that; it is of no use to anybody
                total.add(told.read(self.path))
        with self._transaction():
            self._connection.execute("delete from exposures where seq between ? and ?", (run[0].seq, run[-1].seq))
            self._insert(run[-1].seq, run[-1].at, total.without_old(now), folded=True)
        return dropped + len(run) - 1

    def _foldable(self, now: int) -> list[Told]:
        """All old rows that are not folded, and the folded ones before them as far as they are not much larger."""
        query = "select seq, at, folded, counts from exposures where at <= ? order by seq desc"
        run: list[Told] = []
        size = 0
        with self._trouble():
            for row in self._connection.execute(query, (now - FOLD_AFTER,)):
                told = _told(row)
                if told.folded and len(told.counts) > 2 * size:
                    break
                size += len(told.counts)
                run.append(told)
        return run[::-1]

    def _insert(self, seq: int | None, now: int, counts: Counts, *, folded: bool) -> int:
        statement = "insert into exposures (seq, at, ends, folded, counts) values (?, ?, ?, ?, ?)"
        row = self._connection.execute(statement, (seq, now, counts.end(), folded, counts.encode())).lastrowid
        assert row is not None
        return row

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        with self._trouble(), self._connection:
            self._connection.execute("begin immediate")
            yield

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                UNUSABLE,
                f"the log of exposures cannot be used: {error}",
                place=Place(str(self.path)),
                hint="workers go on, each with its own counts; what they could not tell is told when it works again",
                fix="free some space on the disk and check who owns the file; `aedile doctor` tells more",
            ) from None


def _told(row: tuple[int, int, int, bytes]) -> Told:
    seq, at, folded, counts = row
    return Told(seq, at, bool(folded), counts)
