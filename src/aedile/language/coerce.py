"""Which type does a constant take where its own is open? `[]` fits any list, a constant int a double that equals it."""

from __future__ import annotations

from typing import Any

from aedile.language import ir
from aedile.language.functions import join
from aedile.language.types import DOUBLE, INT, NOTHING, Type, list_of


def is_exact(value: int) -> bool:
    return int(float(value)) == value


def compare_exactly(args: list[ir.Node]) -> None:
    """Make a constant int a double where it is compared with doubles and one equals it: the comparison stays exact."""
    for i, other in ((0, args[-1]), (1, args[0])):
        arg = args[i]
        if isinstance(arg, ir.Const) and _leaf(arg.type) == INT and _leaf(other.type) == DOUBLE:
            doubled = _doubled(arg.value)
            if doubled is not None:
                args[i] = ir.Const(_with_leaf(arg.type, DOUBLE), doubled, span=arg.span)


def _doubled(value: Any) -> Any:
    if isinstance(value, tuple):
        items = tuple(_doubled(item) for item in value)
        return items if None not in items else None
    return float(value) if is_exact(value) else None


def _leaf(type_: Type) -> Type:
    while type_.element is not None:
        type_ = type_.element
    return type_


def _with_leaf(type_: Type, leaf: Type) -> Type:
    return leaf if type_.element is None else list_of(_with_leaf(type_.element, leaf))


def principal(type_: Type, value: Any) -> Type:
    """The type the list's literal would have: one without elements is a list of nothing."""
    if type_.element is None:
        return type_
    element = NOTHING
    for item in value:
        element = join(element, principal(type_.element, item)) or type_.element
    return list_of(element)


def coerce(node: ir.Node, wanted: Type) -> ir.Node:
    """The node, whose type fits, with `nothing` in its type settled."""
    if node.type == wanted or NOTHING in (wanted, _leaf(wanted)) or _leaf(node.type) != NOTHING:
        return node
    if isinstance(node, ir.Const):
        return ir.Const(wanted, node.value, span=node.span)
    if isinstance(node, ir.Ternary):
        return ir.Ternary(
            wanted, node.condition, coerce(node.then, wanted), coerce(node.otherwise, wanted), span=node.span
        )
    if isinstance(node, ir.ListOf):
        assert wanted.element is not None
        return ir.ListOf(wanted, tuple(coerce(item, wanted.element) for item in node.items), span=node.span)
    if isinstance(node, ir.Call) and node.function == "+":
        return ir.Call(wanted, "+", tuple(coerce(arg, wanted) for arg in node.args), span=node.span)
    return node
