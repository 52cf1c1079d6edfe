"""What was logged of one decision? All of its row, and what it rested on where that was logged in full."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from aedile.errors import Place, StoreError
from aedile.store.decision_log import DAMAGED, Logged
from aedile.store.decision_search import Sought, newest_first
from aedile.store.decision_units import Moved, Units, Unreadable, Within, begin_of, read_only
from aedile.store.home import Home
from aedile.store.journal import DetailRow
from aedile.store.seal import FULL

_TRIES = 5


def look_up(home: Home, request_id: str, decided_at: int) -> Logged | None:
    """A decision by its request and when it was made, in microseconds since 1970; None where it is not in the log.

    A `StoreError` where a file that may hold it cannot be read, and none other does.
    """
    for _ in range(_TRIES):
        try:
            return _look_up(home, request_id, decided_at)
        except Moved:
            continue
    return None


def _look_up(home: Home, request_id: str, decided_at: int) -> Logged | None:
    sought = Sought(request=request_id, within=Within(decided_at, decided_at + 1))
    with closing(Units(home, sought.within)) as units:
        for unit in newest_first(units):
            if not unit.may_hold(sought.choices()):
                continue
            try:
                table = unit.read()
            except Unreadable as error:
                units.damaged.append(error.damaged)
                continue
            for row in _plain(table.filter(pc.equal(table["request_id"], request_id))):
                if row["decided_at"] == decided_at:
                    return Logged(request_id, decided_at, row["release"], row, _detail(home, request_id, decided_at))
        if units.damaged:
            damaged = units.damaged[0]
            raise _damaged(damaged.file, damaged.why)
    return None


def _detail(home: Home, request_id: str, decided_at: int) -> bytes | None:
    for row in _waiting_details(home, request_id):
        if row.at == decided_at:
            return row.data
    for day in (home.decisions / FULL).glob("date=*"):
        if begin_of(day) <= decided_at < begin_of(day) + 86_400_000_000:
            files = [str(path) for path in sorted(day.glob("[!.]*.parquet"))]
            return _sealed_detail(files, request_id, decided_at)
    return None


def _sealed_detail(files: list[str], request_id: str, decided_at: int) -> bytes | None:
    wanted = (ds.field("request_id") == request_id) & (
        ds.field("decided_at") == pa.scalar(decided_at, pa.timestamp("us", "UTC"))
    )
    for file in files:
        try:
            found = ds.dataset(file, format="parquet").to_table(columns=["data"], filter=wanted)
        except FileNotFoundError:
            continue  # its day is over, and it is no longer kept
        except (pa.ArrowException, OSError) as error:
            raise _damaged(file, str(error).splitlines()[0][:300]) from None
        if len(found):
            data: bytes = found["data"][0].as_py()
            return data
    return None


def _waiting_details(home: Home, request_id: str) -> Iterator[DetailRow]:
    query = "select request_id, at, release, data from details where request_id = ?"
    for path in sorted(home.journal.glob("*.sqlite")):
        try:
            with closing(read_only(path)) as db:
                rows = db.execute(query, (request_id,)).fetchall()
        except sqlite3.Error:
            if path.exists():
                raise
            continue  # sealed in the meantime
        yield from (DetailRow(*row) for row in rows)


def _damaged(file: str, why: str) -> StoreError:
    return StoreError(
        DAMAGED,
        f"a file of the log cannot be read: {why}",
        place=Place(file),
        hint="every other file is as it was",
        fix="move the file away, or restore it from a backup",
    )


def _plain(table: pa.Table) -> list[dict[str, Any]]:
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.int64()))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
