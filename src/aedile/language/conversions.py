"""What do `int`, `double`, `string`, `bool`, `timestamp` and `duration` make of a value?

What cannot be converted is unknown. Texts are read and written as `values` does, once for each distinct value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.language import shapes, values
from aedile.language.columns import DTYPES, Column
from aedile.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Type,
)

_TWO_63 = float(2**63)
_SECOND = 1_000_000


def to_int(column: Column) -> Column:
    """Doubles truncate towards zero, strictly inside 64 bits; a timestamp gives whole seconds, rounded down."""
    if column.type == STRING:
        return _parse(column, INT, values.parse_int)
    if column.type == DOUBLE:
        inside = np.abs(column.values) < _TWO_63
        return Column(INT, column.known & inside, np.where(inside, column.values, 0).astype(np.int64))
    if column.type == TIMESTAMP:
        return Column(INT, column.known, column.values // _SECOND)
    return column


def to_double(column: Column) -> Column:
    if column.type == STRING:
        return _parse(column, DOUBLE, values.parse_double)
    if column.type == INT:
        return Column(DOUBLE, column.known, column.values.astype(np.float64))
    return column


def to_bool(column: Column) -> Column:
    return _parse(column, BOOL, values.parse_bool) if column.type == STRING else column


def to_timestamp(column: Column) -> Column:
    """From RFC 3339, or from seconds since 1970."""
    if column.type == STRING:
        return _parse(column, TIMESTAMP, values.parse_timestamp)
    if column.type == INT:
        inside = (column.values >= TIMESTAMP_MIN // _SECOND) & (column.values <= TIMESTAMP_MAX // _SECOND)
        return Column(TIMESTAMP, column.known & inside, np.where(inside, column.values, 0) * _SECOND)
    return column


def to_duration(column: Column) -> Column:
    return _parse(column, DURATION, values.parse_duration) if column.type == STRING else column


def to_string(column: Column) -> Column:
    if column.type == STRING:
        return column
    if column.type == BOOL:
        return Column(STRING, column.known, column.values.astype(np.int32), _BOOL_TEXTS)
    if column.type == INT:
        distinct, indices = _distinct(column)
        return shapes.text_column(column.known, indices, pc.cast(pa.array(distinct), pa.large_string()))
    write: Callable[[Any], str] = _WRITERS[column.type]
    distinct, indices = _distinct(column)
    texts = pa.array([write(value) for value in distinct.tolist()], pa.large_string())
    return shapes.text_column(column.known, indices, texts)


def _parse(column: Column, type_: Type, read: Callable[[str], Any]) -> Column:
    column = shapes.compact(column)
    assert column.dictionary is not None
    parsed = [read(text) for text in column.dictionary.to_pylist()]
    fits = np.fromiter((value is not None for value in parsed), np.bool_, len(parsed))
    numbers: npt.NDArray[Any] = np.array([0 if value is None else value for value in parsed], DTYPES[type_.name])
    known = column.known & shapes.gather(fits, column.values)
    return Column(type_, known, shapes.gather(numbers, column.values))


def _distinct(column: Column) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    # An unknown value may be out of every range; 0 is always writable. Doubles are told apart by their bits, for -0.0.
    numbers: npt.NDArray[Any] = np.where(column.known, column.values, 0).astype(column.values.dtype)
    bits, indices = np.unique(numbers.view(np.int64), return_inverse=True)
    return bits.view(numbers.dtype), indices


_BOOL_TEXTS = pa.array(["false", "true"], pa.large_string())
_WRITERS: dict[Type, Callable[[Any], str]] = {
    DOUBLE: values.format_double,
    TIMESTAMP: values.format_timestamp,
    DURATION: values.format_duration,
}
