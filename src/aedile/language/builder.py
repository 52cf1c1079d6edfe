"""How is a condition shown as rows and groups, for people who never type a condition?

A group is `{"all": […]}`, `{"any": […]}` or `{"not": …}`. A row compares a feature with a value::

    {"feature": "item.price", "op": "<", "value": 5}
    {"feature": "item.title", "as": "normalized", "op": "contains", "value": "replica"}
    {"feature": "seller.age", "op": "<", "value": {"param": "youngest"}}
    {"feature": "item.gtin", "op": "in list", "value": "recalled-gtin"}

What no row can say is one row `{"cel": "…"}`, kept whole. The feature's type decides how a value is read: timestamps
and durations are texts, and an int too large for JavaScript is a text too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aedile.errors import LanguageError
from aedile.language import ir
from aedile.language.builder_rows import OPS, VIEWS, read_row, row_of
from aedile.language.builder_values import BAD_SHAPE, TOO_BIG, refuse, shown
from aedile.language.cel import to_cel
from aedile.language.check import Environment, compile_condition
from aedile.language.evaluation import fold
from aedile.language.faults import closest
from aedile.language.parse import MAX_DEPTH
from aedile.language.types import BOOL

MAX_ROWS = 2_000
_GROUPS: dict[str, type[ir.And] | type[ir.Or]] = {"all": ir.And, "any": ir.Or}

_SCALAR: dict[str, Any] = {"type": ["boolean", "number", "string"]}
_REFERENCE: dict[str, Any] = {
    "type": "object",
    "properties": {"param": {"type": "string"}, "feature": {"type": "string"}},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
_ROW: dict[str, Any] = {
    "type": "object",
    "description": "One comparison of a feature.",
    "properties": {
        "feature": {"type": "string", "description": "The feature's full name, such as item.price."},
        "as": {"enum": list(VIEWS), "description": "Compare what is made of the feature instead of the feature."},
        "op": {"enum": list(OPS)},
        "value": {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}, _REFERENCE]},
    },
    "required": ["feature", "op"],
    "additionalProperties": False,
}


def _group(key: str, inside: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {key: inside}, "required": [key], "additionalProperties": False}


_PART = {"$ref": "#/$defs/part"}
_PARTS = {"type": "array", "items": _PART, "minItems": 1}
BUILDER_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A condition as rows and groups",
    "$ref": "#/$defs/part",
    "$defs": {
        "part": {
            "anyOf": [
                _group("all", _PARTS),
                _group("any", _PARTS),
                _group("not", _PART),
                _group("cel", {"type": "string", "description": "A condition in CEL, kept whole."}),
                _ROW,
            ]
        }
    },
}
"""JSON Schema of what `from_builder` reads."""


def to_builder(node: ir.Node) -> dict[str, Any]:
    """The condition as JSON-able rows and groups; `from_builder` gives the same condition back."""
    if isinstance(node, ir.And | ir.Or):
        return {"all" if isinstance(node, ir.And) else "any": [to_builder(arg) for arg in node.args]}
    row = row_of(node)
    if row is not None:
        return row
    if isinstance(node, ir.Not):
        return {"not": to_builder(node.arg)}
    return {"cel": to_cel(node)}


def from_builder(data: Any, environment: Environment) -> ir.Node:
    """The condition that rows and groups say.

    Raises LanguageError whose `place.field` is a JSON pointer to the culprit: AED-LANG-070 to -075 for rows and groups,
    the checker's own (with the span inside the text) for a row of CEL.
    """
    return fold(_Reader(environment).part(data, "", 0))


class _Reader:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.rows = 0

    def part(self, data: Any, pointer: str, depth: int) -> ir.Node:
        if not isinstance(data, Mapping):
            raise refuse(
                BAD_SHAPE,
                f"{shown(data)} is neither a row nor a group.",
                pointer,
                hint='A row is {"feature": "item.price", "op": "<", "value": 5}, a group {"all": [rows]}.',
            )
        if depth >= MAX_DEPTH:
            raise refuse(TOO_BIG, f"Groups are nested more than {MAX_DEPTH} deep here.", pointer)
        kinds = [key for key in ("all", "any", "not", "cel", "feature") if key in data]
        if len(kinds) != 1 or (kinds[0] != "feature" and len(data) != 1):
            raise self._no_kind(data, kinds, pointer)
        kind = kinds[0]
        if kind in _GROUPS:
            return self._group(_GROUPS[kind], data[kind], f"{pointer}/{kind}", depth)
        if kind == "not":
            return ir.Not(BOOL, self._bool(data["not"], f"{pointer}/not", depth))
        self.rows += 1
        if self.rows > MAX_ROWS:
            raise refuse(
                TOO_BIG,
                f"There are more than {MAX_ROWS:,} rows.",
                pointer,
                hint='Long lists of values belong into a named list: op "in list".',
            )
        return self._cel(data["cel"], f"{pointer}/cel") if kind == "cel" else read_row(data, pointer, self.environment)

    def _no_kind(self, data: Mapping[Any, Any], kinds: list[str], pointer: str) -> LanguageError:
        if len(kinds) > 1:
            message = f"{' and '.join(kinds)} stand in one object."
            return refuse(BAD_SHAPE, message, pointer, hint='Put them into a group: {"all": [ …, … ]}.')
        extra = [str(key) for key in data if key not in kinds]
        if kinds:
            return refuse(BAD_SHAPE, f"{kinds[0]} stands alone; {', '.join(extra)} cannot stand beside it.", pointer)
        near = [closest(key, ("all", "any", "not", "cel", "feature")) for key in extra]
        found = "feature" if "field" in extra else next((word for word in near if word), None)
        return refuse(
            BAD_SHAPE,
            f"An object with {', '.join(extra) or 'nothing in it'} is neither a row nor a group.",
            pointer,
            hint=f"Did you mean {found}?" if found else "Write all, any, not, cel or feature.",
        )

    def _group(self, kind: type[ir.And] | type[ir.Or], parts: Any, pointer: str, depth: int) -> ir.Node:
        if not isinstance(parts, list | tuple) or not parts:
            what = "is empty" if isinstance(parts, list | tuple) else "is no list"
            raise refuse(BAD_SHAPE, f"The group {what}.", pointer, hint="A group holds at least one row.")
        args: list[ir.Node] = []
        for i, part in enumerate(parts):
            node = self._bool(part, f"{pointer}/{i}", depth)
            args.extend(node.children() if type(node) is kind else (node,))
        return args[0] if len(args) == 1 else kind(BOOL, tuple(args))

    def _bool(self, data: Any, pointer: str, depth: int) -> ir.Node:
        node = self.part(data, pointer, depth + 1)
        if node.type != BOOL:
            raise refuse(
                BAD_SHAPE,
                f"This is of type {node.type}, not true or false.",
                pointer,
                hint="Compare it: a row or a text of CEL in a group is true or false.",
            )
        return node

    def _cel(self, text: Any, pointer: str) -> ir.Node:
        if not isinstance(text, str):
            raise refuse(BAD_SHAPE, f"{shown(text)} is no text of CEL.", pointer)
        try:
            return compile_condition(text, self.environment)
        except LanguageError as error:
            raise error.at(field=pointer) from error
