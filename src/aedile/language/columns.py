"""How do many values of one type lie in memory?

A `Column` holds the values of one expression for n rows, with a mask of those that are known. Strings are always
dictionary codes, so that work on text is done once for each distinct value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.language.types import BOOL, DOUBLE, STRING, Type

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

#: How the values of a type lie in NumPy. Timestamps and durations are int64 microseconds.
DTYPES: dict[str, type] = {
    "bool": np.bool_,
    "int": np.int64,
    "double": np.float64,
    "timestamp": np.int64,
    "duration": np.int64,
    "string": np.int32,
}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """n values of one type.

    type: the type of each value.
    known: bool (n,); where False the value is unknown and `values` holds anything.
    values: (n,) of `DTYPES[type]`; for strings int32 codes into `dictionary`; for lists unused (length 0).
    dictionary: for strings, the distinct texts (pa.large_string, no nulls); may hold texts no row uses.
    offsets, items: for lists, row i owns items[offsets[i]:offsets[i + 1]]; offsets is int64 (n + 1,).
    """

    type: Type
    known: Bools
    values: npt.NDArray[Any]
    dictionary: pa.LargeStringArray | None = None
    offsets: Ints | None = None
    items: Column | None = None

    def __len__(self) -> int:
        return len(self.known)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Column:
        """The rows at these positions; a position of -1 gives an unknown value."""
        if len(self) == 0:
            return unknown_column(self.type, len(rows))
        safe, missing = rows, rows < 0
        if missing.any():
            safe = np.where(missing, 0, rows)
            known = self.known[safe] & ~missing
        else:
            known = self.known[rows]
        if self.type.element is None:
            return Column(self.type, known, self.values[safe], self.dictionary)
        assert self.offsets is not None
        assert self.items is not None
        starts = self.offsets[safe]
        lengths = np.where(known, self.offsets[safe + 1] - starts, 0)
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        inside = np.arange(offsets[-1], dtype=np.int64) - np.repeat(offsets[:-1], lengths)
        items = self.items.take(np.repeat(starts, lengths) + inside)
        return Column(self.type, known, self.values, None, offsets, items)

    def to_python(self) -> list[Any]:
        """The values as Python objects, None where unknown: bool, int, float, str, int microseconds, list."""
        if self.type == STRING:
            assert self.dictionary is not None
            texts = self.dictionary.to_pylist()
            return [texts[c] if k else None for c, k in zip(self.values.tolist(), self.known.tolist(), strict=True)]
        if self.type.element is not None:
            assert self.offsets is not None
            assert self.items is not None
            items, bounds = self.items.to_python(), self.offsets.tolist()
            return [items[bounds[i] : bounds[i + 1]] if k else None for i, k in enumerate(self.known.tolist())]
        return [v if k else None for v, k in zip(self.values.tolist(), self.known.tolist(), strict=True)]


class Rows(Protocol):
    """What an expression is evaluated over: n rows with named features."""

    @property
    def length(self) -> int: ...

    def column(self, name: str) -> Column:
        """The feature's values, `length` of them or exactly one that holds for all rows."""
        ...


def unknown_column(type_: Type, length: int) -> Column:
    """A column of which nothing is known."""
    one = column_from_python(type_, [None])
    return one if length == 1 else one.take(np.zeros(length, np.int64)) if length else column_from_python(type_, [])


def column_from_python(type_: Type, values: Sequence[Any]) -> Column:
    """A column from Python values as `Column.to_python` gives them; None is unknown.

    Values are trusted to be of the type: readers of data check before they come here.
    """
    known = np.fromiter((v is not None for v in values), np.bool_, len(values))
    if type_.element is not None:
        lists = [v if v is not None else () for v in values]
        offsets = np.zeros(len(values) + 1, np.int64)
        np.cumsum([len(v) for v in lists], out=offsets[1:])
        items = column_from_python(type_.element, [x for v in lists for x in v])
        return Column(type_, known, np.zeros(0), None, offsets, items)
    if type_ == STRING:
        texts: dict[str, int] = {}
        places = (0 if v is None else texts.setdefault(v, len(texts)) for v in values)
        codes = np.fromiter(places, np.int32, len(values))
        return Column(type_, known, codes, pa.array(list(texts) or [""], pa.large_string()))
    if type_.name not in DTYPES:  # the element type of an empty list literal
        return Column(type_, known, np.zeros(len(values), np.bool_))
    empty = False if type_ == BOOL else 0.0 if type_ == DOUBLE else 0
    filled: npt.NDArray[Any] = np.array([empty if v is None else v for v in values], DTYPES[type_.name])
    return Column(type_, known, filled)
