"""How do decisions get from journals to Parquet, each once, and when do they go?

`date=…/market=…` of when a decision was made (UTC). A file is named by its writer and the batches in it; the batches
are chosen and noted before anything is written, so that after a crash the same file is written again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aedile.store.aside import make_private, sync_folder, write_aside
from aedile.store.decision_batch import CANDIDATE
from aedile.store.held import alone
from aedile.store.home import Home
from aedile.store.journal import DetailRow, Journal, read_ledger

#: A journal is sealed when so many decisions wait in it, or the first of them for so long, in seconds.
ENOUGH, LONG = 20_000, 300.0
BRIEF, FULL, LOST = "brief", "full", "lost.json"
_DETAILS = pa.schema(
    [
        pa.field("request_id", pa.string(), False),
        pa.field("decided_at", pa.timestamp("us", "UTC"), False),
        pa.field("release", pa.int64(), False),
        pa.field("data", pa.binary(), False),
    ]
)
#: Columns in which few values occur often; ids and scores are better off without a dictionary.
_DICTIONARIES = [
    "market", "channel",
    *(f"candidates.list.element.{f.name}" for f in CANDIDATE if f.name in (
        "kind", "excluded_by", "pinned_by", "reserved_by", "multiplier")),
    *(f"candidates.list.element.{f.name}.list.element" for f in CANDIDATE if pa.types.is_list(f.type)),
]  # fmt: skip
#: Decisions in a row group: what one look into the log costs (`decision_search.py`), for 3 % more bytes.
GROUP = 500
_OPTIONS = {"use_dictionary": _DICTIONARIES, "write_statistics": ["request_id", "decided_at", "release"]}
_COMPRESSION = {"compression": "zstd", "compression_level": 1}


def seal_all(home: Home, now: float, *, everything: bool = False) -> int:
    """Seal journals that are due, or all; journals of writers that are gone are sealed and go. Returns decisions.

    A journal without a ledger came out of a backup: nothing of it is lost. One process at a time seals.
    """
    with alone(home.decisions / ".sealing"):
        return _seal_all(home, now, everything)


def _seal_all(home: Home, now: float, everything: bool) -> int:
    sealed = 0
    for path in sorted(home.journal.glob("*.sqlite")):
        gone = read_ledger(path.with_suffix(".ledger"))
        journal = Journal(path)
        try:
            rows, since = journal.waiting()
            if rows and (everything or gone is not None or rows >= ENOUGH or now - since / 1e6 >= LONG):
                sealed += _seal(home, journal, path.stem)
            if gone is not None and journal.waiting()[0] == 0:
                decided, dropped = gone
                _note_lost(home, path.stem, max(0, decided - dropped - journal.written()))
                _remove(journal)
        finally:
            journal.close()
    return sealed


def rewrite(path: Path, table: pa.Table) -> None:
    """Put other rows in the place of a sealed file's, such that readers see all of the old or all of the new."""
    if "candidates" in table.column_names:
        _write(table, path, _OPTIONS)
    else:
        _write(table, path, {"use_dictionary": "data" not in table.column_names})


def lost_in_crashes(home: Home) -> int:
    """Decisions that were made and logged nowhere because their process died."""
    return sum(_lost(home).values())


def retain(home: Home, now: float, keep_days: int) -> list[str]:
    """Delete what is older than so many days, whole days at a time; returns the days."""
    first = (datetime.fromtimestamp(now, UTC) - timedelta(days=keep_days)).strftime("%Y-%m-%d")
    old = [
        folder
        for part in (BRIEF, FULL)
        for folder in (home.decisions / part).glob("date=*")
        if folder.name.removeprefix("date=") < first
    ]
    for folder in old:
        shutil.rmtree(folder)
    return sorted({folder.name.removeprefix("date=") for folder in old})


def _seal(home: Home, journal: Journal, writer: str) -> int:
    chosen = journal.choose()
    if chosen is None:
        return 0
    first, last = chosen
    name = f"{writer}-{first:010d}-{last:010d}.parquet"
    sealed = _seal_brief(home, journal.batches(last), name)
    for day, rows in _by_day(journal.details(last)).items():
        _write(_details(rows), home.decisions / FULL / f"date={day}" / name, {"use_dictionary": False})
    journal.sealed(last)
    return sealed


def _seal_brief(home: Home, batches: Iterator[pa.Table], name: str) -> int:
    """One file for each day and market, written batch by batch: what is unpacked at a time stays in the caches."""
    files: dict[tuple[str, str], _Growing] = {}
    sealed = 0
    try:
        for batch in batches:
            sealed += len(batch)
            for day, market, part in _parts(batch):
                if (day, market) not in files:
                    path = home.decisions / BRIEF / f"date={day}" / f"market={market}" / name
                    files[day, market] = _Growing(path, batch.schema)
                files[day, market].add(part)
        for file in files.values():
            file.finish()
    finally:
        for file in files.values():
            file.close()
    return sealed


class _Growing:
    """A file of decisions that grows aside by whole row groups, and is there when it is finished."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        make_private(path.parent)
        self._file = _open_aside(path)
        self._writer = pq.ParquetWriter(self._file, schema, **_COMPRESSION, **_OPTIONS)
        self._waiting: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        if sum(map(len, self._waiting)) >= GROUP:
            table = pa.concat_tables(self._waiting)
            whole = len(table) // GROUP * GROUP
            self._writer.write_table(table.slice(0, whole), GROUP)
            self._waiting = [table.slice(whole)]

    def finish(self) -> None:
        left = pa.concat_tables(self._waiting)
        if len(left):
            self._writer.write_table(left, GROUP)
        self._writer.close()
        _put_in_place(self._file, self._path)

    def close(self) -> None:
        self._writer.close()
        self._file.close()


def _parts(table: pa.Table) -> Iterator[tuple[str, str, pa.Table]]:
    """The table by day and market; a day and a market are in a file's path, the columns stay all the same. The writer
    keeps markets apart, and few batches see midnight: there is seldom anything to pick out, which would cost as much as
    writing it."""
    for batch in table.to_batches():
        days = pc.strftime(batch["decided_at"], "%Y-%m-%d")
        for day in pc.unique(days).to_pylist():
            of_day = _only(batch, days, day)
            for market in pc.unique(of_day["market"]).to_pylist():
                yield day, market, pa.Table.from_batches([_only(of_day, of_day["market"], market)])


def _only(batch: pa.RecordBatch, column: pa.Array, value: str) -> pa.RecordBatch:
    """The rows with this value in a column."""
    mine = pc.equal(column, value)
    return batch if pc.all(mine).as_py() else batch.filter(mine)


def _by_day(rows: list[DetailRow]) -> dict[str, list[DetailRow]]:
    found: dict[str, list[DetailRow]] = {}
    for row in rows:
        found.setdefault(datetime.fromtimestamp(row.at / 1e6, UTC).strftime("%Y-%m-%d"), []).append(row)
    return found


def _details(rows: list[DetailRow]) -> pa.Table:
    columns = [
        pa.array([row.request_id for row in rows], pa.string()),
        pa.array([row.at for row in rows], pa.int64()).cast(_DETAILS.field("decided_at").type),
        pa.array([row.release for row in rows], pa.int64()),
        pa.array([row.data for row in rows], pa.binary()),
    ]
    return pa.Table.from_arrays(columns, schema=_DETAILS)


def _write(table: pa.Table, path: Path, options: Mapping[str, Any]) -> None:
    make_private(path.parent)
    with _open_aside(path) as file:
        pq.write_table(table, file, **_COMPRESSION, **options)
        _put_in_place(file, path)


def _open_aside(path: Path) -> BinaryIO:
    """A file is written aside, on disk, and then in its place: whole or not there."""
    return open(os.open(_aside(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _put_in_place(file: BinaryIO, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    os.replace(_aside(path), path)
    sync_folder(path.parent)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}")


def _note_lost(home: Home, writer: str, lost: int) -> None:
    """By writer, so that noting it twice changes nothing."""
    if lost:
        write_aside(home.decisions / LOST, json.dumps({**_lost(home), writer: lost}).encode())


def _lost(home: Home) -> dict[str, int]:
    try:
        found: dict[str, int] = json.loads((home.decisions / LOST).read_bytes())
    except FileNotFoundError:
        return {}
    return found


def _remove(journal: Journal) -> None:
    for suffix in (".sqlite", ".sqlite-wal", ".sqlite-shm", ".ledger"):
        journal.path.with_suffix(suffix).unlink(missing_ok=True)
