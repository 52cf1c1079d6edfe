"""How does a value get into a query? As a literal of its type, quoted by the engine's own rules; never as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlglot import exp

from aedile.errors import DataError, Place, define
from aedile.fields import kind_of, listing, suggestion

BAD_VALUE = define("AED-DATA-144", "A value of a query is missing, unknown or of no type that it can have.", ":market")
LARGEST = 2**63


def bind(tree: exp.Query, values: Mapping[str, Any]) -> exp.Query:
    """The query with each placeholder (`:name`) as its value; each must be given, and each that is given used."""
    tree = tree.copy()
    used = set()
    for node in list(tree.find_all(exp.Placeholder)):
        name = node.name
        if not name or name not in values:
            raise _bad(
                name or "?", "no value is given for it", suggestion(name, values) or f"given are {listing(values)}"
            )
        used.add(name)
        value = values[name]
        inside = node.parent
        if isinstance(value, list | tuple | set | frozenset) and isinstance(inside, exp.In):
            found = sorted(value) if isinstance(value, set | frozenset) else list(value)
            if not found:
                raise _bad(name, "the list is empty", "an empty list is in nothing: leave the query out")
            inside.set("expressions", [literal(name, one) for one in found])
        else:
            node.replace(literal(name, value))
    if left := sorted(set(values) - used):
        raise _bad(left[0], "the query has no such placeholder", suggestion(left[0], used))
    return tree


def literal(name: str, value: Any) -> exp.Expr:
    """The value as a tree. name: of the placeholder, for the error."""
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int):
        if not -LARGEST <= value < LARGEST:
            raise _bad(name, "the number has more than 64 bits", None)
        return _signed(str(abs(value)), value < 0)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _bad(name, f"it is {value}", "a number is finite")
        return _signed(f"{abs(value)!r}e0" if "e" not in repr(value) else repr(abs(value)), value < 0)
    if isinstance(value, str):
        if "\0" in value:
            raise _bad(name, "the text holds the character NUL", "engines keep none")
        return exp.Literal.string(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _bad(name, "the time has no zone", "write it in UTC")
        return _moment(value.astimezone(UTC))
    if isinstance(value, date):
        return exp.Cast(this=exp.Literal.string(value.isoformat()), to=exp.DataType.build("DATE"))
    raise _bad(name, f"it is {kind_of(value)}", "a text, number, truth value, day or time; a list after IN alone")


def _signed(digits: str, negative: bool) -> exp.Expr:
    number = exp.Literal.number(digits)
    return exp.Paren(this=exp.Neg(this=number)) if negative else number


def _moment(value: datetime) -> exp.Expr:
    text = value.strftime("%Y-%m-%d %H:%M:%S.%f+00:00").zfill(32)
    return exp.Cast(this=exp.Literal.string(text), to=exp.DataType.build("TIMESTAMPTZ"))


def _bad(name: str, what: str, hint: str | None) -> DataError:
    return DataError(
        BAD_VALUE, f"`:{name}`: {what}", place=Place(field=name), hint=hint, fix="give each placeholder one value"
    )
