"""How is a condition shown as SQL that people read and edit?

`to_sql_face` writes plain SQL (`item.price < 5.0 AND item.brand IN ('a', 'b')`), and `sql_read.from_sql` reads back the
very same condition. It says what the condition says in the language's own meaning; a predicate SQL has no words for is
`cel('…')`, whole. It is not made to be run: `sql_write.to_sql` writes what a warehouse runs, with NaN, overflow and
mixed numbers spelt out, and nobody wants to edit that.
"""

from __future__ import annotations

import math
import re

from aedile.errors import LanguageError
from aedile.language import ir
from aedile.language.cel import to_cel
from aedile.language.check import Environment
from aedile.language.functions import FUNCTIONS
from aedile.language.quoting import quote
from aedile.language.sql_literals import write_interval, write_timestamp
from aedile.language.sql_read import from_sql
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type

_OR, _AND, _NOT, _RELATION, _SUM, _PRODUCT, _OPERAND = range(7)
_COMPARISONS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LIKE = {"startsWith": "{}%", "endsWith": "%{}", "contains": "%{}%"}
_PLAIN = {"startsWith": "starts_with", "endsWith": "ends_with", "contains": "contains", "matches": "regexp_matches"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_CASTS = {(INT, "double"): "DOUBLE", (INT, "string"): "VARCHAR", (BOOL, "string"): "VARCHAR"}


class _NoWordsError(ValueError):
    """SQL has no words for this part."""


def to_sql_face(node: ir.Node) -> str:
    """The condition as SQL to edit; `from_sql(to_sql_face(node), environment) == node`."""
    text, _ = _predicate(node)
    # Each part was read back on its own; this is about the whole: its nesting and size.
    return text if _reads_back(text, node) else _cel(node)


def _predicate(node: ir.Node) -> tuple[str, int]:
    """The text of a condition, and how tightly it binds."""
    if isinstance(node, ir.And):
        return " AND ".join(_bracketed(*_predicate(arg), _AND + 1) for arg in node.args), _AND
    if isinstance(node, ir.Or):
        return " OR ".join(_bracketed(*_predicate(arg), _OR + 1) for arg in node.args), _OR
    if isinstance(node, ir.Not) and not _is_negated_leaf(node):
        return "NOT " + _bracketed(*_predicate(node.arg), _OPERAND), _NOT
    for quoted in (False, True):
        try:
            text, binds = _Leaf(quoted).write(node)
        except _NoWordsError:
            break
        if _reads_back(text, node):
            return text, binds
    return _cel(node), _OPERAND


def _is_negated_leaf(node: ir.Not) -> bool:
    """`IS NULL` and `NOT IN` carry their negation inside."""
    return isinstance(node.arg, ir.Has) or (isinstance(node.arg, ir.Call) and node.arg.function == "in")


def _bracketed(text: str, own: int, wanted: int) -> str:
    return text if own >= wanted else f"({text})"


def _cel(node: ir.Node) -> str:
    return f"cel({_quoted(to_cel(node))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _reads_back(text: str, node: ir.Node) -> bool:
    try:
        return from_sql(text, environment_of(node)) == node
    except LanguageError:
        return False


def environment_of(node: ir.Node) -> Environment:
    """The smallest environment in which the condition's text means the condition."""
    features = {n.name: n.type for n in ir.walk(node) if isinstance(n, ir.Feature)}
    params = {n.name: n.type for n in ir.walk(node) if isinstance(n, ir.Param)}
    return Environment(features, params)


class _Leaf:
    """Writes one predicate, with names as plain words or in quotes; _NoWordsError where a part has no SQL."""

    def __init__(self, quoted: bool) -> None:
        self.quoted = quoted

    def write(self, node: ir.Node) -> tuple[str, int]:
        if isinstance(node, ir.Call):
            return self._call(node)
        if isinstance(node, ir.Not):
            return self._negation(node)
        if isinstance(node, ir.Has):
            return f"{self._name(node.feature.name)} IS NOT NULL", _RELATION
        if isinstance(node, ir.And | ir.Or):
            word, own = ("AND", _AND) if isinstance(node, ir.And) else ("OR", _OR)
            return f" {word} ".join(self._at(arg, own + 1) for arg in node.args), own
        if isinstance(node, ir.Const) and self._is_negative(node):
            return self._value(node.value, node.type), _PRODUCT
        return self._operand(node), _OPERAND

    def _at(self, node: ir.Node, binds: int) -> str:
        return _bracketed(*self.write(node), binds)

    def _is_negative(self, node: ir.Const) -> bool:
        return node.type in (INT, DOUBLE) and math.copysign(1, node.value) < 0

    def _operand(self, node: ir.Node) -> str:
        if isinstance(node, ir.Const):
            return self._value(node.value, node.type)
        if isinstance(node, ir.Feature):
            return self._name(node.name)
        if isinstance(node, ir.Param):
            return self._name(f"param.{node.name}")
        if isinstance(node, ir.InList):
            return f"in_list({self._at(node.value, _OR)}, {_text(node.list_name)})"
        if isinstance(node, ir.ListOf):
            return f"[{', '.join(self._at(item, _OR) for item in node.items)}]"
        if isinstance(node, ir.Ternary):
            condition, negated = self._at(node.condition, _OR), self._at(node.condition, _OPERAND)
            then, otherwise = self._at(node.then, _OR), self._at(node.otherwise, _OR)
            return f"CASE WHEN {condition} THEN {then} WHEN NOT {negated} THEN {otherwise} END"
        raise _NoWordsError

    def _negation(self, node: ir.Not) -> tuple[str, int]:
        if isinstance(node.arg, ir.Has):
            return f"{self._name(node.arg.feature.name)} IS NULL", _RELATION
        if isinstance(node.arg, ir.Call) and node.arg.function == "in":
            return self._membership(node.arg.args[0], node.arg.args[1], negated=True)
        return f"NOT {self._at(node.arg, _OPERAND)}", _NOT

    def _call(self, node: ir.Call) -> tuple[str, int]:
        name, args = node.function, node.args
        if name in _COMPARISONS:
            return self._infix(_COMPARISONS[name], args, _RELATION, _RELATION + 1)
        if name == "in":
            return self._membership(args[0], args[1], negated=False)
        if name in "+-*/%":
            return self._arithmetic(name, args)
        if name == "neg":
            return f"-{self._at(args[0], _OPERAND)}", _PRODUCT
        if name == "[]":
            raise _NoWordsError
        if name in _LIKE and isinstance(args[1], ir.Const) and args[1].value and not set("%_") & set(args[1].value):
            pattern = _text(_LIKE[name].format(args[1].value))
            return f"{self._at(args[0], _SUM)} LIKE {pattern}", _RELATION
        target = _CASTS.get((args[0].type, name)) if args else None
        if target is not None:
            return f"CAST({self._at(args[0], _OR)} AS {target})", _OPERAND
        if name == "size":
            name = "length" if args[0].type == STRING else "len"
        elif name not in _PLAIN and name not in FUNCTIONS:
            raise _NoWordsError
        return f"{_PLAIN.get(name, name)}({', '.join(self._at(arg, _OR) for arg in args)})", _OPERAND

    def _infix(self, sign: str, args: tuple[ir.Node, ...], own: int, right: int) -> tuple[str, int]:
        left = self._at(args[0], own if own != _RELATION else right)
        return f"{left} {sign} {self._at(args[1], right)}", own

    def _arithmetic(self, name: str, args: tuple[ir.Node, ...]) -> tuple[str, int]:
        if name == "+" and (args[0].type == STRING or args[0].type.element is not None):
            return self._infix("||", args, _SUM, _OPERAND)
        if name == "/" and args[0].type == INT:
            name = "//"
        own = _SUM if name in "+-" else _PRODUCT
        return self._infix(name, args, own, own + 1)

    def _membership(self, value: ir.Node, items: ir.Node, *, negated: bool) -> tuple[str, int]:
        if isinstance(items, ir.Const) and items.value:
            element = items.type.element
            assert element is not None
            words = [self._value(item, element) for item in items.value]
        elif isinstance(items, ir.ListOf):
            words = [self._at(item, _OR) for item in items.items]
        else:
            text = f"list_contains({self._at(items, _OR)}, {self._at(value, _OR)})"
            return (f"NOT {text}", _NOT) if negated else (text, _OPERAND)
        return f"{self._at(value, _SUM)} {'NOT ' if negated else ''}IN ({', '.join(words)})", _RELATION

    def _name(self, name: str) -> str:
        if not self.quoted and _NAME.fullmatch(name):
            return name
        if '"' in name:
            raise _NoWordsError
        return f'"{name}"'

    def _value(self, value: object, type_: Type) -> str:
        if type_.element is not None:
            assert isinstance(value, tuple)
            return f"[{', '.join(self._value(item, type_.element) for item in value)}]"
        if type_ == BOOL:
            return "TRUE" if value else "FALSE"
        if type_ == STRING:
            return _text(str(value))
        if type_ == DOUBLE and not math.isfinite(float(str(value))):
            raise _NoWordsError
        if type_ == TIMESTAMP:
            assert isinstance(value, int)
            return f"TIMESTAMP '{write_timestamp(value)}'"
        if type_ == DURATION:
            assert isinstance(value, int)
            return f"INTERVAL '{write_interval(value)}'"
        return repr(value)


def _text(text: str) -> str:
    """The text in SQL's quotes; one with characters that nobody sees is left to CEL, which writes them as escapes."""
    if quote(text) != '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"':
        raise _NoWordsError
    return _quoted(text)
