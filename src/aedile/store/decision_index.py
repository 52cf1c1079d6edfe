"""In which pieces of the sealed log can something be found? A small index a day, made behind the sealing.

The Parquet files are the log; the index is made from them and can be made again: `.index.sqlite` beside a day's
markets, not part of a backup. It holds of each row group when its decisions were made and a Bloom filter of the
requests, entities and strategies in it, and of the day how often each strategy did what, where and in which hour.
What it does not know yet is searched all the same, only slower.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aedile.engine.kernel import count_pairs
from aedile.errors import Place, StoreError, define
from aedile.store.decision_bloom import bloom_of
from aedile.store.decision_flat import PARTS, Flat, Numbers, Pairs, Part, columns_for, keys_of, leaves
from aedile.store.home import Home

UNUSABLE = define("AED-STORE-083", "The index of a day's decisions cannot be written or read.", "a full disk")

NAME = ".index.sqlite"
HOUR = 3_600_000_000
#: A change of what is in it makes the index of every day anew.
VERSION = 1
PATIENCE = 5.0
_TABLES = """
create table if not exists files (name text primary key, damage text);
create table if not exists groups (
  file text not null, number integer not null, market text not null, first_at integer not null,
  last_at integer not null, rows integer not null, first_release integer not null, last_release integer not null,
  channels text not null, bloom blob not null, primary key (file, number)
);
create index if not exists groups_by_time on groups (last_at);
create table if not exists counts (
  strategy text not null, part text not null, hour integer not null, market text not null, channel text not null,
  decisions integer not null, candidates integer not null, primary key (strategy, part, hour, market, channel)
) without rowid;
"""
_READ = [
    "request_id", "decided_at", "release", "channel",
    *leaves("kind", "id", *dict.fromkeys(name for part in PARTS for name in columns_for(part))),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Count:
    """How many decisions of an hour (microseconds since 1970, its begin) a strategy had a part in, and candidates."""

    strategy: str
    part: Part
    hour: int
    market: str
    channel: str
    decisions: int
    candidates: int


@dataclass(frozen=True, slots=True)
class Group:
    """A row group. file: below the day's folder."""

    file: str
    number: int
    market: str
    first_at: int
    last_at: int
    rows: int


def days_of(home: Home) -> list[Path]:
    """The folders of sealed decisions, a day each, the newest first."""
    from aedile.store.seal import BRIEF

    return sorted((home.decisions / BRIEF).glob("date=*"), reverse=True)


def files_of(day: Path) -> set[str]:
    """The sealed files of a day, as `market=…/name`."""
    return {f"{path.parent.name}/{path.name}" for path in day.glob("market=*/[!.]*.parquet")}


def index_new(home: Home, seconds: float = 2.0) -> int:
    """Index what was sealed and is not indexed yet, the newest days first; returns the files. Stops after a time, to
    go on when it is called again. A damaged file is noted as such, and passed over."""
    end, done = time.monotonic() + seconds, 0
    for day in days_of(home):
        index = DayIndex.open(day)
        with closing(index):
            for name in sorted(files_of(day) - index.files().keys(), reverse=True):
                index.add(name)
                done += 1
                if time.monotonic() > end:
                    return done
    return done


class DayIndex:
    """The index of one day; written by one process at a time (the keeper), read by any."""

    def __init__(self, day: Path, db: sqlite3.Connection) -> None:
        self.day = day
        self._db = db

    @classmethod
    def open(cls, day: Path) -> DayIndex:
        """To be written; made where it is missing, made anew where it is damaged or of another version."""
        path = day / NAME
        for _ in range(2):
            db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                if db.execute("pragma user_version").fetchone()[0] in (0, VERSION):
                    db.execute("pragma journal_mode = wal")
                    db.execute("pragma synchronous = normal")
                    db.executescript(f"{_TABLES} pragma user_version = {VERSION};")
                    path.chmod(0o600)
                    return cls(day, db)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    db.close()
                    raise _trouble(path, error) from None
            db.close()
            for suffix in ("", "-wal", "-shm"):
                path.with_name(NAME + suffix).unlink(missing_ok=True)
        raise _trouble(path, "it cannot be made anew")

    @classmethod
    def look(cls, day: Path) -> DayIndex | None:
        """To be read, as it is now until it is closed; None where there is none that can be read: then the whole day is
        searched."""
        path = day / NAME
        if not path.exists():
            return None
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE, isolation_level=None)
        try:
            db.execute("begin")
            if db.execute("pragma user_version").fetchone()[0] == VERSION:
                return cls(day, db)
        except sqlite3.DatabaseError:
            pass  # the keeper makes it anew
        db.close()
        return None

    def close(self) -> None:
        self._db.close()

    def files(self) -> dict[str, str | None]:
        """The files that are in it; of a damaged one what is wrong."""
        with self._reading():
            return dict(self._db.execute("select name, damage from files"))

    def add(self, name: str) -> None:
        """Index a file: in one transaction, so that nothing is counted twice."""
        groups: list[tuple[object, ...]] = []
        counts = _Counts()
        damage = None
        market = name.partition("/")[0].removeprefix("market=")
        try:
            with pq.ParquetFile(self.day / name) as file:
                for number in range(file.num_row_groups):
                    flat = Flat(file.read_row_group(number, columns=_READ, use_threads=False))
                    groups.append((name, number, market, *_said(flat)))
                    counts.add(flat, market)
        except FileNotFoundError:
            return
        except (pa.ArrowException, OSError) as error:
            groups, counts, damage = [], _Counts(), str(error).splitlines()[0][:300]
        with self._reading(), self._db:
            self._db.execute("begin immediate")
            self._db.execute("insert into files values (?, ?)", (name, damage))
            self._db.executemany("insert into groups values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", groups)
            self._db.executemany(
                "insert into counts values (?, ?, ?, ?, ?, ?, ?) on conflict do update set "
                "decisions = decisions + excluded.decisions, candidates = candidates + excluded.candidates",
                ((c.strategy, c.part, c.hour, c.market, c.channel, c.decisions, c.candidates) for c in counts),
            )

    def groups(
        self, since: int, until: int, markets: frozenset[str] | None, release: int | None, channel: str | None
    ) -> Iterator[tuple[Group, int]]:
        """The row groups that may hold such decisions, with the row to read the filter from; `since` is inclusive."""
        query = (
            "select file, number, market, first_at, last_at, rows, rowid from groups "
            "where last_at >= ? and first_at < ? and (? is null or ? between first_release and last_release) "
            "and (? is null or instr(channels, char(10) || ? || char(10)))"
        )
        values = (since, until, release, release, channel, channel)
        with self._reading():
            for *said, row in self._db.execute(query, values):
                if markets is None or said[2] in markets:
                    yield Group(*said), row

    def bloom(self, row: int) -> bytes:
        with self._reading():
            return bytes(self._db.execute("select bloom from groups where rowid = ?", (row,)).fetchone()[0])

    def counts(self, strategy: str, since: int, until: int) -> list[Count]:
        """What a strategy did in the hours of a span."""
        with self._reading():
            rows = self._db.execute(
                "select * from counts where strategy = ? and hour >= ? and hour < ?",
                (strategy, since // HOUR * HOUR, until),
            ).fetchall()
        return [Count(*row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _trouble(self.day / NAME, error) from None


def counted(flat: Flat, market: str | None = None) -> Iterator[Count]:
    """What the strategies did in these decisions. market: of all of them; by default each decision's own."""
    counts = _Counts()
    counts.add(flat, market)
    yield from counts


#: The parts, those that may be the same pairs next to each other.
_ALIKE = sorted(PARTS, key=lambda part: part in ("fired", "acted"))


class _Counts:
    """What strategies did, added up over pieces: a row by strategy for each part, hour, market and channel."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._last: tuple[pa.Array, Numbers] | None = None
        self._sums: dict[tuple[Part, int, str, str], Numbers] = {}  # (2, strategies): decisions, candidates

    def add(self, flat: Flat, market: str | None) -> None:
        """market: of all decisions of a piece; None where each has its own."""
        if not len(flat.counts):
            return
        hours = np.asarray(flat.table["decided_at"].cast(pa.int64())).astype(np.int64) // HOUR
        places = [pa.chunked_array([pa.array([market] * len(hours))]) if market is not None else flat.table["market"]]
        places.append(flat.table["channel"])
        coded = [place.combine_chunks().dictionary_encode() for place in places]
        coded = [c.chunk(0) if isinstance(c, pa.ChunkedArray) else c for c in coded]
        of_market, of_channel = (np.asarray(c.indices).astype(np.int64) for c in coded)
        cells, cell = np.unique(np.stack([hours, of_market, of_channel]), axis=1, return_inverse=True)
        cell = cell.reshape(-1)
        markets, channels = (c.dictionary.to_pylist() for c in coded)
        where = [(hour * HOUR, markets[m], channels[c]) for hour, m, c in cells.T.tolist()]
        last: tuple[Pairs, Numbers] | None = None
        for part in _ALIKE:
            pairs = candidates, numbers, names = flat.pairs(part)
            if not len(candidates):
                continue
            if last is None or last[0] is not pairs:  # all that fired has acted, where nothing was held off
                last = pairs, count_pairs(flat.rows[candidates], numbers, cell, (len(where), len(names)))
            self._add_up(part, where, self._numbers(names), last[1])

    def _numbers(self, names: pa.Array) -> Numbers:
        """The numbers of strategies here, by their number there; nearly always asked for the same names again."""
        if self._last is None or not self._last[0].equals(names):
            own = [self._names.setdefault(name, len(self._names)) for name in names.to_pylist()]
            self._last = names, np.array(own, np.int64)
        return self._last[1]

    def _add_up(self, part: Part, where: list[tuple[int, str, str]], mine: Numbers, found: Numbers) -> None:
        for place, of_place in zip(where, found.swapaxes(0, 1), strict=True):
            sums = self._sums.get((part, *place))
            if sums is None or sums.shape[1] < len(self._names):
                wider = np.zeros((2, len(self._names)), np.int64)
                if sums is not None:
                    wider[:, : sums.shape[1]] = sums
                sums = self._sums[part, *place] = wider
            sums[:, mine] += of_place

    def __iter__(self) -> Iterator[Count]:
        names = list(self._names)
        for (part, hour, market, channel), (decisions, candidates) in self._sums.items():
            there = np.flatnonzero(candidates)
            columns = (there.tolist(), decisions[there].tolist(), candidates[there].tolist())
            for name, of_decisions, many in zip(*columns, strict=True):
                yield Count(names[name], part, hour, market, channel, of_decisions, many)


def _said(flat: Flat) -> tuple[object, ...]:
    """Of a row group first and last time, rows, first and last release, channels, and its filter."""
    table = flat.table
    moments = np.asarray(table["decided_at"].cast(pa.int64()))
    releases = np.asarray(table["release"])
    channels = "\n".join(sorted(set(table["channel"].to_pylist())))
    keys = pa.concat_arrays(list(keys_of(flat)))
    return (
        int(moments.min()), int(moments.max()), len(moments), int(releases.min()), int(releases.max()),
        f"\n{channels}\n", bloom_of(keys),
    )  # fmt: skip


def _trouble(path: Path, why: object) -> StoreError:
    return StoreError(
        UNUSABLE,
        f"the index of a day's decisions cannot be used: {why}",
        place=Place(str(path)),
        hint="the log itself is whole; searching it takes longer",
        fix="make room on the disk, or delete the file: it is made anew",
    )
