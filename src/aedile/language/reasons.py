"""Why is a value unknown?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aedile.errors import define
from aedile.language import ir
from aedile.language.columns import Column, Rows
from aedile.language.interpret import column_of, enter, free_variables
from aedile.language.lists import Lists
from aedile.language.scope import AnyScope, Scope
from aedile.language.types import DURATION, INT, STRING, TIMESTAMP

MISSING = define("AED-LANG-050", "A feature has no value.", "item.price > 10 where item.price is missing")
ZERO_DIVISOR = define("AED-LANG-051", "An int is divided by zero.", "item.sold / item.views where item.views is 0")
OVERFLOW = define("AED-LANG-052", "An int leaves 64 bits.", "9223372036854775807 + item.stock")
CONVERSION = define("AED-LANG-053", "A value cannot be converted.", 'int("twelve")')
INDEX = define("AED-LANG-054", "A list has no element at the index.", "item.tags[3] of a list of two")
TIME_RANGE = define(
    "AED-LANG-055", "A timestamp or duration leaves its range.", 'timestamp("9999-12-31T23:59:59Z") + duration("1s")'
)
ZONE = define("AED-LANG-056", "There is no such time zone.", 'request.time.getHours("Mars/Olympus")')
OTHER = define("AED-LANG-057", "A function has no value for these arguments.", 'bucket(item.id, "salt", 0)')

Reason = tuple[str, tuple[str, ...]]
#: For each variable of an enclosing comprehension the features its values come from.
Origins = Mapping[str, frozenset[str]]

#: As in `evaluate`; for one row it is never reached.
_MOST_ELEMENTS = 2**27


def why_unknown(node: ir.Node, rows: Rows, lists: Lists) -> Reason:
    """The deepest cause for which the expression is unknown at the one row: a code and the features concerned.

    AED-LANG-050 with the names of all missing features that matter, sorted; where none is missing, the code of the
    first call that fails, with the features it is computed from. Raises ValueError where the value is known.
    """
    scope = Scope(rows, lists, _MOST_ELEMENTS)
    with np.errstate(all="ignore"):
        if not _unknown(column_of(node, scope)):
            raise ValueError("the value is known")
        return _reason(node, scope, {})


def _unknown(column: Column) -> bool:
    return not column.known[0]


def _reason(node: ir.Node, scope: AnyScope, origins: Origins) -> Reason:
    if isinstance(node, ir.Feature):
        return MISSING.name, (node.name,)
    if isinstance(node, ir.Ternary):
        condition = column_of(node.condition, scope)
        if _unknown(condition):
            return _reason(node.condition, scope, origins)
        return _reason(node.then if condition.values[0] else node.otherwise, scope, origins)
    if isinstance(node, ir.Comprehension):
        if _unknown(column_of(node.source, scope)):
            return _reason(node.source, scope, origins)
        return _reason_inside(node, scope, origins)
    causes = [_reason(child, scope, origins) for child in node.children() if _unknown(column_of(child, scope))]
    if causes:
        return _deepest(causes)
    if isinstance(node, ir.InList):
        return MISSING.name, ("request.time",)
    assert isinstance(node, ir.Call)
    return _failure(node, scope), tuple(sorted(_behind(node, origins)))


def _behind(node: ir.Node, origins: Origins) -> frozenset[str]:
    """The features an expression is computed from, those behind its variables included."""
    return ir.features_of(node).union(*(origins[name] for name in free_variables(node)))


def _reason_inside(node: ir.Comprehension, scope: AnyScope, origins: Origins) -> Reason:
    """The reason at the first element whose body is unknown."""
    _, inside = enter(node, scope)
    body = column_of(node.body, inside)
    first = int(np.flatnonzero(~body.known)[0])
    return _reason(node.body, inside.at(first), {**origins, node.variable: _behind(node.source, origins)})


def _deepest(causes: list[Reason]) -> Reason:
    missing = {name for code, names in causes if code == MISSING.name for name in names}
    return (MISSING.name, tuple(sorted(missing))) if missing else causes[0]


def _failure(node: ir.Call, scope: AnyScope) -> str:
    """The code of a call that fails although all its arguments are known."""
    function, types = node.function, [arg.type for arg in node.args]
    if TIMESTAMP in types or DURATION in types or (function == "timestamp" and types == [INT]):
        return (ZONE if STRING in types else TIME_RANGE).name
    if function in ("/", "%"):
        return (OVERFLOW if column_of(node.args[1], scope).values[0] else ZERO_DIVISOR).name
    return _FAILURES.get(function, OTHER).name


_FAILURES = {
    **dict.fromkeys(("+", "-", "*", "neg"), OVERFLOW),
    **dict.fromkeys(("int", "double", "bool", "timestamp", "duration"), CONVERSION),
    "[]": INDEX,
}
