"""How does a column of Arrow become a column of the language, without losing a digit?

Casts that keep every value are made; the first value that would change is reported with its row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.engine.entity_layout import Target
from aedile.language.columns import DTYPES, Bools, Column, unknown_column
from aedile.language.shapes import compact
from aedile.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DURATION_MAX,
    INT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Type,
)
from aedile.language.values import parse_duration, parse_timestamp

#: Whole numbers up to here are doubles without loss.
EXACT_DOUBLE = 2**53


def to_column(array: pa.ChunkedArray, target: Target) -> Column:
    """The values as a `Column` of the target's type; a `DataError` names the first row that does not fit."""
    if pa.types.is_null(array.type):
        return unknown_column(target.type, len(array))
    if array.num_chunks == 1 and array.type in _PLAIN.get(target.type.name, ()):
        return _plain(array.chunk(0), target)
    if target.type.element is not None:
        return _lists(array, target)
    return _CONVERTERS[target.type](array, target)


#: Arrow's types whose values lie in memory as the language's do.
_PLAIN: dict[str, tuple[pa.DataType, ...]] = {
    "double": (pa.float64(),),
    "int": (pa.int64(),),
    "timestamp": (pa.timestamp("us", "UTC"), pa.timestamp("us")),
    "duration": (pa.duration("us"),),
}
_PLAIN_RANGE = {"timestamp": (TIMESTAMP_MIN, TIMESTAMP_MAX), "duration": (-DURATION_MAX, DURATION_MAX)}


def _plain(array: pa.Array, target: Target) -> Column:
    """Values taken as they lie in Arrow's memory, without a copy: what features sent with a request should cost."""
    count, start = len(array), array.offset
    validity, data = array.buffers()
    dtype = np.dtype(DTYPES[target.type.name])
    values = np.frombuffer(data, dtype, count, start * 8) if count else np.zeros(0, dtype)
    values.flags.writeable = False  # the memory is Arrow's: whoever wants to change values copies them first
    known = np.ones(count, np.bool_)
    if array.null_count:
        bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little", count=start + count)
        known = bits[start:].astype(np.bool_)
    low, high = _PLAIN_RANGE.get(target.type.name, (None, None))
    if low is not None and count and (values.min(initial=0) < low or values.max(initial=0) > high):
        return _CONVERTERS[target.type](pa.chunked_array([array]), target)  # which tells the row, if it is not a null
    return Column(target.type, known, values)


def _strings(array: pa.ChunkedArray, target: Target) -> Column:
    if not is_text(array.type):
        raise _mistyped(array, target)
    encoded = encode(array, target)
    known = _known(encoded)
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    dictionary = encoded.dictionary
    if len(dictionary) == 0:
        dictionary = pa.array([""], pa.large_string())
    return compact(Column(STRING, known, codes, dictionary))


def is_text(type_: pa.DataType) -> bool:
    """Whether Arrow holds texts in such a column, plain or as a dictionary."""
    if pa.types.is_dictionary(type_):
        return is_text(type_.value_type)
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_))


def encode(array: pa.ChunkedArray, target: Target) -> pa.DictionaryArray:
    """The texts with a dictionary of distinct, valid ones (large_string) and int32 indices."""
    wanted = pa.dictionary(pa.int32(), pa.large_string())
    if pa.types.is_dictionary(array.type) and array.num_chunks == 1 and len(array.chunk(0).dictionary) > 2 * len(array):
        array = pa.chunked_array([array.chunk(0).dictionary_decode()])  # most texts are of rows that did not come along
    if pa.types.is_dictionary(array.type):
        encoded = array.cast(wanted).unify_dictionaries().combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):  # no chunks at all
            encoded = pa.array([], wanted)
        dictionary = encoded.dictionary
        if dictionary.null_count or pc.count_distinct(dictionary).as_py() != len(dictionary):
            encoded = encoded.dictionary_decode().dictionary_encode()
    else:
        encoded = _one(array.cast(pa.large_string())).dictionary_encode()
    try:
        encoded.dictionary.validate(full=True)
    except pa.ArrowInvalid:
        raise _not_text(encoded, target) from None
    return encoded


def _not_text(encoded: pa.DictionaryArray, target: Target) -> Exception:
    texts = encoded.dictionary.cast(pa.large_binary())
    valid = np.array([_decodes(text.as_py()) for text in texts])
    row = int(np.argmax(_known(encoded) & ~valid[encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)]))
    value = texts[encoded.indices[row].as_py()].as_py()
    return target.bad_cell(row, value[:40].decode("utf-8", "replace"), "its bytes are not UTF-8")


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _bools(array: pa.ChunkedArray, target: Target) -> Column:
    if not pa.types.is_boolean(array.type):
        hint = "0 and 1 are numbers" if pa.types.is_integer(array.type) else None
        raise _mistyped(array, target, hint)
    whole = _one(array)
    return Column(BOOL, _known(whole), whole.fill_null(False).to_numpy(zero_copy_only=False))


def _ints(array: pa.ChunkedArray, target: Target) -> Column:
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        raise _mistyped(array, target, _decimal_hint(array.type))
    whole = _one(array)
    if pa.types.is_floating(whole.type):
        whole = whole.cast(pa.float64())
        values = whole.fill_null(0).to_numpy(zero_copy_only=False)
        exact = (np.trunc(values) == values) & (np.abs(values) <= EXACT_DOUBLE)
        _refuse(~exact, whole, target, "the column holds doubles; those that are whole numbers up to 2^53 are taken")
        return Column(INT, _known(whole), values.astype(np.int64))
    if pa.types.is_uint64(whole.type):
        large = pc.greater(whole, pa.scalar(2**63 - 1, pa.uint64())).fill_null(False)
        _refuse(large.to_numpy(zero_copy_only=False), whole, target, "the largest is 9,223,372,036,854,775,807")
    return Column(INT, _known(whole), whole.cast(pa.int64()).fill_null(0).to_numpy())


def _doubles(array: pa.ChunkedArray, target: Target) -> Column:
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        raise _mistyped(array, target, _decimal_hint(array.type))
    whole = _one(array)
    if pa.types.is_integer(whole.type):
        values = whole.fill_null(0).to_numpy(zero_copy_only=False)
        inexact = values > EXACT_DOUBLE
        if values.dtype.kind == "i":
            inexact = inexact | (values < -EXACT_DOUBLE)
        _refuse(inexact, whole, target, "whole numbers beyond 2^53 lose digits as a double")
        return Column(DOUBLE, _known(whole), values.astype(np.float64))
    return Column(DOUBLE, _known(whole), whole.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False))


def _timestamps(array: pa.ChunkedArray, target: Target) -> Column:
    if is_text(array.type):
        return _parsed(array, target, parse_timestamp, "texts follow RFC 3339, with a zone, to the microsecond at most")
    if pa.types.is_date(array.type):
        raise _mistyped(array, target, "a date has no time of day; which instant it means depends on the market's zone")
    if not pa.types.is_timestamp(array.type):
        raise _mistyped(array, target, "a number does not say its unit" if pa.types.is_integer(array.type) else None)
    return _micros(array, target, TIMESTAMP_MIN, TIMESTAMP_MAX, "timestamps lie in the years 1 to 9999")


def _durations(array: pa.ChunkedArray, target: Target) -> Column:
    if is_text(array.type):
        return _parsed(array, target, parse_duration, "units: h, m, s, ms, us; no space between number and unit")
    if not pa.types.is_duration(array.type):
        raise _mistyped(array, target, "a number does not say its unit" if pa.types.is_integer(array.type) else None)
    return _micros(array, target, -DURATION_MAX, DURATION_MAX, "durations are at most 10,000 years")


_PER_MICRO = {"s": 1_000_000, "ms": 1_000, "us": 1}


def _micros(array: pa.ChunkedArray, target: Target, low: int, high: int, range_hint: str) -> Column:
    """Times of any unit as int64 microseconds."""
    whole = _one(array)
    values = whole.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    unit = whole.type.unit
    if unit == "ns":
        _refuse(values % 1000 != 0, whole.cast(pa.int64()), target, "the value is finer than a microsecond (in ns)")
        micros = values // 1000
    else:
        factor = _PER_MICRO[unit]
        beyond = (values > high // factor) | (values < -(-low // factor))
        _refuse(beyond, whole.cast(pa.int64()), target, f"{range_hint} (shown in {unit})")
        micros = values * factor
    return Column(target.type, _known(whole), micros)


def _parsed(array: pa.ChunkedArray, target: Target, parse: Callable[[str], int | None], hint: str) -> Column:
    encoded = encode(array, target)
    parsed = [parse(text) for text in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    good = np.array([value is not None for value in parsed] or [True])
    _refuse(~good[codes], encoded, target, hint)
    values = np.array([value or 0 for value in parsed] or [0], np.int64)
    return Column(target.type, _known(encoded), values[codes])


def _lists(array: pa.ChunkedArray, target: Target) -> Column:
    type_ = array.type
    is_list = pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)
    if not is_list or not (is_text(type_.value_type) or pa.types.is_null(type_.value_type)):
        raise _mistyped(array, target)
    whole = _one(array)
    known = _known(whole)
    lengths = pc.list_value_length(whole).fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(whole) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    flat = whole.flatten()
    if flat.null_count:
        missing = flat.is_null().to_numpy(zero_copy_only=False)
        row = int(np.searchsorted(offsets, int(np.argmax(missing)), side="right")) - 1
        raise target.bad_cell(row, whole[row].as_py(), "an entry of a list is never missing")
    assert target.type.element is not None
    items = _strings(pa.chunked_array([flat.cast(pa.large_string())]), target)
    return Column(target.type, known, np.zeros(0), None, offsets, items)


_CONVERTERS: dict[Type, Callable[[pa.ChunkedArray, Target], Column]] = {
    BOOL: _bools,
    INT: _ints,
    DOUBLE: _doubles,
    STRING: _strings,
    TIMESTAMP: _timestamps,
    DURATION: _durations,
}


def _one(array: pa.ChunkedArray) -> pa.Array:
    """The chunks as one array."""
    return array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)


def _known(array: pa.Array) -> Bools:
    if array.null_count == 0:
        return np.ones(len(array), np.bool_)
    known: Bools = array.is_valid().to_numpy(zero_copy_only=False)
    return known


def _refuse(bad: npt.NDArray[np.bool_], array: pa.Array, target: Target, hint: str) -> None:
    """Raises for the first row that is bad and not null."""
    if not bad.any():
        return
    rows = np.flatnonzero(bad & _known(array))
    if len(rows):
        row = int(rows[0])
        raise target.bad_cell(row, array[row].as_py(), hint)


def _mistyped(array: pa.ChunkedArray, target: Target, hint: str | None = None) -> Exception:
    """The error for a column whose type cannot hold the feature: it names the first value that is there."""
    row = pc.index(array.is_valid(), pa.scalar(True)).as_py()
    hint = hint or f"the column is of Arrow's type {array.type}"
    return target.bad_cell(max(row, 0), _shown(array[row]) if row >= 0 else None, hint)


def _shown(cell: pa.Scalar) -> Any:
    """A value of any type for a message; Python has no value for some times of Arrow's, so those become texts."""
    if pa.types.is_boolean(cell.type) or pa.types.is_integer(cell.type) or pa.types.is_floating(cell.type):
        return cell.as_py()
    if isinstance(cell, pa.ListScalar):
        return [_shown(entry) for entry in cell.values[:5]]
    try:
        return cell.cast(pa.string()).as_py()
    except pa.ArrowException:  # structs and bytes that are no text
        return f"a value of type {cell.type}"


def _decimal_hint(type_: pa.DataType) -> str | None:
    if pa.types.is_decimal(type_):
        return f"the column is of type {type_}; a double may not hold its digits: write minor units (cents) as int"
    return None
