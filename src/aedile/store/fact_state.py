"""Which files of facts are there, up to where is each journal sealed, and what was refused?

One SQLite file. What a sealing does becomes true here, in one transaction: its files with their digests, its ids, what
it refused, and how far its journal is sealed. Whatever a crash leaves half done is finished or forgotten by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aedile.errors import StoreError
from aedile.store.fact_ids import Run
from aedile.store.fact_journal import DeadRow, not_kept
from aedile.store.sqlite_file import SqliteFile

#: Seconds to wait for another process that is writing.
PATIENCE = 10.0
_TABLES = """
create table if not exists marks (writer text primary key, last integer not null) without rowid;
create table if not exists files (
  path text primary key, rows integer not null, bytes integer not null, sha256 text not null, is_placed integer not null
) without rowid;
create index if not exists files_to_place on files (is_placed) where is_placed = 0;
create table if not exists runs (
  number integer primary key autoincrement, kind text not null, name text not null, level integer not null,
  rows integer not null
);
create table if not exists dead (
  number integer primary key autoincrement, kind text not null, raw text, error text not null, at integer not null,
  source text not null
);
create table if not exists counts (
  kind text not null, what text not null, count integer not null, primary key (kind, what)
) without rowid;
"""


@dataclass(frozen=True, slots=True)
class FactFile:
    """A sealed file. path: below the folder of facts, `orders/date=…/market=…/….parquet`."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A row that was refused, and is kept until somebody mends or drops it."""

    number: int
    row: DeadRow


@dataclass(slots=True)
class Sealing:
    """All that one sealing makes true. counts: (kind, what) → how many more."""

    writer: str
    last: int
    files: list[FactFile] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    dead: list[DeadRow] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def count(self, kind: str, what: str, more: int) -> None:
        if more:
            self.counts[kind, what] = self.counts.get((kind, what), 0) + more


class FactState(SqliteFile):
    """The state of one installation's facts."""

    tables = _TABLES

    def __init__(self, path: Path) -> None:
        super().__init__(path, PATIENCE)

    def mark(self, writer: str) -> int:
        """Up to which batch a writer's journal is sealed."""
        with self._trouble():
            row = self._db.execute("select last from marks where writer = ?", (writer,)).fetchone()
        return int(row[0]) if row is not None else 0

    def forget_writer(self, writer: str) -> None:
        """Its journal is gone."""
        with self._transaction():
            self._db.execute("delete from marks where writer = ?", (writer,))

    def commit(self, sealing: Sealing) -> None:
        """Make a sealing true: all of it, or nothing where it raises. Its files are yet to be placed."""
        with self._transaction():
            self._db.execute("insert or replace into marks values (?, ?)", (sealing.writer, sealing.last))
            self._db.executemany("insert or replace into files values (?, ?, ?, ?, 0)", map(_row_of, sealing.files))
            self._db.executemany(
                "insert into runs (kind, name, level, rows) values (?, ?, ?, ?)",
                [(run.kind, run.name, run.level, run.rows) for run in sealing.runs],
            )
            self._add_dead(sealing.dead)
            self._db.executemany(
                "insert into counts values (?, ?, ?) on conflict do update set count = count + excluded.count",
                [(*key, count) for key, count in sealing.counts.items()],
            )

    def replace(self, gone: Sequence[str], made: Sequence[FactFile], *, placed: bool = True) -> None:
        """Files take the place of others: at once for whoever asks here. placed: whether they are where they belong
        by now, or still aside."""
        with self._transaction():
            self._db.executemany("delete from files where path = ?", [(path,) for path in gone])
            self._db.executemany(
                "insert or replace into files values (?, ?, ?, ?, ?)", [(*_row_of(one), int(placed)) for one in made]
            )

    def unplaced(self) -> list[str]:
        """Files that count, and may not be in their place yet."""
        with self._trouble():
            return [str(row[0]) for row in self._db.execute("select path from files where is_placed = 0")]

    def placed(self, paths: Sequence[str]) -> None:
        with self._transaction():
            self._db.executemany("update files set is_placed = 1 where path = ?", [(path,) for path in paths])

    def files(self) -> list[FactFile]:
        """All files that count, by their path."""
        with self._trouble():
            return [FactFile(*row) for row in self._db.execute("select path, rows, bytes, sha256 from files")]

    def runs(self, kind: str | None = None) -> list[Run]:
        """The runs of ids, in the order in which they came; of a kind or of all."""
        query = "select kind, name, level, rows from runs where ? is null or kind = ? order by number"
        with self._trouble():
            return [Run(*row) for row in self._db.execute(query, (kind, kind))]

    def merge_runs(self, gone: Sequence[Run], made: Run) -> None:
        """One run takes the place of several: that of the first of them."""
        with self._transaction():
            names = [(run.name,) for run in gone]
            first = min(
                self._db.execute("select number from runs where name = ?", name).fetchone()[0] for name in names
            )
            self._db.executemany("delete from runs where name = ?", names)
            self._db.execute(
                "insert into runs values (?, ?, ?, ?, ?)", (first, made.kind, made.name, made.level, made.rows)
            )

    def renew_runs(self, runs: Sequence[Run]) -> None:
        """These are all there are."""
        with self._transaction():
            self._db.execute("delete from runs")
            self._db.executemany(
                "insert into runs (kind, name, level, rows) values (?, ?, ?, ?)",
                [(run.kind, run.name, run.level, run.rows) for run in runs],
            )

    def counts(self) -> Mapping[tuple[str, str], int]:
        """(kind, what) → how many: sealed, duplicates, dead."""
        with self._trouble():
            return {(row[0], row[1]): row[2] for row in self._db.execute("select kind, what, count from counts")}

    def dead(self, kind: str | None = None, after: int = 0, limit: int = 1_000) -> list[DeadLetter]:
        """Dead letters in the order in which they came, after one of them."""
        query = (
            "select number, kind, raw, error, at, source from dead where number > ? and (? is null or kind = ?) "
            "order by number limit ?"
        )
        with self._trouble():
            rows = self._db.execute(query, (after, kind, kind, limit)).fetchall()
        return [DeadLetter(row[0], DeadRow(*row[1:])) for row in rows]

    def dead_letter(self, number: int) -> DeadLetter | None:
        with self._trouble():
            row = self._db.execute(
                "select number, kind, raw, error, at, source from dead where number = ?", (number,)
            ).fetchone()
        return None if row is None else DeadLetter(row[0], DeadRow(*row[1:]))

    def count_dead(self) -> Mapping[tuple[str, str], int]:
        """(kind, code of the error) → dead letters that wait."""
        query = "select kind, json_extract(error, '$.code'), count(*) from dead group by 1, 2 order by 1, 2"
        with self._trouble():
            return {(row[0], row[1]): row[2] for row in self._db.execute(query)}

    def add_dead(self, rows: Sequence[DeadRow]) -> None:
        with self._transaction():
            self._add_dead(rows)

    def mend(self, number: int, raw: str, error: str) -> None:
        """Put another row in the place of a dead letter's."""
        with self._transaction():
            self._db.execute("update dead set raw = ?, error = ? where number = ?", (raw, error, number))

    def drop(self, numbers: Sequence[int]) -> int:
        """Delete dead letters; returns how many there were."""
        with self._transaction():
            before = self._db.total_changes
            self._db.executemany("delete from dead where number = ?", [(number,) for number in numbers])
            return self._db.total_changes - before

    def _add_dead(self, rows: Sequence[DeadRow]) -> None:
        self._db.executemany(
            "insert into dead (kind, raw, error, at, source) values (?, ?, ?, ?, ?)",
            [(one.kind, one.raw, one.error, one.at, one.source) for one in rows],
        )

    def trouble(self, error: Exception) -> StoreError:
        return not_kept(self.path, error)


def _row_of(file: FactFile) -> tuple[str, int, int, str]:
    return file.path, file.rows, file.bytes, file.sha256
