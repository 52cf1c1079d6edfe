"""When is a feature too old to be believed?

A feature with a declared freshness is unknown once request.time is later than its entity's `as_of` by more than that.
This is said in the condition itself, so that tables and every other way of deciding agree without knowing of it.
"""

from __future__ import annotations

from aedile.language.ir import (
    And,
    Call,
    Comprehension,
    Const,
    Feature,
    Has,
    ListOf,
    Node,
    Not,
    Or,
    Ternary,
    features_of,
    walk,
)
from aedile.language.schema import FeatureSpec, Schema
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type

_NO_INT = Call(INT, "/", (Const(INT, 1), Const(INT, 0)))


def with_freshness(condition: Node, schema: Schema) -> Node:
    """The condition where every stale feature is unknown, and `has` of it false."""
    if isinstance(condition, And | Or | Not):
        return condition.with_children(tuple(with_freshness(child, schema) for child in condition.children()))
    specs = [schema.features[name] for name in features_of(condition) if name in schema.features]
    limited = sorted((spec for spec in specs if spec.freshness), key=lambda spec: spec.name)
    if not limited:
        return condition
    if isinstance(condition, Has):
        return And(BOOL, (condition, *_fresh(limited[0])))
    if any(isinstance(node, And | Or | Not | Ternary | Comprehension | Has) for node in walk(condition)):
        return _inside(condition, {spec.name: spec for spec in limited})
    # Any unknown makes such an atom unknown: said outside the atom, it leaves the atom to the tables.
    fresh = tuple(dict.fromkeys(part for spec in limited for part in _fresh(spec)))
    return Or(BOOL, (And(BOOL, (*fresh, condition)), And(BOOL, (Not(BOOL, And(BOOL, fresh)), _unknown(BOOL)))))


def _inside(condition: Node, limited: dict[str, FeatureSpec]) -> Node:
    """Each stale feature replaced where it stands: parts that decide without it must still decide."""

    def change(node: Node) -> Node:
        if isinstance(node, Feature) and node.name in limited:
            return Ternary(node.type, And(BOOL, _fresh(limited[node.name])), node, _unknown(node.type))
        return node

    def change_has(node: Node) -> Node:
        if isinstance(node, Has):
            spec = limited.get(node.feature.name)
            return And(BOOL, (node, *_fresh(spec))) if spec is not None else node
        children = node.children()
        if not children:
            return change(node)
        return node.with_children(tuple(change_has(child) for child in children))

    return change_has(condition)


def _fresh(spec: FeatureSpec) -> tuple[Node, Node]:
    as_of = Feature(TIMESTAMP, f"{spec.kind}.as_of")
    oldest = Call(TIMESTAMP, "-", (Feature(TIMESTAMP, "request.time"), Const(DURATION, spec.freshness)))
    return Has(BOOL, as_of), Call(BOOL, ">=", (as_of, oldest))


def _unknown(type_: Type) -> Node:
    """An expression of the type that never has a value."""
    if type_ == BOOL:
        return Call(BOOL, "==", (_NO_INT, Const(INT, 1)))
    if type_ == INT:
        return _NO_INT
    if type_ in (DOUBLE, STRING, TIMESTAMP):
        return Call(type_, type_.name, (_NO_INT,))
    if type_ == DURATION:
        return Call(DURATION, "duration", (_unknown(STRING),))
    assert type_.element is not None
    return ListOf(type_, (_unknown(type_.element),))
