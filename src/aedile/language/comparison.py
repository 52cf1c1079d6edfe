"""Which of two values is equal, less or greater?

Numbers compare by mathematical value, also an int with a double beyond 2^53; NaN equals nothing and is not ordered.
Strings compare by code point, lists element by element.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.language import shapes
from aedile.language.columns import Bools, Column
from aedile.language.types import DOUBLE, INT, NOTHING, STRING

Numbers = npt.NDArray[Any]

_TWO_63 = float(2**63)
_TWO_53 = float(2**53)
_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ARROW_ORDERS = {"<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal}


def equals(a: Column, b: Column) -> Column:
    return shapes.bools(shapes.both_known(a, b), same(a, b))


def differs(a: Column, b: Column) -> Column:
    return shapes.bools(shapes.both_known(a, b), ~same(a, b))


def ordering(symbol: str) -> Callable[[Column, Column], Column]:
    """The function behind `<`, `<=`, `>` or `>=`."""
    compare = _ORDERS[symbol]

    def ordered(a: Column, b: Column) -> Column:
        known = shapes.both_known(a, b)
        if a.type == STRING:
            return shapes.bools(known, _order_texts(symbol, a, b))
        if a.type != b.type:
            return shapes.bools(known, _order_mixed(symbol, a, b))
        return shapes.bools(known, compare(a.values, b.values))

    return ordered


def same(a: Column, b: Column) -> Bools:
    """Whether the values are equal, at every row; meaningless where one of them is unknown."""
    if a.type == STRING:
        return _same_texts(a, b)
    if a.type.element is not None:
        return _same_lists(a, b)
    if a.type != b.type and NOTHING not in (a.type, b.type):
        ints, doubles = (a.values, b.values) if a.type == INT else (b.values, a.values)
        return _same_mixed(ints, doubles)
    return np.asarray(a.values == b.values)


def _same_texts(a: Column, b: Column) -> Bools:
    if a.dictionary is b.dictionary:
        return np.asarray(a.values == b.values)
    if len(a) == 1 and len(b) != 1:
        a, b = b, a
    if len(b) != 1:
        (x, y), _ = shapes.share_dictionary([a, b])
        return np.asarray(x == y)
    text = shapes.text_at(b)
    if text is None:
        return np.zeros(len(a), np.bool_)
    a = shapes.compact(a)
    code = pc.index(a.dictionary, pa.scalar(text, pa.large_string())).as_py()
    return np.asarray(a.values == code)


def _order_texts(symbol: str, a: Column, b: Column) -> Bools:
    if len(a) == 1 and len(b) != 1:
        symbol, a, b = _MIRRORED[symbol], b, a
    if len(b) != 1:
        (x, y), dictionary = shapes.share_dictionary([a, b])
        ranks = shapes.sort_ranks(dictionary)
        return np.asarray(_ORDERS[symbol](shapes.gather(ranks, x), shapes.gather(ranks, y)))
    text = shapes.text_at(b)
    if text is None:
        return np.zeros(len(a), np.bool_)
    a = shapes.compact(a)
    per_text = _ARROW_ORDERS[symbol](a.dictionary, pa.scalar(text, pa.large_string()))
    return shapes.gather(shapes.to_numpy(per_text), a.values)


def _order_mixed(symbol: str, a: Column, b: Column) -> Bools:
    if a.type == DOUBLE:
        symbol, a, b = _MIRRORED[symbol], b, a
    ints, doubles = a.values, b.values
    rounded = ints.astype(np.float64)
    compare = _ORDERS[symbol]
    if len(doubles) == 1 and abs(doubles[0]) < _TWO_53:
        # An int that rounds onto such a double is that double.
        return np.asarray(compare(rounded, doubles))
    # Rounding is monotone: where the rounded int differs from the double its order is the true one.
    result = compare(rounded, doubles)
    tied = rounded == doubles
    if tied.any():
        ints, doubles = np.broadcast_arrays(ints, doubles)
        beyond = doubles[tied] == _TWO_63
        exact = np.where(beyond, 0, doubles[tied]).astype(np.int64)
        result[tied] = np.where(beyond, symbol in ("<", "<="), compare(ints[tied], exact))
    return np.asarray(result)


def _same_mixed(ints: Numbers, doubles: Numbers) -> Bools:
    tied = ints.astype(np.float64) == doubles
    if len(doubles) == 1 and abs(doubles[0]) < _TWO_53:
        return np.asarray(tied)
    if tied.any():
        ints, doubles = np.broadcast_arrays(ints, doubles)
        beyond = doubles[tied] == _TWO_63
        tied[tied] = ~beyond & (ints[tied] == np.where(beyond, 0, doubles[tied]).astype(np.int64))
    return np.asarray(tied)


def _same_lists(a: Column, b: Column) -> Bools:
    length = shapes.common_length([a, b])
    (a_offsets, a_items), (b_offsets, b_items) = shapes.flatten(a), shapes.flatten(b)
    a_lengths, b_lengths = np.diff(a_offsets), np.diff(b_offsets)
    result = np.broadcast_to(a_lengths == b_lengths, length).copy()
    # Only rows of equal length are looked into, item by item.
    rows = np.flatnonzero(result)
    if len(rows) == 0:
        return result
    lengths = np.broadcast_to(a_lengths, length)[rows]
    starts = shapes.offsets_of(lengths)
    inside = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
    a_starts = np.broadcast_to(a_offsets[:-1], length)[rows]
    b_starts = np.broadcast_to(b_offsets[:-1], length)[rows]
    x = a_items.take(np.repeat(a_starts, lengths) + inside)
    y = b_items.take(np.repeat(b_starts, lengths) + inside)
    if len(x):
        result[rows] = count_in(same(x, y), starts) == lengths
    return result


def count_in(mask: Bools, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many are true in each stretch `mask[offsets[i]:offsets[i + 1]]`."""
    counts = np.zeros(len(mask) + 1, np.int64)
    np.cumsum(mask, out=counts[1:])
    return counts[offsets[1:]] - counts[offsets[:-1]]
