"""Are the features that came with a request declared as such, and of their types?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aedile.engine.request_place import (
    MISSING_FEATURE,
    NOT_SENDABLE,
    UNKNOWN_FEATURE,
    WRONG_KIND,
    WRONG_TYPE,
    Where,
    has_lone_surrogate,
)
from aedile.errors import DataError
from aedile.fields import listing, suggestion
from aedile.language.columns import Column, column_from_python
from aedile.language.schema import REQUEST, FeatureSpec, Schema
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, INT_MAX, INT_MIN, STRING, TIMESTAMP, Type
from aedile.language.values import parse_duration, parse_timestamp

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_FIXES = {
    "bool": "send true or false",
    "int": "send a whole number of at most 64 bits, without a point",
    "double": 'send a number, or "NaN", "Infinity", "-Infinity"',
    "string": "send a text in double quotes",
    "timestamp": 'send a text such as "2026-11-25T08:30:00Z"',
    "duration": 'send a text such as "240h"',
    "list": 'send a list of texts such as ["a", "b"]',
}
#: Types whose values in JSON are values of ours as they are.
_PLAIN: dict[Type, type] = {BOOL: bool, STRING: str}
#: Types by name whose values in JSON, of this type, are values of ours; of texts those in ASCII.
_SAME: dict[str, type] = {"bool": bool, "string": str}
_ABSENT: Any = object()


def read_context(data: Any, schema: Schema, where: Where) -> dict[str, Any]:
    """The request's own features by full name; those sent as null are left out."""
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise where.error(
            WRONG_KIND, f"`context` is {where.kind(data)}, not an object", "context", fix='send {"feature": value}'
        )
    sendable = schema.sendable_with(REQUEST)
    values: dict[str, Any] = {}
    for name, value in data.items():
        spec = sendable.get(name)
        if spec is None:
            raise _not_sendable(name, REQUEST, schema, where, "context")
        if spec.name in values:
            raise _twice(spec, where, "context")
        values[spec.name] = None if value is None else _convert(spec, value, where, f"context.{name}")
    for kind in (REQUEST, "query"):
        for spec in schema.required_with.get(kind, ()):
            if values.get(spec.name) is None:
                raise _missing(spec, where, "context")
    return values if None not in values.values() else {n: value for n, value in values.items() if value is not None}


def read_candidate_features(
    sent: list[tuple[int, Any]], kinds: list[str], schema: Schema, where: Where
) -> dict[str, Column]:
    """The features that came with candidates, by full name, a row for each of the candidates.

    sent: the number of a candidate and its `features`, for those that brought some. kinds: of all candidates.
    """
    values: dict[str, list[Any]] = {}
    specs: dict[str, FeatureSpec] = {}
    for number, features in sent:
        if not isinstance(features, dict):
            raise where.error(
                WRONG_KIND,
                f"`features` is {where.kind(features)}, not an object",
                f"candidates[{number}].features",
                fix='send {"feature": value}',
            )
        sendable = schema.sendable_with(kinds[number])
        for name, value in features.items():
            spec = sendable.get(name)
            if spec is None:
                raise _not_sendable(name, kinds[number], schema, where, f"candidates[{number}].features")
            column = values.get(spec.name)
            if column is None:
                column = values[spec.name] = [_ABSENT] * len(kinds)
                specs[spec.name] = spec
            if column[number] is not _ABSENT:
                raise _twice(spec, where, f"candidates[{number}].features")
            column[number] = value
    columns = {name: _column(specs[name], column, where) for name, column in values.items()}
    _require(columns, kinds, schema, where)
    return columns


def _column(spec: FeatureSpec, sent: list[Any], where: Where) -> Column:
    values = [None if value is _ABSENT else value for value in sent]
    kinds = set(map(type, values)) - {type(None)}
    plain = _PLAIN.get(spec.type)
    if plain is None or kinds != {plain} or (plain is str and any(v and not v.isascii() for v in values)):
        values = [
            None if value is None else _convert(spec, value, where, f"candidates[{number}].features.{spec.own_name}")
            for number, value in enumerate(values)
        ]
    return column_from_python(spec.type, values)


def _convert(spec: FeatureSpec, value: Any, where: Where, field: str) -> Any:
    converted = _value_of(spec.type, value)
    if converted is None:
        raise where.error(
            WRONG_TYPE,
            f"`{spec.name}` is of type {spec.type}, but {where.show(value)} was sent",
            field,
            fix=_FIXES[spec.type.name],
        )
    return converted


def _value_of(type_: Type, value: Any) -> Any:
    """The JSON value as one of the type, None where it is not one to the last digit."""
    if type(value) is _SAME.get(type_.name) and (type(value) is not str or value.isascii()):
        return value  # most are: types are compared one after the other for the rest alone
    if type_.element is not None:
        return (
            value if isinstance(value, list) and all(_value_of(STRING, entry) is not None for entry in value) else None
        )
    if type_ == DOUBLE:
        if type(value) is float:  # JSON has no infinity: one that comes out of it was a number out of range
            return value if math.isfinite(value) else None
        if type(value) is int:
            return float(value) if abs(value) < 2**1000 and float(value) == value else None
        return _NOT_FINITE.get(value) if isinstance(value, str) else None
    if type_ == INT:
        return value if type(value) is int and INT_MIN <= value <= INT_MAX else None
    if type_ == BOOL:
        return value if isinstance(value, bool) else None
    if not isinstance(value, str):
        return None
    if type_ == STRING:
        return None if not value.isascii() and has_lone_surrogate(value) else value
    assert type_ in (TIMESTAMP, DURATION)
    return parse_timestamp(value) if type_ == TIMESTAMP else parse_duration(value)


def _require(columns: Mapping[str, Column], kinds: list[str], schema: Schema, where: Where) -> None:
    """Refuses candidates without a feature of their own that the schema says is never missing."""
    required = schema.required_with
    for kind in dict.fromkeys(kinds) if required else ():
        for spec in required.get(kind, ()):
            column = columns.get(spec.name)
            for number, one in enumerate(kinds):
                if one == kind and (column is None or not column.known[number]):
                    raise _missing(spec, where, f"candidates[{number}].features")


def _missing(spec: FeatureSpec, where: Where, field: str) -> DataError:
    return where.error(
        MISSING_FEATURE,
        f"`{spec.name}` was not sent",
        field,
        hint="the schema says that it is never missing",
        fix=f'send "{spec.name}", or write `missing: allowed` in the schema',
    )


def _twice(spec: FeatureSpec, where: Where, field: str) -> DataError:
    return where.error(
        NOT_SENDABLE,
        f"`{spec.name}` is sent twice, by its full and by its own name",
        field,
        fix=f'send "{spec.name}" alone',
    )


def _not_sendable(name: str, kind: str, schema: Schema, where: Where, field: str) -> DataError:
    """The error for a feature that may not come here: of another source or place, or unknown."""
    sendable = schema.sendable_with(kind)
    spec = schema.features.get(name) or schema.features.get(f"{kind}.{name}")
    if spec is None:
        names = dict.fromkeys(one.name for one in sendable.values())
        return where.error(
            UNKNOWN_FEATURE,
            f"`{name[:60]}` is not a feature that comes with a request",
            field,
            hint=suggestion(name, sendable) or (f"such are {listing(names)}" if names else "the schema has none here"),
            fix="correct the name, or declare it in the schema with `source: request`",
        )
    if spec.source != "request":
        return where.error(
            NOT_SENDABLE,
            f"`{spec.name}` does not come with requests",
            field,
            hint=f"the schema says that its source is the {spec.kind} as imported, so that no caller can change it",
            fix="leave it out, or declare it in the schema with `source: request`",
        )
    context = spec.kind in (REQUEST, "query")
    return where.error(
        NOT_SENDABLE,
        f"`{spec.name}` is sent in the wrong place",
        field,
        hint=f"features of the {spec.kind} come {'in `context`' if context else 'with its candidates'}",
        fix=f"move it to {'`context`' if context else '`features` of a candidate'}",
    )
