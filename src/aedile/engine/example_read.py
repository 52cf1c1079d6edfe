"""Does an example of a strategy give features that are there, with values of their types?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aedile.documents import Located
from aedile.engine.strategy import Example
from aedile.engine.strategy_codes import BAD_EXAMPLE, COMPLAINTS, bad_market
from aedile.fields import Fields, kind_of, suggestion
from aedile.language.markets import CHANNELS, MARKETS
from aedile.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    INT_MAX,
    INT_MIN,
    STRING,
    TIMESTAMP,
    Type,
)
from aedile.language.values import parse_duration, parse_timestamp

_FIXES = {
    BOOL: "write true or false",
    INT: "write a whole number",
    DOUBLE: "write a number",
    STRING: "put it into quotes",
    TIMESTAMP: "write it as 2026-11-25T00:00:00Z",
    DURATION: "write it as 240h",
}


def read_example(top: Fields, node: Located, number: int, visible: Mapping[str, Type]) -> Example:
    """One entry of `examples`; values come as `Column.to_python` gives them, null is unknown."""
    keys = ("given", "market", "channel", "fires")
    fields = Fields(top.document, node, f"examples[{number}]", COMPLAINTS, known=keys, required=keys)
    given = fields.values["given"]
    if not isinstance(given.value, dict):
        raise fields.wrong("given", "a mapping of features to values", "write {item.price: 9.5}")
    values = {name: _value(fields, name, entry, visible) for name, entry in given.value.items()}
    fires = fields.values["fires"].value
    if not isinstance(fires, bool):
        raise fields.wrong("fires", "true or false", "write true or false")
    return Example(values, _market(fields), fields.choice("channel", CHANNELS), fires, node.line)


def _market(fields: Fields) -> str:
    market = fields.text("market")
    if market not in MARKETS:
        raise bad_market(fields, "market", market, fields.values["market"])
    return market


def _value(fields: Fields, name: str, node: Located, visible: Mapping[str, Type]) -> Any:
    if name not in visible or name in ("request.market", "request.channel"):
        line, column = (fields.values["given"].keys or {})[name]
        own_field = name in visible
        raise fields.error(
            BAD_EXAMPLE,
            f"`{name}` cannot be given" if own_field else f"`{name}` is not a feature this strategy can see",
            Located(name, line, column, 0, 0),
            key="given",
            hint="the example has a field of its own for it" if own_field else suggestion(name, visible),
            fix=f"write `{name.partition('.')[2]}: …` beside `given`" if own_field else "correct the name or delete it",
        )
    type_, value = visible[name], node.value
    if value is None:
        return None
    if type_.element is not None:
        entries = value if isinstance(value, list) else None
        if entries is None or not all(isinstance(entry.value, str) for entry in entries):
            raise _wrong(fields, name, node, type_, "write a list of texts such as [a, b]")
        return [entry.value for entry in entries]
    converted = convert(type_, value)
    if converted is None:
        raise _wrong(fields, name, node, type_, _FIXES[type_])
    return converted


def convert(type_: Type, value: Any) -> Any:
    """The value of a file as one of a scalar type, None where it is not."""
    if type_ == DOUBLE and type(value) is int and float(value) == value:
        return float(value)
    if type_ in (TIMESTAMP, DURATION):
        parse = parse_timestamp if type_ == TIMESTAMP else parse_duration
        return parse(value) if isinstance(value, str) else None
    if type_ == INT:
        return value if type(value) is int and INT_MIN <= value <= INT_MAX else None
    return value if type(value) is {BOOL: bool, DOUBLE: float, STRING: str}[type_] else None


def _wrong(fields: Fields, name: str, node: Located, type_: Type, fix: str) -> Exception:
    return fields.error(
        BAD_EXAMPLE,
        f"`{name}` is of type {type_}, but the example gives {kind_of(node.value)}",
        node,
        key="given",
        fix=fix,
    )
