"""What is each node of an expression worth at each row?

One function a kind of node, each giving a `Column` as long as the rows or, for what is the same everywhere, of
length 1. `And`, `Or`, `exists`, `all` and `Ternary` decide over unknown values as Kleene logic does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from aedile.errors import LanguageError
from aedile.language import arithmetic, comparison, conversions, ir, sequences, shapes, strings, times
from aedile.language.columns import Bools, Column, unknown_column
from aedile.language.list_lines import NEVER
from aedile.language.lists import ABSENT
from aedile.language.scope import TOO_MUCH_WORK, UNBOUND_PARAMETER, AnyScope, Inside
from aedile.language.types import NOTHING, STRING

Function = Callable[..., Column]

FUNCTIONS: dict[str, Function] = {
    "==": comparison.equals,
    "!=": comparison.differs,
    **{symbol: comparison.ordering(symbol) for symbol in ("<", "<=", ">", ">=")},
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "%": arithmetic.modulo,
    "neg": arithmetic.negate,
    "in": sequences.contains,
    "[]": sequences.element,
    "size": sequences.size,
    "startsWith": strings.starts_with,
    "endsWith": strings.ends_with,
    "contains": strings.contains,
    "matches": strings.matches,
    "lowerAscii": strings.lower_ascii,
    "normalized": strings.normalized,
    "bucket": strings.bucket,
    "int": conversions.to_int,
    "double": conversions.to_double,
    "string": conversions.to_string,
    "bool": conversions.to_bool,
    "timestamp": conversions.to_timestamp,
    "duration": conversions.to_duration,
    **{name: times.getter(name) for name in times.GETTERS},
}


def column_of(node: ir.Node, scope: AnyScope) -> Column:
    """The values of the expression; raises LanguageError for a list or parameter that was not given."""
    return _HANDLERS[type(node)](node, scope)


def _const(node: ir.Const, _scope: AnyScope) -> Column:
    return shapes.constant(node)


def _feature(node: ir.Feature, scope: AnyScope) -> Column:
    return scope.column(node.name)


def _param(node: ir.Param, _scope: AnyScope) -> Column:
    raise LanguageError(UNBOUND_PARAMETER, f"param.{node.name} has no value here", fix=f"give params {node.name}: …")


def _variable(node: ir.Variable, scope: AnyScope) -> Column:
    return scope.variable(node.name)


def _call(node: ir.Call, scope: AnyScope) -> Column:
    args = [column_of(arg, scope) for arg in node.args]
    for arg in args:
        if arg.type.name == NOTHING.name:  # an element of an empty list: there is none
            return unknown_column(node.type, shapes.common_length(args))
    return FUNCTIONS[node.function](*args)


def _in_list(node: ir.InList, scope: AnyScope) -> Column:
    """What does not expire, or is not listed, needs no time to be judged."""
    named, value = scope.named_list(node.list_name), shapes.compact(column_of(node.value, scope))
    expiries = shapes.gather(named.expiries(value.dictionary), value.values)
    if not named.has_expiry:
        return shapes.bools(value.known, expiries == NEVER)
    time = scope.column("request.time")
    timeless = (expiries == NEVER) | (expiries == ABSENT)
    return shapes.bools(value.known & (time.known | timeless), (expiries == NEVER) | (time.values < expiries))


def _list_of(node: ir.ListOf, scope: AnyScope) -> Column:
    """As in CEL, a list with an unknown element is unknown as a whole."""
    assert node.type.element is not None
    columns = [column_of(item, scope) for item in node.items]
    length = shapes.common_length(columns)
    return sequences.interleave([shapes.broadcast(column, length) for column in columns], node.type.element)


def _has(node: ir.Has, scope: AnyScope) -> Column:
    known = scope.column(node.feature.name).known
    return shapes.bools(np.ones(len(known), np.bool_), known)


def _not(node: ir.Not, scope: AnyScope) -> Column:
    column = column_of(node.arg, scope)
    return shapes.bools(column.known, ~column.values)


def _and(node: ir.And, scope: AnyScope) -> Column:
    known, no = _decide(node.args, scope, opposite=True)
    return shapes.bools(known, ~no)


def _or(node: ir.Or, scope: AnyScope) -> Column:
    known, yes = _decide(node.args, scope, opposite=False)
    return shapes.bools(known, yes)


def _decide(args: tuple[ir.Node, ...], scope: AnyScope, *, opposite: bool) -> tuple[Bools, Bools]:
    """Where the whole is known, and where some argument decides it: a true one, or a false one if `opposite`."""
    all_known: Bools | None = None
    decided: Bools | None = None
    for arg in args:
        column = column_of(arg, scope)
        here = column.known & (~column.values if opposite else column.values)
        decided = here if decided is None else decided | here
        all_known = column.known if all_known is None else all_known & column.known
    assert all_known is not None
    assert decided is not None
    return all_known | decided, decided


def _ternary(node: ir.Ternary, scope: AnyScope) -> Column:
    condition = column_of(node.condition, scope)
    if len(condition) == 1 and condition.known[0]:
        taken = node.then if condition.values[0] else node.otherwise
        return sequences.as_type(column_of(taken, scope), node.type)
    then = sequences.as_type(column_of(node.then, scope), node.type)
    otherwise = sequences.as_type(column_of(node.otherwise, scope), node.type)
    known = condition.known & np.where(condition.values, then.known, otherwise.known)
    if node.type.element is not None:
        length = shapes.common_length([condition, then, otherwise])
        both = shapes.concat([shapes.broadcast(then, length), shapes.broadcast(otherwise, length)], node.type)
        rows = np.arange(length)
        return both.take(np.where(known, np.where(condition.values, rows, rows + length), -1))
    if node.type == STRING:
        (x, y), dictionary = shapes.share_dictionary([then, otherwise])
        return Column(node.type, known, np.where(condition.values, x, y), dictionary)
    return Column(node.type, known, np.where(condition.values, then.values, otherwise.values))


def _comprehension(node: ir.Comprehension, scope: AnyScope) -> Column:
    source, inside = enter(node, scope)
    offsets, items = shapes.flatten(source)
    body = shapes.broadcast(column_of(node.body, inside), len(items))
    unsure = comparison.count_in(~body.known, offsets) > 0
    if node.kind == "map":
        return Column(node.type, source.known & ~unsure, np.zeros(0), None, offsets, body)
    chosen = body.known & body.values
    if node.kind == "all":
        denied = comparison.count_in(body.known & ~body.values, offsets) > 0
        return shapes.bools(source.known & (denied | ~unsure), ~denied)
    counts = comparison.count_in(chosen, offsets)
    if node.kind == "exists":
        return shapes.bools(source.known & ((counts > 0) | ~unsure), counts > 0)
    if node.kind == "exists_one":
        return shapes.bools(source.known & ~unsure, counts == 1)
    kept = items.take(np.flatnonzero(chosen))
    return Column(node.type, source.known & ~unsure, np.zeros(0), None, shapes.offsets_of(counts), kept)


def enter(node: ir.Comprehension, scope: AnyScope) -> tuple[Column, Inside]:
    """The source of a comprehension, and the scope of its body: one row for each element."""
    source = column_of(node.source, scope)
    if len(source) == 1 and scope.length != 1 and _varies(node, scope):
        # As many elements as these would come of it: count before making them.
        _check_work(len(shapes.flatten(source)[1]) * scope.length, node, scope)
        source = shapes.broadcast(source, scope.length)
    offsets, items = shapes.flatten(source)
    _check_work(len(items), node, scope)
    return source, Inside(scope, node.variable, items, sequences.parents_of(offsets))


def _varies(node: ir.Comprehension, scope: AnyScope) -> bool:
    features, variables, lists = _outer_names(node)
    if any(scope.named_list(name).has_expiry for name in lists):
        features |= {"request.time"}
    return any(len(scope.variable(name)) != 1 for name in variables) or any(
        len(scope.column(name)) != 1 for name in features
    )


@lru_cache(maxsize=4096)
def _outer_names(node: ir.Comprehension) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The features, the outer variables and the named lists that the body of a comprehension reads."""
    lists = frozenset(n.list_name for n in ir.walk(node.body) if isinstance(n, ir.InList))
    return ir.features_of(node.body), free_variables(node.body) - {node.variable}, lists


def free_variables(node: ir.Node) -> frozenset[str]:
    """The variables an expression reads that no comprehension inside it binds."""
    if isinstance(node, ir.Variable):
        return frozenset((node.name,))
    if isinstance(node, ir.Comprehension):
        return free_variables(node.source) | (free_variables(node.body) - {node.variable})
    return frozenset(name for child in node.children() for name in free_variables(child))


def _check_work(elements: int, node: ir.Comprehension, scope: AnyScope) -> None:
    if elements > scope.most_elements:
        raise LanguageError(
            TOO_MUCH_WORK,
            f"{node.kind}({node.variable}, …) would visit {elements:,} elements; the most is {scope.most_elements:,}",
            hint="comprehensions inside one another multiply",
            fix="test one list at a time, or fewer rows at once",
        )


_HANDLERS: dict[type[ir.Node], Callable[[Any, AnyScope], Column]] = {
    ir.Const: _const,
    ir.Feature: _feature,
    ir.Param: _param,
    ir.Variable: _variable,
    ir.Call: _call,
    ir.InList: _in_list,
    ir.ListOf: _list_of,
    ir.Has: _has,
    ir.And: _and,
    ir.Or: _or,
    ir.Not: _not,
    ir.Ternary: _ternary,
    ir.Comprehension: _comprehension,
}
