"""Which candidates of many decisions are the ones asked for, and what acted on them? Over columns, without a loop.

A decision's candidates stand in one list of structs. Laid end to end they are columns, each candidate with the row of
its decision; of a strategy it is told in which part it played: the columns of `CANDIDATE`, and *acted* for all that
fired and were not held off by an exemption.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Part = Literal[
    "acted", "excluded", "pinned", "reserved", "capped", "relaxed", "referred", "fired", "exempted", "shadow"
]  # fmt: skip
PARTS: tuple[Part, ...] = get_args(Part)
#: The column in which a part stands; `acted` is made of two.
_COLUMN: dict[str, str] = {
    "excluded": "excluded_by", "pinned": "pinned_by", "reserved": "reserved_by", "capped": "capped_by",
    "relaxed": "relaxed", "referred": "refers", "fired": "fired", "exempted": "exempted", "shadow": "shadow_fired",
}  # fmt: skip
_LEAF = "candidates.list.element."

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
#: Candidates, ascending, with the number of a strategy each, and the ids of strategies by number.
Pairs = tuple[Numbers, Numbers, pa.Array]


def leaves(*fields: str) -> list[str]:
    """The columns of a Parquet file in which these fields of candidates stand."""
    return [f"{_LEAF}{field}" for field in fields]


def columns_for(part: Part) -> tuple[str, ...]:
    """The fields of candidates that tell whom a strategy played this part for."""
    return ("fired", "exempted") if part == "acted" else (_COLUMN[part],)


class Flat:
    """Decisions of one table with their candidates laid end to end; only fields that were read can be asked for."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        lists = table["candidates"].combine_chunks()
        if isinstance(lists, pa.ChunkedArray):
            lists = lists.chunk(0) if lists.num_chunks else pa.array([], lists.type)
        offsets = np.asarray(lists.offsets).astype(np.int64)
        self.counts: Numbers = np.diff(offsets)
        #: Of each candidate the row of its decision, and its place among those sent.
        self.rows: Numbers = np.repeat(np.arange(len(lists)), self.counts)
        self.starts: Numbers = np.cumsum(self.counts) - self.counts
        self.places: Numbers = np.arange(len(self.rows)) - self.starts[self.rows]
        self._candidates = lists.values.slice(int(offsets[0]), len(self.rows))
        self._names = [field.name for field in self._candidates.type]
        self._flattened: list[pa.Array] = self._candidates.flatten()
        self._pairs: dict[Part, Pairs] = {}

    def field(self, name: str) -> pa.Array:
        return self._flattened[self._names.index(name)]

    def is_entity(self, kind: str, ids: Collection[str]) -> Mask:
        """The candidates that are one of these entities."""
        mine = pc.is_in(self.field("id"), value_set=pa.array(list(ids), pa.string()))
        same = pc.equal(self.field("kind").dictionary_decode(), kind)
        return np.asarray(pc.and_(mine, same).to_numpy(zero_copy_only=False), np.bool_)

    def is_part(self, part: Part, strategy: str) -> Mask:
        """The candidates for which a strategy played this part."""
        if part == "acted":
            return self.is_part("fired", strategy) & ~self.is_part("exempted", strategy)
        candidates, names, dictionary = self.names(part)
        found = np.zeros(len(self.rows), np.bool_)
        number = dictionary.index(strategy).as_py()
        if number >= 0:
            found[candidates[names == number]] = True
        return found

    def names(self, part: Part) -> Pairs:
        """Each pair that the column of a part holds."""
        column = self.field(_COLUMN[part])
        if pa.types.is_list(column.type):
            candidates = np.asarray(pc.list_parent_indices(column)).astype(np.int64)
            values = column.flatten()
        else:
            known = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
            candidates, values = np.flatnonzero(known), column.drop_null()
        return candidates, np.asarray(values.indices).astype(np.int64), _once(values)

    def acting(self) -> Pairs:
        """The same for *acted*: what fired and was not held off."""
        candidates, fired, names = everything = self.pairs("fired")
        held, exempted, others = self.pairs("exempted")
        if not len(held):
            return everything
        same = np.array([names.index(name).as_py() for name in others], np.int64)
        width = len(names)
        gone = held * width + same[exempted]
        kept = ~np.isin(candidates * width + fired, gone)
        return candidates[kept], fired[kept], names

    def pairs(self, part: Part) -> Pairs:
        """The pairs of a part; the same again to whoever asks again."""
        if part not in self._pairs:
            self._pairs[part] = self.acting() if part == "acted" else self.names(part)
        return self._pairs[part]

    def is_shown(self) -> Mask:
        """The candidates that were on the page that was answered."""
        pages = self.table["page"].combine_chunks()
        if isinstance(pages, pa.ChunkedArray):
            pages = pages.chunk(0) if pages.num_chunks else pa.array([], pages.type)
        rows = np.asarray(pc.list_parent_indices(pages)).astype(np.int64)
        shown = np.zeros(len(self.rows), np.bool_)
        shown[self.starts[rows] + np.asarray(pages.flatten()).astype(np.int64)] = True
        return shown

    def rows_with(self, candidates: Mask) -> Mask:
        """The decisions that hold one of the candidates."""
        found = np.zeros(len(self.counts), np.bool_)
        found[self.rows[candidates]] = True
        return found


def _once(values: pa.DictionaryArray) -> pa.Array:
    """The dictionary; each of its texts stands in it once, as whoever wrote it made it."""
    return values.dictionary


def keys_of(flat: Flat) -> Iterable[pa.Array]:
    """What can be looked up of these decisions, as texts: requests, entities, strategies by their part."""
    yield key_of_requests(flat.table["request_id"].combine_chunks())
    kinds = flat.field("kind")
    for number, kind in enumerate(kinds.dictionary.to_pylist()):
        mine = flat.field("id").filter(pc.equal(kinds.indices, number))
        yield _prefixed(f"entity\0{kind}\0", pc.unique(mine))
    for part in PARTS:
        _, numbers, names = flat.pairs(part)
        there = np.flatnonzero(np.bincount(numbers, minlength=len(names)))
        yield _prefixed(f"{part}\0", names.take(pa.array(there)))


def key_of_requests(ids: pa.Array) -> pa.Array:
    return _prefixed("request\0", ids)


def key_of_entity(kind: str, id_: str) -> str:
    return f"entity\0{kind}\0{id_}"


def key_of_part(part: Part, strategy: str) -> str:
    return f"{part}\0{strategy}"


def _prefixed(prefix: str, texts: pa.Array | Sequence[str]) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(prefix), pc.cast(texts, pa.string()), "")
