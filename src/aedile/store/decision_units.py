"""Where do logged decisions stand, in pieces small enough to be read one after another?

Batches of the journals first, then row groups of sealed files, so that what moves from one to the other meanwhile is in
one of them at least. A piece that is gone by the time it is read has moved: whoever reads starts again.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aedile.language.hashing import Hashes
from aedile.store.decision_bloom import may_hold
from aedile.store.decision_index import DayIndex, days_of, files_of
from aedile.store.home import Home
from aedile.store.journal import read_batch
from aedile.store.sqlite_file import PATIENCE

#: Microseconds of a day.
DAY = 86_400_000_000
MOST_OPEN = 16
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Moved(Exception):  # noqa: N818  nothing is wrong: it is read elsewhere
    """What was to be read stands elsewhere by now."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file that could not be read."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Within:
    """Where to look: a span of time (microseconds since 1970, the end exclusive), markets (None: all), …"""

    since: int = 0
    until: int = 2**62
    markets: frozenset[str] | None = None
    channel: str | None = None
    release: int | None = None


class Unreadable(Exception):  # noqa: N818  carries what is told of it
    def __init__(self, damaged: Damaged) -> None:
        super().__init__(damaged.why)
        self.damaged = damaged


@dataclass(frozen=True)
class Batch:
    """A batch of a journal. last: when it was written, which is after the last decision in it."""

    path: Path
    sequence: int
    last: int
    first: int = 0

    def may_hold(self, hashes: Sequence[Hashes]) -> bool:  # noqa: ARG002  nothing is known before it is read
        return True

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:  # noqa: ARG002  it is one piece
        try:
            with closing(read_only(self.path)) as db:
                row = db.execute("select data from batches where sequence = ?", (self.sequence,)).fetchone()
        except sqlite3.Error:
            raise Moved from None
        if row is None:
            raise Moved
        try:
            return read_batch(row[0])
        except pa.ArrowException as error:
            raise Unreadable(Damaged(str(self.path), str(error).splitlines()[0][:300])) from None


class OpenFiles:
    """Parquet files that were just read, kept open: row groups of one are often read one after another."""

    def __init__(self) -> None:
        self._files: OrderedDict[Path, pq.ParquetFile] = OrderedDict()

    def get(self, path: Path) -> pq.ParquetFile:
        if path not in self._files:
            self._files[path] = pq.ParquetFile(path)
            if len(self._files) > MOST_OPEN:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(path)
        return self._files[path]

    def close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()


@dataclass(frozen=True)
class RowGroup:
    """A row group of a sealed file; with what the index says of it, where it is indexed."""

    files: OpenFiles
    path: Path
    number: int
    first: int
    last: int
    index: DayIndex | None = None
    row: int = 0

    def may_hold(self, hashes: Sequence[Hashes]) -> bool:
        """Whether of each of several choices of texts one at least may be in it."""
        if self.index is None or not hashes:
            return True
        bloom = self.index.bloom(self.row)
        return all(may_hold(bloom, choice).any() for choice in hashes)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        try:
            return self.files.get(self.path).read_row_group(self.number, columns=columns, use_threads=False)
        except FileNotFoundError:
            raise Moved from None
        except (pa.ArrowException, OSError) as error:
            raise Unreadable(Damaged(str(self.path), str(error).splitlines()[0][:300])) from None


Unit = Batch | RowGroup


@dataclass
class Units:
    """The pieces in which decisions of a place and time may stand. damaged: files that cannot even be opened."""

    home: Home
    within: Within
    damaged: list[Damaged] = field(default_factory=list)
    _files: OpenFiles = field(default_factory=OpenFiles)
    _open: dict[Path, DayIndex] = field(default_factory=dict)
    _sealed: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def close(self) -> None:
        for index in self._open.values():
            index.close()
        self._open.clear()
        self._files.close()

    def index_of(self, day: Path) -> DayIndex | None:
        """The index of a day, as it was when `of_day` looked at it."""
        return self._open.get(day)

    def is_sealed(self, batch: Batch) -> bool:
        """Whether a batch is in a file of the days that were looked at."""
        return any(first <= batch.sequence <= last for first, last in self._sealed.get(batch.path.stem, ()))

    def batches(self) -> list[Batch]:
        """Those of the journals."""
        found = []
        for path in sorted(self.home.journal.glob("*.sqlite")):
            try:
                with closing(read_only(path)) as db:
                    rows = db.execute("select sequence, at from batches where at >= ?", (self.within.since,)).fetchall()
            except sqlite3.OperationalError as error:
                if path.exists():
                    self.damaged.append(Damaged(str(path), str(error)))
                continue
            except sqlite3.DatabaseError as error:
                self.damaged.append(Damaged(str(path), str(error)))
                continue
            found += [Batch(path, sequence, at) for sequence, at in rows]
        return found

    def days(self) -> list[Path]:
        """The days of the span, the newest first."""
        return [day for day in days_of(self.home) if self._overlaps(day)]

    def of_day(self, day: Path) -> Iterator[RowGroup]:
        """The row groups of a day, in no order."""
        files = files_of(day)
        for name in files:
            writer, first, last = name.rpartition("/")[2].removesuffix(".parquet").rsplit("-", 2)
            self._sealed.setdefault(writer, []).append((int(first), int(last)))
        index = DayIndex.look(day)
        indexed: dict[str, str | None] = {}
        if index is not None:
            self._open[day] = index
            indexed = index.files()
            self.damaged += [Damaged(str(day / name), why) for name, why in indexed.items() if why and name in files]
            w = self.within
            for group, row in index.groups(w.since, w.until, w.markets, w.release, w.channel):
                if group.file in files:
                    yield RowGroup(
                        self._files, day / group.file, group.number, group.first_at, group.last_at, index, row
                    )
        for name in sorted(files - indexed.keys()):
            if self.within.markets is None or _market(name) in self.within.markets:
                yield from self._unindexed(day / name)

    def _unindexed(self, path: Path) -> Iterator[RowGroup]:
        try:
            metadata = pq.read_metadata(path)
        except FileNotFoundError:
            raise Moved from None
        except (pa.ArrowException, OSError) as error:
            self.damaged.append(Damaged(str(path), str(error).splitlines()[0][:300]))
            return
        for number in range(metadata.num_row_groups):
            first, last = _times(metadata.row_group(number))
            if last >= self.within.since and first < self.within.until:
                yield RowGroup(self._files, path, number, first, last)

    def _overlaps(self, day: Path) -> bool:
        first = begin_of(day)
        return first < self.within.until and first + DAY > self.within.since


def begin_of(day: Path) -> int:
    """When the day of a folder begins, in microseconds since 1970."""
    return (datetime.strptime(day.name, "date=%Y-%m-%d").replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _market(name: str) -> str:
    return name.partition("/")[0].removeprefix("market=")


def _times(group: pq.RowGroupMetaData) -> tuple[int, int]:
    """First and last `decided_at` by the statistics that are written with it."""
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema == "decided_at":
            said = column.statistics
            return (said.min - _EPOCH) // _MICROSECOND, (said.max - _EPOCH) // _MICROSECOND
    raise AssertionError("every sealed file has the column")


def read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE, isolation_level=None)
