"""Which literals can wait until everything else holds, and then cost one comparison?

`item.price > request.budget * 1.2` names an entity and the request. Once a request is here its right side is a number,
and the kernel compares the candidate's column with it. The same for `request.time - item.listed_at < duration("24h")`,
whose sides part exactly where the difference is one that has a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aedile.engine.kernel import TRUTHS
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.ir import Call, Const, Feature, Node, features_of, walk
from aedile.language.normal import canonical_atom
from aedile.language.types import (
    COMPUTED_DURATION_MAX,
    DOUBLE,
    DURATION,
    INT,
    INT_MAX,
    INT_MIN,
    STRING,
    TIMESTAMP,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
)

Values = Mapping[str, Any]
_MIRRORED = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class LateAtom:
    """`feature op value`, negated or not, in one clause; `value` is found from the request's features.

    `offset` microseconds are added to the value after it was found.
    """

    feature: Feature
    op: str
    value: Node
    offset: int = 0
    clause: int = -1
    negated: bool = False
    is_guard: bool = False

    def used_by(self, clause: int, negated: bool) -> LateAtom:
        """The atom in a clause; what guards another atom holds for its negation too."""
        return replace(self, clause=clause, negated=negated and not self.is_guard)

    @property
    def truth(self) -> int:
        """The comparison as the kernel reads it."""
        return TRUTHS[self.op] ^ (0b1111 if self.negated else 0)


def as_late(atom: Node, is_of_request: Callable[[str], bool]) -> tuple[LateAtom, ...]:
    """The atom as a late one, and what must hold for it to have a value; nothing where it has another shape."""
    atom, flipped = canonical_atom(atom)
    if flipped or not isinstance(atom, Call) or atom.function not in TRUTHS:
        return ()
    left, right = atom.args
    if isinstance(right, Const) and left.type == DURATION:
        return _difference(atom.function, left, int(right.value), is_of_request)
    for feature, value, op in ((left, right, atom.function), (right, left, _MIRRORED[atom.function])):
        names = features_of(value)
        if (
            isinstance(feature, Feature)
            and names
            and all(map(is_of_request, names))
            and not is_of_request(feature.name)
        ):
            comparable = feature.type == value.type and (
                feature.type in (INT, DOUBLE, TIMESTAMP, DURATION) or (feature.type == STRING and op == "==")
            )
            return (LateAtom(feature, op, value),) if comparable else ()
    return ()


def _difference(op: str, left: Node, right: int, is_of_request: Callable[[str], bool]) -> tuple[LateAtom, ...]:
    """`a - b op duration`, one of them the request's and the other an entity's timestamp."""
    if not (isinstance(left, Call) and left.function == "-" and all(arg.type == TIMESTAMP for arg in left.args)):
        return ()
    a, b = left.args
    if not (isinstance(a, Feature) and isinstance(b, Feature)):
        return ()
    if is_of_request(a.name) and not is_of_request(b.name):
        main = LateAtom(b, _MIRRORED[op], a, -right)  # r - e < d  is  e > r - d
    elif is_of_request(b.name) and not is_of_request(a.name):
        main = LateAtom(a, op, b, right)  # e - r < d  is  e < r + d
    else:
        return ()
    # A difference past the longest duration that can be computed is unknown, whatever it is compared with.
    least = LateAtom(main.feature, ">=", main.value, -COMPUTED_DURATION_MAX, is_guard=True)
    most = LateAtom(main.feature, "<=", main.value, COMPUTED_DURATION_MAX, is_guard=True)
    return main, least, most


def value_finder(node: Node) -> Callable[[Values], Any]:
    """A function from the request's feature values (None: unknown) to the expression's value, None where unknown.

    Features, constants, double arithmetic and shifted times become closures of a fraction of a microsecond; anything
    else goes through the evaluator.
    """
    if isinstance(node, Const):
        constant = node.value
        return lambda _: constant
    if isinstance(node, Feature):
        name = node.name
        return lambda values: values.get(name)
    if isinstance(node, Call) and node.function in _DOUBLE and all(arg.type == DOUBLE for arg in node.args):
        left, right = node.args
        return _binary(_DOUBLE[node.function], value_finder(left), value_finder(right))
    if isinstance(node, Call) and node.type == TIMESTAMP and node.function in ("+", "-"):
        moment, span = node.args
        if isinstance(span, Const) and span.type == DURATION:
            return _shifted(value_finder(moment), span.value if node.function == "+" else -span.value)
    return _evaluated(node)


def _shifted(moment: Callable[[Values], Any], by: int) -> Callable[[Values], Any]:
    def found(values: Values) -> Any:
        at = moment(values)
        return at + by if at is not None and TIMESTAMP_MIN <= at + by <= TIMESTAMP_MAX else None

    return found


_DOUBLE: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def _binary(
    apply: Callable[[float, float], float], left: Callable[[Values], Any], right: Callable[[Values], Any]
) -> Callable[[Values], Any]:
    def found(values: Values) -> Any:
        a, b = left(values), right(values)
        return None if a is None or b is None else apply(a, b)

    return found


def _evaluated(node: Node) -> Callable[[Values], Any]:
    types = {n.name: n.type for n in walk(node) if isinstance(n, Feature)}

    def found(values: Values) -> Any:
        table = Table({name: column_from_python(type_, [values.get(name)]) for name, type_ in types.items()}, 1)
        return evaluate(node, table).to_python()[0]

    return found


def clamp_to_int64(value: int) -> int:
    """An offset may lead outside 64 bits, where every timestamp compares alike with it."""
    return max(INT_MIN, min(INT_MAX, value))
