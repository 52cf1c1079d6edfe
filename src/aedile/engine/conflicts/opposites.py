"""Which two literals can never both be true, whatever their features are?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from aedile.engine.conflicts.points import COMPARISONS
from aedile.engine.conflicts.units import Literal
from aedile.language.ir import Call, Const, Node
from aedile.language.types import DOUBLE

#: Literals on one expression that are compared two by two.
_COMPARED = 200
_MIRRORED = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
#: Where the left side may lie to the right side: below, equal, above, or neither (one of them is NaN).
_RELATIONS = {"==": {"="}, "<": {"<"}, "<=": {"<", "="}, ">": {">"}, ">=": {">", "="}}
_ALL = {"<", "=", ">", "neither"}


def opposites(literals: Iterable[Literal]) -> Iterator[tuple[Literal, Literal]]:
    """Pairs of these literals of which at most one is ever true."""
    by_atom: dict[Node, list[Literal]] = {}
    by_side: dict[Node, list[Literal]] = {}
    for literal in dict.fromkeys(literals):
        by_atom.setdefault(literal[0], []).append(literal)
        atom = literal[0]
        if isinstance(atom, Call) and atom.function in COMPARISONS:
            by_side.setdefault(min(atom.args, key=_rank), []).append(literal)
    for both in by_atom.values():
        if len(both) == 2:
            yield both[0], both[1]
    for side, group in by_side.items():
        for one, other in combinations(group[:_COMPARED], 2):
            if one[0] != other[0] and _are_opposite(one, other, side):
                yield one, other


def _rank(node: Node) -> tuple[bool, str]:
    return isinstance(node, Const), repr(node)


def _are_opposite(one: Literal, other: Literal, side: Node) -> bool:
    (first, against), (second, instead) = _compared(one, side), _compared(other, side)
    if against == instead:
        return not first & second
    if not (isinstance(against, Const) and isinstance(instead, Const)) or "neither" in first & second:
        return False
    lows = [
        value.value if "<" not in relation else -math.inf for relation, value in ((first, against), (second, instead))
    ]
    highs = [
        value.value if ">" not in relation else math.inf for relation, value in ((first, against), (second, instead))
    ]
    return bool(_is_number(against) and _is_number(instead) and (lows[0] > highs[1] or lows[1] > highs[0]))


def _is_number(constant: Const) -> bool:
    value: Any = constant.value
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _compared(literal: Literal, side: Node) -> tuple[set[str], Node]:
    """How `side` may lie to the other side where the literal is true, and the other side."""
    atom, negated = literal
    assert isinstance(atom, Call)
    left, right = atom.args
    function, other = (atom.function, right) if left == side else (_MIRRORED[atom.function], left)
    relation = _RELATIONS[function]
    if negated:
        relation = _ALL - relation
        if DOUBLE not in (left.type, right.type):
            relation = relation - {"neither"}
    return relation, other
