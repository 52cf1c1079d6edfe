"""When is a feature too old to be believed?

A feature with a declared freshness is unknown once request.time is later than its entity's `as_of` by more than that.
This is said in the condition itself, so that tables, SQL-like scans and explanations agree without knowing of it.
"""

from __future__ import annotations

from aedile.language.ir import And, Call, Const, Feature, Has, Node, Not, Or, Ternary, features_of
from aedile.language.schema import Schema
from aedile.language.types import BOOL, DURATION, INT, TIMESTAMP

#: A bool that is unknown: no feature, no value.
UNKNOWN = Call(BOOL, "==", (Call(INT, "/", (Const(INT, 1), Const(INT, 0))), Const(INT, 1)))


def with_freshness(condition: Node, schema: Schema) -> Node:
    """The condition where each atom on a stale feature is unknown, and `has` of a stale feature false."""
    if isinstance(condition, And | Or | Not | Ternary):
        return condition.with_children(tuple(with_freshness(child, schema) for child in condition.children()))
    limits = {spec for name in features_of(condition) if (spec := schema.features.get(name)) and spec.freshness}
    if not limits:
        return condition
    fresh_parts = tuple(
        part
        for spec in sorted(limits, key=lambda spec: spec.name)
        for part in _fresh(f"{spec.kind}.as_of", spec.freshness or 0)
    )
    fresh = And(BOOL, tuple(dict.fromkeys(fresh_parts)))
    if isinstance(condition, Has):
        return And(BOOL, (condition, *fresh.args))
    if any(isinstance(child, Has) for child in condition.children()):
        return Ternary(condition.type, fresh, condition, UNKNOWN)
    return Or(BOOL, (And(BOOL, (*fresh.args, condition)), And(BOOL, (Not(BOOL, fresh), UNKNOWN))))


def _fresh(as_of: str, freshness: int) -> tuple[Node, Node]:
    feature = Feature(TIMESTAMP, as_of)
    age = Call(DURATION, "-", (Feature(TIMESTAMP, "request.time"), feature))
    return Has(BOOL, feature), Call(BOOL, "<=", (age, Const(DURATION, freshness)))
