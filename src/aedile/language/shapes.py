"""How are columns stretched, joined and gathered without a look at single rows?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.language.columns import DTYPES, Bools, Codes, Column, Ints, column_from_python, unknown_column
from aedile.language.ir import Const
from aedile.language.types import BOOL, NOTHING, STRING, Type


@lru_cache(maxsize=4096)
def constant(node: Const) -> Column:
    """A column of length 1. Remembered, since a condition is evaluated far more often than it is written."""
    return column_from_python(node.type, [node.value])


def both_known(a: Column, b: Column) -> Bools:
    """Where both are known; their lengths are equal, or one of them is 1."""
    if len(b.known) == 1 and b.known[0]:
        return a.known
    if len(a.known) == 1 and a.known[0]:
        return b.known
    return a.known & b.known


def all_known(columns: Sequence[Column]) -> Bools:
    """Where all are known; of the common length, 1 where all columns are constant."""
    known = columns[0].known
    for column in columns[1:]:
        known = known & column.known
    return known


def broadcast(column: Column, length: int) -> Column:
    """The column at this length: a constant is repeated."""
    if len(column) == length:
        return column
    return column.take(np.zeros(length, np.int64))


def common_length(columns: Sequence[Column]) -> int:
    """1 where all are constant, else the number of rows."""
    return next((len(column) for column in columns if len(column) != 1), 1)


def gather(per_text: npt.NDArray[Any], codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What was worked out for each text of a dictionary, at each row. The codes of unknown rows may be anything."""
    if len(per_text) == 0:
        return np.zeros(len(codes), per_text.dtype)
    return per_text.take(codes, mode="clip")


def compact(column: Column) -> Column:
    """A string column whose dictionary is not much longer than itself.

    A few hundred rows taken out of a catalogue still carry its whole dictionary; work on each text would waste time.
    """
    assert column.dictionary is not None
    if len(column.dictionary) <= 2 * len(column) + 256:
        return column
    used, codes = np.unique(np.where(column.known, column.values, 0), return_inverse=True)
    return Column(STRING, column.known, codes.astype(np.int32), column.dictionary.take(pa.array(used)))


def text_column(known: Bools, indices: npt.NDArray[Any], texts: pa.Array) -> Column:
    """A string column from one text for each index; equal texts are joined, null texts become unknown."""
    encoded = texts.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    at = gather(codes, indices).astype(np.int32)
    if encoded.indices.null_count:
        known = known & (at >= 0)
    return Column(STRING, known, at, encoded.dictionary.cast(pa.large_string()))


def share_dictionary(columns: Sequence[Column]) -> tuple[list[Codes], pa.LargeStringArray]:
    """The codes of several string columns over one dictionary."""
    first = columns[0].dictionary
    if all(column.dictionary is first for column in columns):
        return [column.values for column in columns], first
    columns = [compact(column) for column in columns]
    encoded = pa.concat_arrays([column.dictionary for column in columns]).dictionary_encode()
    merged = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    codes, start = [], 0
    for column in columns:
        assert column.dictionary is not None
        codes.append(gather(merged[start : start + len(column.dictionary)], column.values))
        start += len(column.dictionary)
    return codes, encoded.dictionary


def concat(columns: Sequence[Column], type_: Type) -> Column:
    """One column below the other. What came out of an empty list (type `nothing`) fits any type."""
    if type_ != NOTHING:
        columns = [unknown_column(type_, len(c)) if c.type == NOTHING else c for c in columns]
    if type_.element is not None:
        return _concat_lists(columns, type_)
    known = np.concatenate([column.known for column in columns])
    if type_ == STRING:
        codes, dictionary = share_dictionary(columns)
        return Column(type_, known, np.concatenate(codes), dictionary)
    values = np.concatenate([column.values for column in columns])
    return Column(type_, known, values.astype(DTYPES.get(type_.name, np.bool_), copy=False))


def _concat_lists(columns: Sequence[Column], type_: Type) -> Column:
    assert type_.element is not None
    flat = [flatten(column) for column in columns]
    lengths = np.concatenate([np.diff(offsets) for offsets, _ in flat])
    items = concat([items for _, items in flat], type_.element)
    known = np.concatenate([column.known for column in columns])
    return Column(type_, known, np.zeros(0), None, offsets_of(lengths), items)


def flatten(column: Column) -> tuple[Ints, Column]:
    """Offsets that start at 0 and exactly the items they speak of."""
    offsets, items = column.offsets, column.items
    assert offsets is not None
    assert items is not None
    if offsets[0] == 0 and offsets[-1] == len(items):
        return offsets, items
    return offsets - offsets[0], items.take(np.arange(offsets[0], offsets[-1]))


def offsets_of(lengths: npt.NDArray[Any]) -> Ints:
    """Where each of consecutive stretches of these lengths starts, and the end of the last."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def element_type(a: Column, b: Column) -> Type:
    """The type of two lists joined; the list that can hold nothing gives way."""
    return b.type if _holds_nothing(a.type) else a.type


def _holds_nothing(type_: Type) -> bool:
    while type_.element is not None:
        type_ = type_.element
    return type_ == NOTHING


def bools(known: Bools, values: Bools) -> Column:
    return Column(BOOL, known, values)


def to_numpy(array: pa.Array) -> npt.NDArray[Any]:
    """An Arrow array without nulls as NumPy."""
    return np.asarray(array.to_numpy(zero_copy_only=False))


def text_at(column: Column) -> str | None:
    """The one text of a constant string column, None if unknown."""
    assert column.dictionary is not None
    return column.dictionary[int(column.values[0])].as_py() if column.known[0] else None


def sort_ranks(texts: pa.LargeStringArray) -> Ints:
    """The place of each text among all of them by code points (which is the order of UTF-8's bytes)."""
    order = pc.sort_indices(texts).to_numpy(zero_copy_only=False)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks
