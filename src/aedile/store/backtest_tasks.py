"""Which logged decisions does a backtest read, and in what pieces?

Sealed files in runs of row groups, so that a piece fits into memory however long the log is; what is not sealed yet is
copied aside first, and left out where it was sealed meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aedile.errors import Place, StoreError
from aedile.store.decision_flat import leaves
from aedile.store.decision_log import DAMAGED
from aedile.store.decision_units import read_only
from aedile.store.home import Home
from aedile.store.journal import read_batch
from aedile.store.live_files import live_files
from aedile.store.seal import BRIEF

#: Candidates of a piece, and of a batch of it: what a batch comes to stays in the processor's caches, more or less.
PIECE, BATCH = 2_000_000, 131_072
_ONCE = ("request_id", "decided_at", "release", "market", "channel", "time", "shopper", "query", "page.list.element")
_FIELDS = ("kind", "id", "rank_before", "rank_after", "score", "multiplier")
_COLUMNS = [*_ONCE, *leaves(*_FIELDS)]
_ANY_LEAF = "candidates.list.element.rank_before"
_DAY = 86_400_000_000
_SEALED = re.compile(r"(?P<writer>.+)-(?P<first>\d{10})-(?P<last>\d{10})\.parquet")


@dataclass(frozen=True, slots=True)
class Piece:
    """Row groups of one file, whose decisions were made between two moments (microseconds since 1970).

    market: None where the file holds several.
    """

    path: str
    groups: tuple[int, ...]
    market: str | None
    decisions: int
    candidates: int
    first: int
    last: int


def pieces(
    home: Home, scratch: Path, *, since: int | None = None, until: int | None = None, markets: Collection[str] = ()
) -> list[Piece]:
    """The log of a span of time, in the order of its days. scratch: where what is not sealed is copied."""
    unsealed = _unsealed(home)  # first: what is sealed afterwards is in a file that is listed below
    folder = home.decisions / BRIEF
    sealed = live_files(folder)
    files = [
        file
        for file in sealed
        if _is_within(file.parent.parent.name.removeprefix("date="), since, until)
        and (not markets or file.parent.name.removeprefix("market=") in markets)
    ]
    found = [piece for file in files for piece in _pieces_of(file, since, until)]
    copied = _copied(unsealed, {file.name for file in sealed}, scratch)
    return found + (list(_pieces_of(copied, since, until)) if copied is not None else [])


def read_piece(piece: Piece) -> Iterator[pa.Table]:
    """The decisions of a piece in batches of some `BATCH` candidates; a `StoreError` where the file is damaged."""
    try:
        with pq.ParquetFile(piece.path) as file:
            run: list[pa.Table] = []
            size = 0
            for group in piece.groups:
                count = _candidates(file, group)
                if run and size + count > BATCH:
                    yield from in_batches(pa.concat_tables(run))
                    run, size = [], 0
                run.append(_plain(file.read_row_group(group, columns=_COLUMNS, use_threads=False)))
                size += count
            if run:
                yield from in_batches(pa.concat_tables(run))
    except (pa.ArrowException, OSError) as error:
        raise _damaged(piece.path, error) from None


def in_batches(table: pa.Table) -> Iterator[pa.Table]:
    """Logged decisions in parts of no more than `BATCH` candidates, or of one decision."""
    if count_candidates(table) <= BATCH or len(table) < 2:
        yield table.combine_chunks()
        return
    sizes = pc.list_value_length(table["candidates"]).to_numpy(zero_copy_only=False).cumsum()
    first = 0
    while first < len(table):
        before = int(sizes[first - 1]) if first else 0
        last = max(first + 1, int(sizes.searchsorted(before + BATCH, side="right")))
        yield table.slice(first, last - first).combine_chunks()
        first = last


def count_candidates(table: pa.Table) -> int:
    """Candidates of logged decisions."""
    return sum(len(chunk.flatten()) for chunk in table["candidates"].chunks)


def _plain(table: pa.Table) -> pa.Table:
    """The candidates' kinds as plain texts: Arrow cannot put dictionaries inside of lists together."""
    parts = []
    for chunk in table["candidates"].chunks:
        fields = list(chunk.type.value_type)
        values = [
            array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
            for array in chunk.values.flatten()
        ]
        named = [field.with_type(array.type) for field, array in zip(fields, values, strict=True)]
        parts.append(pa.ListArray.from_arrays(chunk.offsets, pa.StructArray.from_arrays(values, fields=named)))
    place = table.schema.get_field_index("candidates")
    return table.set_column(place, "candidates", pa.chunked_array(parts) if parts else table["candidates"])


def _pieces_of(path: Path, since: int | None, until: int | None) -> Iterator[Piece]:
    market = path.parent.name.removeprefix("market=") if path.parent.name.startswith("market=") else None
    try:
        with pq.ParquetFile(path) as file:
            groups: list[tuple[int, int, int, int, int]] = []
            for number in range(file.num_row_groups):
                first, last = _span(file, number)
                if (until is None or first < until + _DAY) and (since is None or last >= since - _DAY):
                    groups.append(
                        (number, file.metadata.row_group(number).num_rows, _candidates(file, number), first, last)
                    )
    except (pa.ArrowException, OSError) as error:
        raise _damaged(str(path), error) from None
    run: list[tuple[int, int, int, int, int]] = []
    for group in groups:
        if run and sum(one[2] for one in run) + group[2] > PIECE:
            yield _piece(path, market, run)
            run = []
        run.append(group)
    if run:
        yield _piece(path, market, run)


def _piece(path: Path, market: str | None, run: Sequence[tuple[int, int, int, int, int]]) -> Piece:
    return Piece(
        str(path), tuple(one[0] for one in run), market, sum(one[1] for one in run), sum(one[2] for one in run),
        min(one[3] for one in run), max(one[4] for one in run),
    )  # fmt: skip


def _candidates(file: pq.ParquetFile, group: int) -> int:
    return next(
        (
            column.num_values
            for column in map(file.metadata.row_group(group).column, range(file.metadata.num_columns))
            if column.path_in_schema == _ANY_LEAF
        ),
        0,
    )


def _span(file: pq.ParquetFile, group: int) -> tuple[int, int]:
    """When the decisions of a row group were made; all times where the file does not say."""
    meta = file.metadata.row_group(group)
    for number in range(file.metadata.num_columns):
        column = meta.column(number)
        if column.path_in_schema == "decided_at" and column.statistics is not None and column.statistics.has_min_max:
            return _micros(column.statistics.min), _micros(column.statistics.max)
    return -(2**62), 2**62


def _micros(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _is_within(day: str, since: int | None, until: int | None) -> bool:
    """Whether decisions of that day may be of requests in the span; a request's time may be off by a day."""
    start = _micros(datetime.fromisoformat(day))
    return (until is None or start - _DAY < until) and (since is None or start + 2 * _DAY > since)


def _unsealed(home: Home) -> list[tuple[str, int, bytes]]:
    found = []
    for path in sorted(home.journal.glob("*.sqlite")):
        with closing(read_only(path)) as db:
            rows = db.execute("select sequence, data from batches order by sequence").fetchall()
            found += [(path.stem, sequence, data) for sequence, data in rows]
    return found


def _copied(unsealed: Sequence[tuple[str, int, bytes]], sealed: Collection[str], scratch: Path) -> Path | None:
    spans: dict[str, list[tuple[int, int]]] = {}
    for name in sealed:
        match = _SEALED.fullmatch(name)
        if match is not None:
            spans.setdefault(match["writer"], []).append((int(match["first"]), int(match["last"])))
    tables = [
        read_batch(data)
        for writer, sequence, data in unsealed
        if not any(first <= sequence <= last for first, last in spans.get(writer, ()))
    ]
    if not tables:
        return None
    path = scratch / "unsealed.parquet"
    table = pa.concat_tables(tables).sort_by("time")
    pq.write_table(table, path, row_group_size=500, compression="zstd", compression_level=1)
    return path


def _damaged(path: str, error: Exception) -> StoreError:
    return StoreError(
        DAMAGED,
        f"sealed decisions cannot be read: {str(error).splitlines()[0]:.300}",
        place=Place(path),
        hint="every other file is as it was",
        fix="move the file away, or restore it from a backup",
    )
