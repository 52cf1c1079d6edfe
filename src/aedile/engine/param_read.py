"""Which constants do a strategy's parameters stand for, in each market?"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from aedile.documents import Located
from aedile.engine.strategy import ALL
from aedile.engine.strategy_codes import BAD_PARAM
from aedile.errors import AedileError
from aedile.fields import Fields, kind_of, listing, suggestion
from aedile.language.ir import Const
from aedile.language.markets import MARKETS
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
from aedile.language.values import parse_duration, parse_timestamp

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCALARS: dict[type, Type] = {bool: BOOL, int: INT, float: DOUBLE, str: STRING}
_WRITTEN: dict[str, tuple[Type, Callable[[str], int | None], str]] = {
    "duration": (DURATION, parse_duration, "{duration: 2160h}"),
    "timestamp": (TIMESTAMP, parse_timestamp, "{timestamp: 2026-11-25T00:00:00Z}"),
}


def read_params(fields: Fields, markets: tuple[str, ...]) -> tuple[dict[str, dict[str, Const]], dict[str, Type]]:
    """The parameters of `default` and of each market, and the type of each parameter."""
    if not fields.has("params"):
        return {}, {}
    inner = fields.inner(
        "params", known=("default", *(sorted(MARKETS) if markets == (ALL,) else markets)), required=("default",)
    )
    default = _values(inner, "default")
    types = {name: value.type for name, value in default.items()}
    for name, value in default.items():
        if value.type == list_of(NOTHING):
            raise _error(inner, "default", name, f"`{name}` is an empty list: of what is not known", "write an entry")
    condition = str(fields.values["condition"].value)
    for name in default:
        if not re.search(rf"\bparam\s*\.\s*`?{name}\b", condition):
            raise _error(
                inner,
                "default",
                name,
                f"the condition does not use the parameter `{name}`",
                f"write `param.{name}` in the condition, or delete the parameter",
                hint="who changes it would wait for an effect",
            )
    params = {"default": default}
    for market in inner.values:
        if market != "default":
            params[market] = _overrides(inner, market, default)
    return params, types


def _overrides(inner: Fields, market: str, default: dict[str, Const]) -> dict[str, Const]:
    values = _values(inner, market)
    for name, value in values.items():
        if name not in default:
            raise _error(
                inner,
                market,
                name,
                f"`{name}` is not a parameter of `default`",
                "define it under `default` as well, or correct the name",
                hint=suggestion(name, default) or f"a market overrides {listing(default) or 'nothing here'}",
            )
        wanted = default[name].type
        if value.type == list_of(NOTHING) and wanted.element is not None:
            values[name] = Const(wanted, ())
        elif value.type != wanted:
            number = value.type == INT and wanted == DOUBLE
            raise _error(
                inner,
                market,
                name,
                f"`{name}` is {value.type} in {market} and {wanted} in `default`",
                f"write {value.value}.0" if number else f"give a value of type {wanted}",
                hint="a parameter has one type in all markets",
            )
    return values


def _values(inner: Fields, market: str) -> dict[str, Const]:
    node = inner.values[market]
    if not isinstance(node.value, dict):
        raise inner.wrong(market, "a mapping of parameters to values", "write {threshold: 0.8}")
    values = {}
    for name, value in node.value.items():
        if not _NAME.fullmatch(name):
            raise _error(
                inner,
                market,
                name,
                f"`{name}` cannot be a parameter's name",
                f"call it `{re.sub('[^A-Za-z0-9_]+', '_', name).lstrip('0123456789') or 'threshold'}`",
                hint=f"conditions read it as `param.{name}`",
            )
        values[name] = _const(inner, market, name, value)
    return values


def _const(inner: Fields, market: str, name: str, node: Located) -> Const:
    value = node.value
    if isinstance(value, list):
        return _list(inner, market, name, [_const(inner, market, name, entry) for entry in value])
    if isinstance(value, dict):
        return _written(inner, market, name, node)
    type_ = _SCALARS.get(type(value))
    if type_ is None:
        raise _error(inner, market, name, f"`{name}` has no value", "write one, or delete the parameter")
    if type_ == INT and not INT_MIN <= value <= INT_MAX:
        raise _error(inner, market, name, f"`{name}` is {value}, beyond 64 bits", "write a smaller number")
    if type_ == DOUBLE and not math.isfinite(value):
        raise _error(inner, market, name, f"`{name}` is {value}, not a number", "write a finite number")
    return Const(type_, value)


def _list(inner: Fields, market: str, name: str, values: list[Const]) -> Const:
    types = {value.type for value in values}
    if not types:
        return Const(list_of(NOTHING), ())
    if types == {INT, DOUBLE}:
        return Const(list_of(DOUBLE), tuple(float(value.value) for value in values))
    (first, *others) = types
    if others or first.element is not None:
        what = "holds lists" if not others else f"mixes {listing(sorted(map(str, types)))}"
        raise _error(inner, market, name, f"the list `{name}` {what}", "write values of one type")
    return Const(list_of(first), tuple(value.value for value in values))


def _written(inner: Fields, market: str, name: str, node: Located) -> Const:
    mapping: dict[str, Any] = node.value
    if len(mapping) != 1 or next(iter(mapping)) not in _WRITTEN:
        raise _error(
            inner,
            market,
            name,
            f"`{name}` is a mapping",
            "write a value, {duration: 2160h} or {timestamp: 2026-11-25T00:00:00Z}",
        )
    ((word, entry),) = mapping.items()
    type_, parse, example = _WRITTEN[word]
    value = parse(entry.value) if isinstance(entry.value, str) else None
    if value is None:
        raise _error(inner, market, name, f"`{name}`: {kind_of(entry.value)} is not a {word}", f"write {example}")
    return Const(type_, value)


def _error(inner: Fields, market: str, name: str, message: str, fix: str, hint: str | None = None) -> AedileError:
    """The error at a parameter's value, or at its key where the key is what is wrong."""
    line, column = (inner.values[market].keys or {})[name]
    key = Located(name, line, column, 0, 0)
    return inner.error(BAD_PARAM, message, key, key=f"{market}.{name}", hint=hint, fix=fix)
