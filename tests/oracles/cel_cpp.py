"""What does Google's CEL in C++ (`cel-expr-python`) say of a condition?

The text is written here, apart from the project's own writer, with `dyn()` where the standard checker refuses to mix
ints and doubles. An error in CEL is None, unknown. `NotAcceptedError` names what CEL has no equal of.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from aedile.language import ir
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "timestamp": cel.Type.STRING,  # the binding refuses the first and the last days of the calendar: go by text
    "duration": cel.Type.DURATION,
}
_SAMPLES = {BOOL: True, INT: 0, DOUBLE: 0.0, STRING: "", TIMESTAMP: 0, DURATION: 0}
_INFIX = ("==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%")
_METHODS = ("startsWith", "endsWith", "contains", "matches", "lowerAscii")
_OURS = ("normalized", "bucket")


class NotAcceptedError(Exception):
    """CEL has no such function or value; the message says which."""


class CelCpp:
    """Compiles conditions over the features and evaluates them row by row."""

    def __init__(self, features: Mapping[str, Type]) -> None:
        # CEL reads zones from the host unless told otherwise; ours come from this package, which may be newer.
        os.environ["TZDIR"] = str(files("tzdata") / "zoneinfo")
        self.features = dict(features)
        variables = {_variable(name): _cel_type(type_) for name, type_ in features.items()}
        # has() of a plain variable is no standard CEL: whether a feature is there is handed in.
        variables |= {f"has_{_variable(name)}": cel.Type.BOOL for name in features}
        self._env = cel.NewEnv(variables=variables, extensions=[ext_strings.ExtStrings()])

    def compile(self, node: ir.Node) -> cel.Expression:
        """Raises NotAcceptedError for what CEL does not have; a RuntimeError is a mistake in the text written here."""
        return self._env.compile(to_text(node))

    def evaluate(self, expression: cel.Expression, row: Mapping[str, Any]) -> bool | None:
        """The value of a bool expression, None where CEL reports an error. A missing feature is not bound.

        Raises NotAcceptedError for a row that the binding cannot hand over.
        """
        if any("\0" in text for text in _texts(row)):
            raise NotAcceptedError("a text with NUL: the binding cuts it off there")
        data: dict[str, Any] = {f"has_{_variable(name)}": row.get(name) is not None for name in self.features}
        for name, type_ in self.features.items():
            if row.get(name) is not None:
                data[_variable(name)] = _bound(row[name], type_)
        result = expression.eval(data=data)
        return result.value() if result.type() == cel.Type.BOOL else None


def _texts(row: Mapping[str, Any]) -> Iterator[str]:
    for value in row.values():
        yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))


def _variable(feature: str) -> str:
    return feature.replace(".", "__")


def _cel_type(type_: Type) -> cel.Type:
    return cel.Type.List(_cel_type(type_.element)) if type_.element is not None else _TYPES[type_.name]


def _bound(value: Any, type_: Type) -> Any:
    if type_.element is not None:
        return [_bound(item, type_.element) for item in value]
    if type_ == TIMESTAMP:
        return _timestamp_text(value)
    return timedelta(microseconds=value) if type_ == DURATION else value


def to_text(node: ir.Node) -> str:
    """Standard CEL, every operator in parentheses."""
    match node:
        case ir.Const():
            return _literal(node.value, node.type)
        case ir.Feature():
            return f"timestamp({_variable(node.name)})" if node.type == TIMESTAMP else _variable(node.name)
        case ir.Variable():
            return node.name
        case ir.Has():
            return f"has_{_variable(node.feature.name)}"
        case ir.Not():
            return f"(!{to_text(node.arg)})"
        case ir.And():
            return "(" + " && ".join(map(to_text, node.args)) + ")"
        case ir.Or():
            return "(" + " || ".join(map(to_text, node.args)) + ")"
        case ir.Ternary():
            return f"({to_text(node.condition)} ? {to_text(node.then)} : {to_text(node.otherwise)})"
        case ir.ListOf():
            return "[" + ", ".join(map(to_text, node.items)) + "]"
        case ir.InList():
            raise NotAcceptedError("in_list is ours")
        case ir.Comprehension():
            return f"{to_text(node.source)}.{node.kind}({node.variable}, {to_text(node.body)})"
        case ir.Call():
            return _call(node)
    raise TypeError(node)


def _call(node: ir.Call) -> str:
    if node.function in _OURS:
        raise NotAcceptedError(f"{node.function} is ours")
    args = [to_text(arg) for arg in node.args]
    if node.function in _INFIX:
        if _mixed(*(arg.type for arg in node.args)):
            args[0] = f"dyn({args[0]})"
        return f"({args[0]} {node.function} {args[1]})"
    if node.function == "neg":
        return f"(-{args[0]})"
    if node.function == "[]":
        return f"{args[0]}[{args[1]}]"
    if node.function in _METHODS or node.function.startswith("get"):
        return f"{args[0]}.{node.function}({', '.join(args[1:])})"
    return f"{node.function}({', '.join(args)})"


def _mixed(a: Type, b: Type) -> bool:
    """Whether ints meet doubles, at any depth of lists."""
    while a.element is not None:
        a = a.element
    while b.element is not None:
        b = b.element
    return {a, b} == {INT, DOUBLE}


def _literal(value: Any, type_: Type) -> str:
    if type_.element is not None:
        if not value:  # an empty list that keeps its type
            return f"[{_literal(_SAMPLES.get(type_.element, ()), type_.element)}].filter(e, false)"
        return "[" + ", ".join(_literal(item, type_.element) for item in value) + "]"
    if type_ == DOUBLE:
        if not math.isfinite(value):
            return "(0.0 / 0.0)" if math.isnan(value) else f"({math.copysign(1, value)} / 0.0)"
        return f"({value!r})"
    if type_ == STRING:
        return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value) + '"'
    if type_ == TIMESTAMP:
        return f'timestamp("{_timestamp_text(value)}")'
    if type_ == DURATION:
        seconds, micros = divmod(abs(value), 10**6)
        return f'duration("{"-" if value < 0 else ""}{seconds}.{micros:06}s")'
    return f"({value})" if type_ == INT else str(value).lower()


def _timestamp_text(micros: int) -> str:
    return (_EPOCH + timedelta(microseconds=micros)).replace(tzinfo=None).isoformat() + "Z"
