"""How do workers hear of each other's exposures, and how does a worker that starts learn what was counted before?

One SQLite file for all workers: each appends what it counted once a second, and reads what the others appended. Older
rows are folded into fewer, for counts add up; what counts no longer goes. WAL with synchronous NORMAL: a process that
is killed loses nothing it appended, a power cut may take the last seconds.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from aedile.errors import Place, StoreError, define
from aedile.store.exposure_counts import Counts
from aedile.store.sqlite_file import SqliteFile

UNUSABLE = define("AED-STORE-100", "The log of exposures cannot be read or written.", "a full disk")
DAMAGED = define("AED-STORE-101", "A row of the log of exposures is not what a worker wrote.", "a damaged disk")

#: Rows younger than this, in microseconds, are left as they are: every worker reads them long before.
FOLD_AFTER = 60_000_000

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


class ExposureLog(SqliteFile):
    """The log of one installation; one object a process, used by one thread at a time."""

    tables = _SCHEMA
    synchronous = "normal"

    def append(self, counts: Counts, now: int) -> int:
        """Tell the others; returns the number of the row."""
        with self._trouble():
            return self._insert(None, now, counts, folded=False)

    def after(self, seq: int) -> list[Told]:
        """The rows with higher numbers, in order."""
        query = "select seq, at, folded, counts from exposures where seq > ? order by seq"
        with self._trouble():
            return [_told(row) for row in self._db.execute(query, (seq,))]

    def tidy(self, now: int) -> int:
        """Drop rows of which nothing counts any more, and fold older ones; returns how many rows there are fewer.

        A row is folded again only when what is newer has grown to half its size: there are never many, and each count
        is rewritten only a few times. To be called by one process alone, every minute or so.
        """
        with self._trouble():
            dropped = self._db.execute("delete from exposures where ends <= ?", (now,)).rowcount
        run = self._foldable(now)
        if len(run) < 2:
            return dropped
        total = Counts()
        for told in run:
            with suppress(StoreError):  # who cannot read a row has counted that; it is of no use to anybody
                total.add(told.read(self.path))
        with self._transaction():
            self._db.execute("delete from exposures where seq between ? and ?", (run[0].seq, run[-1].seq))
            self._insert(run[-1].seq, run[-1].at, total.without_old(now), folded=True)
        return dropped + len(run) - 1

    def _foldable(self, now: int) -> list[Told]:
        """All old rows that are not folded, and the folded ones before them as far as they are not much larger."""
        query = "select seq, at, folded, counts from exposures where at <= ? order by seq desc"
        run: list[Told] = []
        size = 0
        with self._trouble():
            for row in self._db.execute(query, (now - FOLD_AFTER,)):
                told = _told(row)
                if told.folded and len(told.counts) > 2 * size:
                    break
                size += len(told.counts)
                run.append(told)
        return run[::-1]

    def _insert(self, seq: int | None, now: int, counts: Counts, *, folded: bool) -> int:
        statement = "insert into exposures (seq, at, ends, folded, counts) values (?, ?, ?, ?, ?)"
        row = self._db.execute(statement, (seq, now, counts.end(), folded, counts.encode())).lastrowid
        assert row is not None
        return row

    def trouble(self, error: Exception) -> StoreError:
        return StoreError(
            UNUSABLE,
            f"the log of exposures cannot be used: {error}",
            place=Place(str(self.path)),
            hint="workers go on, each with its own counts; what they could not tell is told when it works again",
            fix="free some space on the disk and check who owns the file; `aedile doctor` tells more",
        )


def _told(row: tuple[int, int, int, bytes]) -> Told:
    seq, at, folded, counts = row
    return Told(seq, at, bool(folded), counts)
