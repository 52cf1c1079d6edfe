"""Which strategies can have anything to do with one of them?

What cannot is left out before anything is compiled, by signs that never err: scopes that do not meet, actions that
never conflict, and strategies that read a feature which the other knows nothing of, so that neither covers the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from aedile.engine.actions import Badge, Boost, Cap, Demote, Exclude, Exempt, Pin, Reserve, WindowCap
from aedile.engine.conflicts.units import needs_all_known
from aedile.engine.program import variants
from aedile.engine.strategy import ALL, Strategy
from aedile.language.ir import Call, Const, Feature, Has, Node, features_of
from aedile.language.normal import Clause, Literal, clauses
from aedile.language.schema import Schema
from aedile.language.types import BOOL, STRING

#: What does nothing to a candidate that is excluded. A refer does (people see what was held back), an exempt may.
LOST_ON_EXCLUDED = (Exclude, Demote, Boost, Pin, Cap, WindowCap, Reserve, Badge)
_GAINS = (Boost, Pin, Reserve)
_PLAIN = frozenset(("==", "in", "<", "<=", ">", ">="))
#: A constant below this has values above and below it in every ordered type.
_MODERATE = 1e17


def nearby(strategies: Sequence[Strategy], about: str, schema: Schema) -> list[Strategy]:
    """Of strategies that are not paused the one with the id `about`, and all that it may conflict with.

    Exempts on the same kind of candidate stay, for they may spare one of these from another. Empty where there is none
    of that id.
    """
    one = next((strategy for strategy in strategies if strategy.id == about), None)
    if one is None:
        return []
    screen = _Screen(one, schema)
    return [other for other in strategies if other is one or screen.lets_through(other)]


class _Screen:
    def __init__(self, one: Strategy, schema: Schema) -> None:
        self.one = one
        tied = {name for group in schema.dependencies for name in group} | {join.source for join in schema.joins}
        free = [spec for spec in schema.features.values() if spec.name not in tied]
        self.free = {spec.name for spec in free}
        self.may_miss = {spec.name for spec in free if spec.missing}

    def lets_through(self, other: Strategy) -> bool:
        one = self.one
        if other.applies_to != one.applies_to:
            return False
        if isinstance(other.action, Exempt):
            return True
        if other.id in one.overrides or one.id in other.overrides or not _scopes_meet(one, other):
            return False
        if _clash(one, other) or _clash(other, one):
            return True
        return any(self.may_cover(first, second) for first, second in _cover_questions(one, other))

    def may_cover(self, first: Strategy, second: Strategy) -> bool:
        """Whether the first may fire wherever the second does: it cannot where it needs more of features of which the
        second says nothing, for these can be anything."""
        unsaid = self.free - _asked_by(second).features
        return any(not demand.exceeds(unsaid, unsaid & self.may_miss) for demand in _asked_by(first).demands)


@dataclass(frozen=True, slots=True)
class _Demand:
    """What a condition asks for. needed: of each clause the features without which it is not true. common: features
    each of which alone, with some value, keeps every clause from being true."""

    needed: tuple[frozenset[str], ...]
    common: frozenset[str]

    def exceeds(self, unsaid: set[str], may_miss: set[str]) -> bool:
        """Whether features of which nothing is said can be so that no clause is true. may_miss: those that may be
        unknown, all at once."""
        return not self.common.isdisjoint(unsaid) or all(not names.isdisjoint(may_miss) for names in self.needed)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a strategy asks: the features it reads, and what it demands in each group of markets."""

    node: Node
    features: frozenset[str]
    demands: tuple[_Demand, ...]


#: Of strategies that are still around; the same ones are asked about with every letter that somebody types.
_KNOWN: WeakKeyDictionary[Strategy, _Asked] = WeakKeyDictionary()


def _asked_by(strategy: Strategy) -> _Asked:
    known = _KNOWN.get(strategy)
    if known is None or known.node is not strategy.node:
        demands = tuple(_demand(clauses(condition)) for _, condition in variants(strategy))
        known = _KNOWN[strategy] = _Asked(strategy.node, features_of(strategy.node), demands)
    return known


def _demand(wanted: Sequence[Clause]) -> _Demand:
    shared = set.intersection(*map(set, wanted)) if wanted else set()
    return _Demand(
        tuple(frozenset(_needed(clause)) for clause in wanted),
        frozenset(name for literal in shared if (name := _failing(literal)) is not None),
    )


def _needed(clause: Clause) -> Iterator[str]:
    for literal in clause:
        atom = literal.atom
        if not literal.negated if isinstance(atom, Has) else needs_all_known(atom):
            yield from features_of(atom)


def _failing(literal: Literal) -> str | None:
    """The feature that alone decides the literal, where some value of it beyond doubt makes it not true."""
    atom = literal.atom
    if isinstance(atom, Feature):
        return atom.name
    if not isinstance(atom, Call) or atom.function not in _PLAIN or len(atom.args) != 2:
        return None
    feature, constant = atom.args
    if not (isinstance(feature, Feature) and isinstance(constant, Const)):
        return None
    if feature.type == BOOL or feature.type.element is not None:
        return None
    if atom.function == "in":
        return feature.name if len(constant.value) > 0 else None
    if atom.function == "==" and constant.value == constant.value:
        return feature.name
    return feature.name if feature.type != STRING and abs(constant.value) < _MODERATE else None


def _scopes_meet(one: Strategy, other: Strategy) -> bool:
    for mine, yours in ((one.markets, other.markets), (one.channels, other.channels)):
        if mine != (ALL,) and yours != (ALL,) and set(mine).isdisjoint(yours):
            return False
    starts = [s.starts for s in (one, other) if s.starts is not None]
    ends = [s.expires for s in (one, other) if s.expires is not None]
    return not starts or not ends or max(starts) < min(ends)


def _clash(first: Strategy, second: Strategy) -> bool:
    if isinstance(first.action, Pin) and isinstance(second.action, Pin):
        return first.action.position == second.action.position
    return isinstance(first.action, Exclude) and isinstance(second.action, _GAINS)


def _cover_questions(one: Strategy, other: Strategy) -> Iterator[tuple[Strategy, Strategy]]:
    """The pairs that conflict if the first fires wherever the second does."""
    for first, second in ((one, other), (other, one)):
        same = first.action == second.action
        excludes = isinstance(first.action, Exclude) and isinstance(second.action, LOST_ON_EXCLUDED)
        exempts = isinstance(first.action, Exempt)
        caps = isinstance(first.action, Cap) and isinstance(second.action, Reserve)
        if same or excludes or exempts or caps:
            yield first, second
