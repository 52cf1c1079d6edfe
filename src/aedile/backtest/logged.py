"""What did the log say of many requests? Columns, as the comparison reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.engine.many import Requests
from aedile.errors import DataError, define
from aedile.language.columns import Column
from aedile.language.types import STRING, TIMESTAMP

NOT_LOGGED = define("AED-DATA-121", "Rows are not logged decisions.", "a Parquet file without the column `candidates`")

Numbers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: The columns of a decision that are read, and the fields of its candidates.
COLUMNS = ("request_id", "decided_at", "release", "market", "channel", "time", "shopper", "query", "page")
FIELDS = ("kind", "id", "rank_before", "rank_after", "score", "multiplier")


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """What each of n candidates got: excluded; its multiplier; its place from 1 in the slate, 0 where excluded; and
    whether it was in what was answered."""

    excluded: Mask
    multiplier: Doubles
    rank: Numbers
    shown: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Logged:
    """m logged requests with n candidates.

    release, decided_at: int64 (m,). first, last: int64 (m,), the places in the slate that were answered, last
    excluded: how many were asked for where more were there, else without end. then: what candidates got at the time.
    """

    table: pa.Table
    requests: Requests
    release: Numbers
    decided_at: Numbers
    first: Numbers
    last: Numbers
    then: Places

    def __len__(self) -> int:
        return len(self.requests)

    def shown(self, rank: Numbers) -> Mask:
        """Whether candidates of these places would be answered."""
        owner = self.requests.owner
        return (rank > self.first[owner]) & (rank <= self.last[owner])


#: No slate has so many places.
_WITHOUT_END = np.int64(2**40)


def read_logged(table: pa.Table) -> Logged:
    """The requests in rows of the decision log; of candidates the columns in `FIELDS` are enough."""
    missing = [name for name in (*COLUMNS, "candidates") if name not in table.column_names]
    if missing:
        raise DataError(
            NOT_LOGGED, f"logged decisions have a column `{missing[0]}`", fix="name what `aedile serve` has written"
        )
    lists = _one(table["candidates"])
    offsets = np.asarray(lists.offsets).astype(np.int64)
    starts, values = offsets - offsets[0], lists.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    names = [field.name for field in values.type]
    fields: Mapping[str, pa.Array] = dict(zip(names, values.flatten(), strict=True))
    kinds = _encoded(fields["kind"])
    multiplier = _doubles(fields["multiplier"])
    score = _doubles(fields["score"])
    # The log has scores after multiplication. What was sent is told by dividing: the same for both sides.
    requests = Requests(
        _features(table), starts, kinds.dictionary.to_pylist(), np.asarray(kinds.indices).astype(np.int8),
        fields["id"].cast(pa.large_string()), np.where(multiplier == 1.0, score, score / multiplier),
    )  # fmt: skip
    rank = _whole(fields["rank_after"])
    shown, first, last = _pages(table, requests, rank)
    then = Places(rank == 0, multiplier, rank, shown)
    return Logged(table, requests, _whole(_one(table["release"])), _micros(table["decided_at"]), first, last, then)


def _pages(table: pa.Table, requests: Requests, rank: Numbers) -> tuple[Mask, Numbers, Numbers]:
    """Who was answered, and the span of places that was asked for."""
    pages = _one(table["page"])
    rows = np.asarray(pc.list_parent_indices(pages)).astype(np.int64)
    places = requests.starts[rows] + np.asarray(pages.flatten()).astype(np.int64)
    shown = np.zeros(len(rank), np.bool_)
    shown[places] = True
    m = len(requests)
    counts = np.bincount(rows, minlength=m)
    least = np.full(m, _WITHOUT_END)
    np.minimum.at(least, rows, rank[places])
    first = np.where(counts > 0, least - 1, 0)
    size = np.bincount(requests.owner[rank > 0], minlength=m)
    last = np.where((counts > 0) & (first + counts < size), first + counts, _WITHOUT_END)
    return shown, first, np.where(counts > 0, last, 0)


def _features(table: pa.Table) -> dict[str, Column]:
    columns = {"id": "request_id", **{name: name for name in ("market", "channel", "shopper", "query")}}
    found = {f"request.{name}": _text_column(_one(table[column])) for name, column in columns.items()}
    times = _micros(table["time"])
    return {**found, "request.time": Column(TIMESTAMP, np.ones(len(times), np.bool_), times)}


def _text_column(array: pa.Array) -> Column:
    encoded = _encoded(array)
    known = np.asarray(encoded.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int32)
    dictionary = encoded.dictionary.cast(pa.large_string())
    return Column(STRING, known, codes, dictionary if len(dictionary) else pa.array([""], pa.large_string()))


def _encoded(array: pa.Array) -> pa.DictionaryArray:
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


def _one(column: Any) -> pa.Array:
    """A column as one array."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(column, pa.ChunkedArray):  # no chunks at all
        column = pa.array([], column.type)
    return column


def _doubles(array: pa.Array) -> Doubles:
    return np.asarray(array.to_numpy(zero_copy_only=False), np.float64)


def _whole(array: pa.Array) -> Numbers:
    return np.asarray(array.fill_null(0).to_numpy(zero_copy_only=False)).astype(np.int64)


def _micros(column: Any) -> Numbers:
    return np.asarray(_one(column).cast(pa.timestamp("us")).cast(pa.int64())).astype(np.int64)
