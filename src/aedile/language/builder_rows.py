"""What does one row of the builder say, and which conditions can one row say?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aedile.errors import LanguageError, Place
from aedile.language import ir
from aedile.language.builder_values import (
    BAD_SHAPE,
    BAD_VALUE,
    OP_FOR_TYPE,
    UNKNOWN_FEATURE,
    UNKNOWN_OP,
    comparable,
    read_list,
    read_scalar,
    refuse,
    shown,
    value_of,
)
from aedile.language.cel import to_cel
from aedile.language.check import Environment, compile_condition
from aedile.language.faults import closest, shorten
from aedile.language.types import (
    BOOL,
    INT,
    STRING,
    Type,
    list_of,
)

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_TEXT_TESTS = ("startsWith", "endsWith", "contains", "matches")
_NEGATIONS = {
    "not in": "in",
    "has no value": "has value",
    "is false": "is true",
    "has no element": "has element",
    "not in list": "in list",
}
OPS = (
    *_COMPARISONS,
    "in",
    "not in",
    *_TEXT_TESTS,
    "has element",
    "has no element",
    "in list",
    "not in list",
    "is true",
    "is false",
    "has value",
    "has no value",
)
"""Every op of a row."""
_WITHOUT_VALUE = ("is true", "is false", "has value", "has no value")
VIEWS = ("normalized", "lowerAscii", "size")
"""What a row can compare in a feature's stead, under the key `as`."""
_KEYS = ("feature", "as", "op", "value")


# -- from a condition to a row


def row_of(node: ir.Node) -> dict[str, Any] | None:
    """The row that says exactly this condition; None where no row does."""
    row = _row(node)
    if row is None and isinstance(node, ir.Not):
        row = _row(node.arg)
        negated = {positive: negative for negative, positive in _NEGATIONS.items()}
        if row is None or row["op"] not in negated:
            return None
        row["op"] = negated[row["op"]]
    if row is None:
        return None
    features = {n.name: n.type for n in ir.walk(node) if isinstance(n, ir.Feature)}
    params = {n.name: n.type for n in ir.walk(node) if isinstance(n, ir.Param)}
    try:
        same = read_row(row, "", Environment(features, params)) == node
    except LanguageError:
        return None
    return row if same else None


def _row(node: ir.Node) -> dict[str, Any] | None:
    if isinstance(node, ir.Has):
        return {"feature": node.feature.name, "op": "has value"}
    if isinstance(node, ir.Feature):
        return {"feature": node.name, "op": "is true"}
    if isinstance(node, ir.InList):
        subject = _subject(node.value)
        return {**subject, "op": "in list", "value": node.list_name} if subject else None
    if not isinstance(node, ir.Call) or len(node.args) != 2:
        return None
    left, right = node.args
    subject = _subject(left)
    if node.function == "in" and not subject:
        subject, right = _subject(right), left
        return _with_value(subject, "has element", right)
    if node.function in (*_COMPARISONS, *_TEXT_TESTS, "in"):
        return _with_value(subject, node.function, right)
    return None


def _subject(node: ir.Node) -> dict[str, Any] | None:
    if isinstance(node, ir.Feature):
        return {"feature": node.name}
    if isinstance(node, ir.Call) and node.function in VIEWS and isinstance(node.args[0], ir.Feature):
        return {"feature": node.args[0].name, "as": node.function}
    return None


def _with_value(subject: dict[str, Any] | None, op: str, node: ir.Node) -> dict[str, Any] | None:
    if subject is None:
        return None
    if isinstance(node, ir.Param):
        return {**subject, "op": op, "value": {"param": node.name}}
    if isinstance(node, ir.Feature):
        return {**subject, "op": op, "value": {"feature": node.name}}
    value = value_of(node.value, node.type) if isinstance(node, ir.Const) else None
    return None if value is None else {**subject, "op": op, "value": value}


# -- from a row to a condition


@dataclass(frozen=True)
class _Row:
    """A row being read: its data and where it stands."""

    data: Mapping[str, Any]
    pointer: str
    environment: Environment

    def at(self, key: str) -> str:
        return f"{self.pointer}/{key}"


def read_row(data: Mapping[str, Any], pointer: str, environment: Environment) -> ir.Node:
    """The condition of one row. Raises LanguageError with a JSON pointer in `place.field`."""
    row = _Row(data, pointer, environment)
    for key in data:
        if key not in _KEYS:
            near = _KEY_SLIPS.get(str(key)) or closest(str(key), _KEYS)
            raise refuse(
                BAD_SHAPE,
                f'A row has no "{key}".',
                pointer,
                hint=f"Did you mean {near}?" if near else f"Its keys are {', '.join(_KEYS)}.",
            )
    feature = _feature(row, data["feature"], "feature")
    op = _op(row, feature)
    positive = _NEGATIONS.get(op, op)
    node = _condition(row, feature, positive)
    node = ir.Not(BOOL, node) if positive != op else node
    try:
        # The checker has the last word: patterns, normalized texts, list names.
        return compile_condition(to_cel(node), environment)
    except LanguageError as error:
        raise LanguageError(error.code, error.message, place=Place(field=row.at("value")), hint=error.hint) from error


def _feature(row: _Row, name: Any, key: str) -> ir.Feature:
    features = row.environment.features
    if not isinstance(name, str):
        raise refuse(BAD_SHAPE, f"{shown(name)} is no feature's name.", row.at(key))
    if name not in features:
        near = closest(name, features)
        raise refuse(
            UNKNOWN_FEATURE,
            f"There is no feature {shorten(name)}.",
            row.at(key),
            hint=f"Did you mean {near}?" if near else None,
            fix=near,
        )
    return ir.Feature(features[name], name)


def _op(row: _Row, feature: ir.Feature) -> str:
    op = row.data.get("op")
    if op in OPS:
        return str(op)
    if op is None:
        raise refuse(
            UNKNOWN_OP, f"The row about {feature.name} has no op.", row.pointer, hint=f"Use one of {', '.join(OPS)}."
        )
    near = _SLIPS.get(str(op).lower()) or closest(str(op), OPS)
    raise refuse(
        UNKNOWN_OP,
        f"There is no op {shown(op)}.",
        row.at("op"),
        hint=f"Did you mean {near}?" if near else f"Use one of {', '.join(OPS)}.",
        fix=near,
    )


_KEY_SLIPS = {"operator": "op", "field": "feature", "val": "value", "values": "value", "text": "as"}
_SLIPS = {
    "less": "<",
    "greater": ">",
    "equals": "==",
    "is": "==",
    "exists": "has value",
    "starts with": "startsWith",
    "ends with": "endsWith",
    "=": "==",
    "<>": "!=",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "is null": "has no value",
    "is not null": "has value",
    "like": "contains",
    "notin": "not in",
}


def _condition(row: _Row, feature: ir.Feature, op: str) -> ir.Node:
    if op in _WITHOUT_VALUE:
        for key in ("value", "as"):
            if key in row.data:
                raise refuse(BAD_VALUE, f"{row.data['op']} takes no {key}.", row.at(key))
        if op == "has value":
            return ir.Has(BOOL, feature)
        if feature.type != BOOL:
            raise _wrong_op(row, feature.type, "true or false")
        return feature
    subject = _viewed(row, feature)
    if "value" not in row.data:
        raise refuse(BAD_VALUE, f"{row.data['op']} needs a value.", row.pointer, hint='Add "value".')
    if op == "in list":
        return _in_list(row, subject)
    wanted = _wanted(row, subject.type, op)
    value = _value(row, row.data["value"], wanted, op)
    args = (value, subject) if op == "has element" else (subject, value)
    return ir.Call(BOOL, "in" if op == "has element" else op, args)


def _viewed(row: _Row, feature: ir.Feature) -> ir.Node:
    view = row.data.get("as")
    if "as" not in row.data:
        return feature
    if view not in VIEWS:
        near = closest(str(view), VIEWS)
        hint = f"Did you mean {near}?" if near else f"Use one of {', '.join(VIEWS)}."
        raise refuse(BAD_SHAPE, f"A feature cannot be compared as {shown(view)}.", row.at("as"), hint=hint, fix=near)
    if feature.type != STRING and not (view == "size" and feature.type.element is not None):
        raise refuse(
            OP_FOR_TYPE,
            f"{feature.name} is of type {feature.type} and has no {view}.",
            row.at("as"),
            hint="size is of texts and lists, normalized and lowerAscii of texts.",
        )
    return ir.Call(INT if view == "size" else STRING, str(view), (feature,))


def _in_list(row: _Row, subject: ir.Node) -> ir.Node:
    name = row.data["value"]
    if subject.type != STRING:
        raise _wrong_op(row, subject.type, "a text")
    if not isinstance(name, str):
        raise refuse(BAD_VALUE, f"{shown(name)} is no list's name.", row.at("value"))
    return ir.InList(BOOL, subject, name)


def _wanted(row: _Row, type_: Type, op: str) -> Type:
    """The type the value must have."""
    if op in _TEXT_TESTS:
        if type_ != STRING:
            raise _wrong_op(row, type_, "a text")
        return STRING
    if op == "has element":
        if type_.element is None:
            raise _wrong_op(row, type_, "a list")
        return type_.element
    if op == "in":
        return list_of(type_)
    if type_.element is not None and op not in ("==", "!="):
        raise _wrong_op(row, type_, "a single value")
    return type_


def _wrong_op(row: _Row, type_: Type, wanted: str) -> LanguageError:
    hint = {"list": "Use has element, has no element, == or !=, or compare as size."}.get(type_.name)
    return refuse(
        OP_FOR_TYPE,
        f"{row.data['op']} asks about {wanted}; {row.data['feature']} is of type {type_}.",
        row.at("op"),
        hint=hint,
    )


def _value(row: _Row, value: Any, wanted: Type, op: str) -> ir.Node:
    pointer = row.at("value")
    if isinstance(value, Mapping):
        return _reference(row, value, wanted)
    if wanted.element is not None:
        if not isinstance(value, list | tuple):
            hint = "Write a list: [5]." if op == "in" else None
            raise refuse(BAD_VALUE, f"{shown(value)} is no list.", pointer, hint=hint)
        return read_list(value, wanted.element, pointer)
    return read_scalar(value, wanted, pointer)


def _reference(row: _Row, value: Mapping[Any, Any], wanted: Type) -> ir.Node:
    pointer = row.at("value")
    if set(value) == {"feature"}:
        node: ir.Node = _feature(row, value["feature"], "value/feature")
    elif set(value) == {"param"}:
        params, name = row.environment.params, value["param"]
        if not isinstance(name, str) or name not in params:
            near = closest(str(name), params)
            hint = f"Did you mean {near}?" if near else "Declare it under params."
            raise refuse(
                UNKNOWN_FEATURE, f"There is no parameter {shorten(str(name))}.", f"{pointer}/param", hint=hint, fix=near
            )
        node = ir.Param(params[name], name)
    else:
        raise refuse(BAD_VALUE, f"{shown(dict(value))} is no value.", pointer, hint='Write {"param": "threshold"}.')
    if not comparable(node.type, wanted):
        raise refuse(BAD_VALUE, f"A {wanted} is compared with a {node.type}.", pointer)
    return node
