"""What do `in`, `[]`, `+` and `size` give on lists, and what do comprehensions make of their elements?"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from aedile.language import shapes, strings
from aedile.language.columns import Bools, Column, Ints
from aedile.language.comparison import count_in, same
from aedile.language.types import BOOL, DOUBLE, INT, NOTHING, STRING, Type, list_of

_TWO_63 = float(2**63)


def size(column: Column) -> Column:
    """The number of code points of a string, of elements of a list."""
    if column.type == STRING:
        return strings.size(column)
    assert column.offsets is not None
    return Column(INT, column.known, np.diff(column.offsets))


def contains(value: Column, column: Column) -> Column:
    """`value in column`."""
    known = shapes.both_known(value, column)
    offsets, items = shapes.flatten(column)
    if len(items) == 0 or items.type == NOTHING:
        return shapes.bools(known, np.zeros(shapes.common_length([value, column]), np.bool_))
    if len(column) == 1 and value.type.element is None:
        return shapes.bools(known, _in_constant(value, items))
    if len(column) == 1:
        length = len(value)
        column = shapes.broadcast(column, length)
        offsets, items = shapes.flatten(column)
    each = value if len(value) == 1 else value.take(parents_of(offsets))
    return shapes.bools(known, count_in(np.broadcast_to(same(items, each), len(items)), offsets) > 0)


def _in_constant(value: Column, items: Column) -> Bools:
    if value.type == STRING:
        assert items.dictionary is not None
        texts = items.dictionary.take(pa.array(np.unique(items.values)))
        return strings.membership(value, texts).values
    if value.type == BOOL:
        return np.asarray(np.isin(value.values, items.values))
    numbers, among = value.values, items.values
    if value.type != items.type:
        # By mathematical value: the doubles that are ints are compared as such.
        doubles = among if items.type == DOUBLE else numbers
        whole = (np.floor(doubles) == doubles) & (doubles >= -_TWO_63) & (doubles < _TWO_63)
        exact = np.where(whole, doubles, 0).astype(np.int64)
        if items.type == DOUBLE:
            return _among(numbers, exact[whole])
        return np.asarray(whole & _among(exact, among))
    return _among(numbers, among[among == among])


def _among(numbers: Ints, among: Ints) -> Bools:
    if len(among) == 0:
        return np.zeros(len(numbers), np.bool_)
    ordered = np.sort(among)
    places = np.minimum(ordered.searchsorted(numbers), len(ordered) - 1)
    return np.asarray(ordered[places] == numbers)


def element(column: Column, index: Column) -> Column:
    """`column[index]`; unknown out of range."""
    length = shapes.common_length([column, index])
    known = shapes.both_known(column, index)
    offsets, items = shapes.flatten(column)
    inside = known & (index.values >= 0) & (index.values < np.diff(offsets))
    places = np.where(inside, offsets[:-1] + np.where(inside, index.values, 0), -1)
    assert column.type.element is not None
    return as_type(items.take(np.broadcast_to(places, length)), column.type.element)


def join(a: Column, b: Column) -> Column:
    """`a + b`."""
    type_ = shapes.element_type(a, b)
    known = shapes.both_known(a, b)
    length = shapes.common_length([a, b])
    pair = interleave([shapes.broadcast(a, length), shapes.broadcast(b, length)], type_)
    # Two lists a row, one behind the other: the outer offsets of the pair are dropped.
    assert pair.items is not None
    assert pair.items.offsets is not None
    return Column(type_, np.broadcast_to(known, length), np.zeros(0), None, pair.items.offsets[::2], pair.items.items)


def interleave(columns: list[Column], type_: Type) -> Column:
    """The list of k values at each row, of k columns of the same length."""
    count, length = len(columns), len(columns[0])
    stacked = shapes.concat(columns, type_)
    order = np.arange(count * length).reshape(count, length).T.ravel()
    offsets = np.arange(length + 1, dtype=np.int64) * count
    return Column(list_of(type_), shapes.all_known(columns), np.zeros(0), None, offsets, stacked.take(order))


def as_type(column: Column, type_: Type) -> Column:
    """The column under the type asked for: an empty list fits every list type."""
    return column if column.type == type_ else shapes.concat([column], type_)


def parents_of(offsets: Ints) -> Ints:
    """For each element, the row it belongs to."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
