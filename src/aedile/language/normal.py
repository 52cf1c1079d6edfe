"""Which literals, in which combinations, make a condition true?

Negation is brought to the literals and the rest into clauses: the condition is an Or of Ands of literals. Distribution
and De Morgan hold in Kleene logic, so that true, false *and* unknown are kept, not only true.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

from aedile.language.ir import And, Call, Const, Node, Not, Or, Ternary, features_of
from aedile.language.types import BOOL

#: Past so many clauses the parts of a condition are kept whole, each as one literal over all its features.
CLAUSE_LIMIT = 64

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Literal:
    """One atom of a condition, or its negation. The atom is a bool expression without Not on top, and without And and
    Or but where it stands for a part with too many clauses."""

    atom: Node
    negated: bool = False

    def as_node(self) -> Node:
        return Not(BOOL, self.atom) if self.negated else self.atom


Clause = tuple[Literal, ...]


def clauses(condition: Node, limit: int = CLAUSE_LIMIT) -> tuple[Clause, ...]:
    """The condition as clauses: it is true where all literals of at least one clause are true.

    No clause at all means false; a clause without literals means true. A clause that holds an atom and its negation
    is never true and may be unknown: it is kept. There are at most `limit` clauses: parts of the condition that would
    make more of them become one literal each.
    """
    return tuple(dict.fromkeys(_clauses(condition, False, limit)))


def _clauses(node: Node, negated: bool, limit: int) -> list[Clause]:
    if isinstance(node, Not):
        return _clauses(node.arg, not negated, limit)
    if isinstance(node, Const):
        return [()] if bool(node.value) != negated else []
    if isinstance(node, Ternary) and len(features_of(node)) > 1:
        return _clauses(_decided(node), negated, limit)
    if isinstance(node, And | Or):
        parts = [_clauses(arg, negated, limit) for arg in node.args]
        if isinstance(node, Or) != negated:
            union = [clause for part in parts for clause in part]
            return union if len(union) <= limit else _whole(node, negated)
        if prod(map(len, parts)) > limit:
            parts = [p if len(p) < 2 else _whole(arg, negated) for p, arg in zip(parts, node.args, strict=True)]
        return [tuple(dict.fromkeys(literal for clause in choice for literal in clause)) for choice in product(*parts)]
    atom, flipped = canonical_atom(node)
    return [(Literal(atom, negated != flipped),)]


def _whole(node: Node, negated: bool) -> list[Clause]:
    while isinstance(node, Not):
        node, negated = node.arg, not negated
    return [(Literal(node, negated),)]


def _decided(node: Ternary) -> Node:
    # c && !c is unknown exactly where c is, and false elsewhere: it carries the ternary's "unknown condition, unknown
    # result", which (c && a) || (!c && b) alone would lose where a and b agree.
    c, not_c = node.condition, Not(BOOL, node.condition)
    return Or(BOOL, (And(BOOL, (c, node.then)), And(BOOL, (not_c, node.otherwise)), And(BOOL, (c, not_c))))


def canonical_atom(node: Node) -> tuple[Node, bool]:
    """One spelling for atoms that mean the same, and whether it is the negation of what was given.

    A constant stands right of a comparison, and `a != b` is the negation of `a == b`.
    """
    if not isinstance(node, Call) or node.function not in _MIRRORED:
        return node, False
    function, (left, right) = node.function, node.args
    if isinstance(left, Const) and not isinstance(right, Const):
        function, left, right = _MIRRORED[function], right, left
    flipped = function == "!="
    if flipped:
        function = "=="
    if function == node.function and left is node.args[0]:
        return node, False
    return Call(BOOL, function, (left, right), span=node.span), flipped
