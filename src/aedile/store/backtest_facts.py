"""What followed logged requests, by the facts? Exposures, clicks and orders, and how likely places are looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from aedile.backtest import OUTCOMES, Examination
from aedile.errors import DataError, Place, define
from aedile.store.backtest_tasks import Piece, read_piece
from aedile.store.home import Home
from aedile.store.live_files import live_files

UNREADABLE = define("AED-DATA-122", "Facts that a backtest asks for cannot be read.", "a flipped bit in a Parquet file")

#: Days after a request in which what happens still counts as following it.
FOLLOWS = {"exposures": 1, "clicks": 1, "orders": 7}
#: Fields of an outcome and how facts of a kind are summed into it; orders are of items.
_MOMENT = pa.timestamp("us", "UTC")
_COLUMNS = {
    "exposures": ("request_id", "kind", "entity", "position"),
    "clicks": ("request_id", "kind", "entity"),
    "orders": ("request_id", "item", "amount", "currency"),
}


def batches_of(home: Home, piece: Piece) -> Iterator[pa.Table]:
    """The decisions of a piece, batch by batch, with what followed them."""
    for table in read_piece(piece):
        yield followed_up(home, table)


def followed_up(home: Home, table: pa.Table) -> pa.Table:
    """Decisions with what followed them."""
    if not len(table):
        return table
    span = pc.min_max(table["decided_at"].cast(pa.timestamp("us")).cast(pa.int64())).as_py()
    markets = pc.unique(table["market"]).to_pylist()
    ids = table["request_id"].combine_chunks()
    return with_outcomes(table, outcomes(home, ids, span["min"], span["max"] + 1, markets))


def outcomes(home: Home, requests: pa.Array, first: int, last: int, markets: Collection[str] = ()) -> pa.Table | None:
    """What followed these requests, one row an outcome, with `request_id`. first, last: when they were decided."""
    tables = []
    for kind, days in FOLLOWS.items():
        found = _facts(home, kind, requests, first, last + days * 86_400_000_000, markets)
        if len(found):
            tables.append(_summed(kind, found))
    if not tables:
        return None
    whole = pa.concat_tables(tables)
    keys = ["request_id", "kind", "entity", "currency"]
    grouped = whole.group_by(keys, use_threads=False).aggregate(
        [("exposures", "sum"), ("position", "min"), ("clicks", "sum"), ("orders", "sum"), ("gmv", "sum")]
    )
    names = ["exposures", "position", "clicks", "orders", "gmv"]
    ends = {"position": "min"}
    columns = {name: grouped[f"{name}_{ends.get(name, 'sum')}"] for name in names}
    return pa.table({**{key: grouped[key] for key in keys}, **columns})


def with_outcomes(table: pa.Table, rows: pa.Table | None) -> pa.Table:
    """The decisions with the column `outcomes` beside them."""
    if rows is None or not len(rows):
        return table
    places = pc.index_in(rows["request_id"], value_set=table["request_id"].combine_chunks())
    mine = rows.append_column("_row", places).filter(pc.is_valid(places)).sort_by("_row")
    owners = mine["_row"].combine_chunks().to_numpy(zero_copy_only=False)
    offsets = np.searchsorted(owners, np.arange(len(table) + 1)).astype(np.int32)
    fields = list(OUTCOMES.value_type)
    values = pa.StructArray.from_arrays([_one(mine[field.name].cast(field.type)) for field in fields], fields=fields)
    return table.append_column("outcomes", pa.ListArray.from_arrays(pa.array(offsets), values, type=OUTCOMES))


def examination(
    home: Home, since: int | None, until: int | None, markets: Collection[str], steepness: float
) -> Examination:
    """How likely places are looked at, by what callers said with exposures of that time."""
    sums: list[pa.Table] = []
    for batch in _batches(home, "exposures", ("channel", "position", "examined"), since, until, markets):
        said = pa.Table.from_batches([batch]).filter(
            pc.and_(pc.is_valid(batch["examined"]), pc.is_valid(batch["channel"]))
        )
        if len(said):
            grouped = said.group_by(["channel", "position"], use_threads=False)
            sums.append(grouped.aggregate([("examined", "sum"), ("examined", "count")]))
    if not sums:
        return Examination.assumed(steepness)
    whole = pa.concat_tables(sums).group_by(["channel", "position"], use_threads=False)
    table = whole.aggregate([("examined_sum", "sum"), ("examined_count", "sum")])
    return Examination.from_sums(
        table.rename_columns({"examined_sum_sum": "examined_sum", "examined_count_sum": "examined_count"}),
        Examination.assumed(steepness).likely[0],
    )


def updates(home: Home, until: int | None) -> pa.Table | None:
    """The changes of features before a moment."""
    names = ("kind", "entity", "feature", "value", "at")
    found = [pa.Table.from_batches([batch]) for batch in _batches(home, "feature_updates", names, None, until, ())]
    return pa.concat_tables(found) if found else None


def _summed(kind: str, facts: pa.Table) -> pa.Table:
    n = len(facts)
    none, text = pa.nulls(n, pa.int64()), pa.nulls(n, pa.string())
    ones, zero = pa.array([1] * n, pa.int64()), pa.array([0] * n, pa.int64())
    if kind == "orders":
        kinds, entity = pa.array(["item"] * n, pa.string()), facts["item"]
        currency, gmv = facts["currency"], facts["amount"]
    else:
        kinds, entity, currency, gmv = facts["kind"], facts["entity"], text, zero
    return pa.table(
        {
            "request_id": facts["request_id"].cast(pa.string()), "kind": kinds, "entity": entity,
            "currency": currency, "exposures": ones if kind == "exposures" else zero,
            "position": facts["position"] if kind == "exposures" else none,
            "clicks": ones if kind == "clicks" else zero, "orders": ones if kind == "orders" else zero, "gmv": gmv,
        }
    )  # fmt: skip


def _facts(home: Home, kind: str, requests: pa.Array, first: int, last: int, markets: Collection[str]) -> pa.Table:
    """The facts of a kind that name one of the requests."""
    found = [
        pa.Table.from_batches([batch]).filter(pc.is_in(batch["request_id"], value_set=requests))
        for batch in _batches(home, kind, _COLUMNS[kind], first, last, markets)
    ]
    found = [table for table in found if len(table)]
    return pa.concat_tables(found) if found else pa.table({})


def _batches(
    home: Home, kind: str, columns: Iterable[str], since: int | None, until: int | None, markets: Collection[str]
) -> Iterator[pa.RecordBatch]:
    """Facts of a kind that happened in a span of time (the end exclusive), batch after batch."""
    files = [str(file) for file in _files(home.facts / kind, since, until, markets)]
    if not files:
        return
    wanted = None
    for bound, operator in ((since, "ge"), (until, "lt")):
        if bound is not None:
            at = pa.scalar(min(max(bound, -(2**55)), 2**55), pa.int64()).cast(_MOMENT)
            one = ds.field("at") >= at if operator == "ge" else ds.field("at") < at
            wanted = one if wanted is None else wanted & one
    try:
        data = ds.dataset(files, format="parquet")
        yield from data.to_batches(columns=list(columns), filter=wanted, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            UNREADABLE,
            f"facts of the kind {kind} cannot be read: {str(error).splitlines()[0]:.300}",
            place=Place(str(home.facts / kind)),
            hint="every other file is as it was",
            fix="move the damaged file away, or restore it from a backup; `aedile doctor` tells more",
        ) from None


def _files(folder: Path, since: int | None, until: int | None, markets: Collection[str]) -> Iterator[Path]:
    """Files of the days in a span, local days being off by one at most."""
    low = _day(since, -1) if since is not None else ""
    high = _day(until, 1) if until is not None else "9999"
    for file in live_files(folder):
        day, market = file.parent.parent.name.removeprefix("date="), file.parent.name.removeprefix("market=")
        if low <= day <= high and (not markets or market in markets):
            yield file


def _day(moment: int, off: int) -> str:
    bounded = min(max(moment, 0), 4_000_000_000_000_000)
    return (datetime.fromtimestamp(bounded / 1e6, UTC) + timedelta(days=off)).strftime("%Y-%m-%d")


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
