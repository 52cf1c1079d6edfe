"""How does a row of the builder hold a value, and how is it read by the type that is wanted?"""

from __future__ import annotations

import json
import math
from typing import Any

from aedile.errors import Code, LanguageError, Place, define
from aedile.language import ir
from aedile.language.faults import shorten
from aedile.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    INT_MAX,
    INT_MIN,
    NOTHING,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
)
from aedile.language.values import format_duration, format_timestamp, parse_duration, parse_int, parse_timestamp

BAD_SHAPE = define("AED-LANG-070", "Builder data is neither a row nor a group.", '{"all": []}')
UNKNOWN_FEATURE = define(
    "AED-LANG-071",
    "A row names a feature or parameter that is not declared.",
    '{"feature": "item.prise", "op": "<", "value": 5}',
)
UNKNOWN_OP = define("AED-LANG-072", "A row's op does not exist.", '{"feature": "item.price", "op": "less", "value": 5}')
BAD_VALUE = define(
    "AED-LANG-073",
    "A row's value does not fit its feature and op.",
    '{"feature": "item.price", "op": "<", "value": "5"}',
)
OP_FOR_TYPE = define(
    "AED-LANG-074",
    "A row's op does not work on the feature's type.",
    '{"feature": "item.price", "op": "startsWith", "value": "5"}',
)
TOO_BIG = define(
    "AED-LANG-075", "Builder data has too many rows or is nested too deeply.", '{"not": {"not": {"not": …}}}'
)

#: Beyond this JavaScript's numbers skip ints.
_SAFE = 2**53 - 1


def refuse(code: Code, message: str, pointer: str, *, hint: str | None = None, fix: str | None = None) -> LanguageError:
    return LanguageError(code, message, place=Place(field=pointer), hint=hint, fix=fix)


def shown(value: Any) -> str:
    """A value as the writer of the JSON knows it, cut where it is long; a lone surrogate stays an escape."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = json.dumps(value, default=repr)
    return shorten(text)


def value_of(value: Any, type_: Type) -> Any:
    """The value as a row holds it; None where JSON has none."""
    if type_.element is not None:
        items = [value_of(item, type_.element) for item in value]
        return None if None in items else items
    if type_ == DOUBLE:
        return value if math.isfinite(value) else None
    if type_ == INT:
        return value if abs(value) <= _SAFE else str(value)
    if type_ == TIMESTAMP:
        return format_timestamp(value)
    return _duration(value) if type_ == DURATION else value


def _duration(micros: int) -> str:
    """In hours or minutes where they are whole, as people count."""
    for letter, size in (("h", 3_600_000_000), ("m", 60_000_000)):
        if micros and micros % size == 0:
            return f"{micros // size}{letter}"
    return format_duration(micros)


def comparable(given: Type, wanted: Type) -> bool:
    if given.element is not None and wanted.element is not None:
        return comparable(given.element, wanted.element)
    return given == wanted or (given.is_numeric and wanted.is_numeric)


def read_list(values: list[Any] | tuple[Any, ...], element: Type, pointer: str) -> ir.Const:
    items = [read_scalar(value, element, f"{pointer}/{i}") for i, value in enumerate(values)]
    types = {item.type for item in items}
    if not items:
        return ir.Const(list_of(NOTHING), ())
    if types == {INT, DOUBLE}:
        return ir.Const(list_of(DOUBLE), tuple(float(item.value) for item in items))
    return ir.Const(list_of(types.pop()), tuple(item.value for item in items))


def read_scalar(value: Any, wanted: Type, pointer: str) -> ir.Const:
    if wanted.element is not None:
        raise refuse(BAD_VALUE, "A list of lists is no value of a row.", pointer, hint='Write the row as {"cel": "…"}.')
    node = _READERS[wanted](value)
    if node is None:
        large = isinstance(value, int) and wanted.is_numeric and not isinstance(value, bool)
        hint = "Ints have 64 bits." if large else _FORMS[wanted]
        raise refuse(BAD_VALUE, f"{shown(value)} is no {wanted}.", pointer, hint=hint)
    return node


def _read_number(value: Any) -> ir.Const | None:
    if isinstance(value, str):  # an int that JavaScript's numbers cannot hold
        value = parse_int(value) if value.removeprefix("-").isdigit() and abs(int(value[:25])) > _SAFE else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return ir.Const(INT, value) if INT_MIN <= value <= INT_MAX else None
    return ir.Const(DOUBLE, value) if isinstance(value, float) and math.isfinite(value) else None


def _read_bool(value: Any) -> ir.Const | None:
    return ir.Const(BOOL, value) if isinstance(value, bool) else None


def _read_text(value: Any) -> ir.Const | None:
    is_text = isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
    return ir.Const(STRING, value) if is_text else None


def _read_timestamp(value: Any) -> ir.Const | None:
    micros = parse_timestamp(value) if isinstance(value, str) else None
    return ir.Const(TIMESTAMP, micros) if micros is not None else None


def _read_duration(value: Any) -> ir.Const | None:
    micros = parse_duration(value) if isinstance(value, str) else None
    return ir.Const(DURATION, micros) if micros is not None else None


_READERS = {
    BOOL: _read_bool,
    INT: _read_number,
    DOUBLE: _read_number,
    STRING: _read_text,
    TIMESTAMP: _read_timestamp,
    DURATION: _read_duration,
}
_FORMS = {
    BOOL: "Write true or false.",
    INT: "Write a number, without quotes.",
    DOUBLE: "Write a number, without quotes.",
    STRING: "Write a text in double quotes.",
    TIMESTAMP: 'Write a text such as "2026-11-25T00:00:00Z".',
    DURATION: 'Write a text such as "36h" or "90m".',
}
