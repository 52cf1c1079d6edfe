"""How do the strategies for one kind of candidate become tables?

A strategy becomes clauses (one set for each distinct set of parameters), its scope and its canary being literals like
any other. Each atom goes to where its features are known:

- *catalogue* atoms speak of entities alone and are decided ahead of requests;
- *request* atoms speak of the request alone and are decided once a request;
- *sent* atoms speak of features that come with the candidate;
- *late* atoms compare one feature of the candidate with a value of the request, after everything else holds;
- *mixed* atoms are what is left: evaluated for the candidates of the request, all at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from aedile.engine.axes import Axis, Words, build_axes, features_read, words_for
from aedile.engine.axis_bits import pack_bits
from aedile.engine.blind import KEPT, blinded
from aedile.engine.draw import Draw
from aedile.engine.fresh import with_freshness
from aedile.engine.late import LateAtom, as_late
from aedile.engine.strategy import ALL, Strategy
from aedile.language.evaluation import fold
from aedile.language.ir import And, Call, Const, Feature, Node, Not, bind
from aedile.language.lists import Lists
from aedile.language.normal import Clause, clauses
from aedile.language.schema import BUILT_IN, REQUEST, Schema
from aedile.language.types import BOOL, STRING, TIMESTAMP, Type, list_of

MARKET = Feature(STRING, "request.market")
CHANNEL = Feature(STRING, "request.channel")
TIME = Feature(TIMESTAMP, "request.time")


class Side(Enum):
    """Where a feature's value comes from, for a candidate of one kind."""

    CATALOGUE = "catalogue"
    REQUEST = "request"
    SENT = "sent"


def side_of(name: str, schema: Schema) -> Side:
    """`request.*` and `query.*` are the request's; of the others, declaration says whether they are sent along."""
    kind = name.partition(".")[0]
    if name in BUILT_IN or kind in (REQUEST, "query"):
        return Side.REQUEST
    spec = schema.features.get(name)
    return Side.SENT if spec is not None and spec.source == "request" else Side.CATALOGUE


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Compiled strategies of one kind; clause c belongs to strategies[clause_strategy[c]].

    with_catalogue: clauses with a catalogue atom, found through posting lists. bound_sent: those of them that have a
    sent or mixed atom too; with_sent: those of the others that have one. alive: without clauses that can never be true.
    """

    kind: str
    strategies: tuple[Strategy, ...]
    words: int
    clause_strategy: npt.NDArray[np.int32]
    alive: Words
    with_catalogue: Words
    with_sent: Words
    bound_sent: Words
    catalogue_axes: tuple[Axis, ...]
    request_axes: tuple[Axis, ...]
    sent_axes: tuple[Axis, ...]
    mixed_axes: tuple[Axis, ...]
    late_axes: tuple[Axis, ...]
    late: tuple[LateAtom, ...]
    types: Mapping[str, Type]

    @property
    def clause_count(self) -> int:
        return len(self.clause_strategy)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Every axis; together they decide every clause in full."""
        return self.catalogue_axes + self.request_axes + self.sent_axes + self.mixed_axes + self.late_axes


def condition_in_market(strategy: Strategy, market: str) -> Node:
    """The strategy's condition with the market's parameters put in, folded."""
    return fold(bind(strategy.node, strategy.params_for(market)))


def variants(strategy: Strategy) -> list[tuple[Node | None, Node]]:
    """The strategy's conditions by market: (atom that says which markets, None for all; condition)."""
    overriding = [market for market in strategy.params if market != "default"]
    if strategy.markets == (ALL,):
        rest = Not(BOOL, _among(MARKET, overriding)) if overriding else None
        others: list[tuple[Node | None, Node]] = [(rest, condition_in_market(strategy, "default"))]
    else:
        plain = [market for market in strategy.markets if market not in overriding]
        overriding = [market for market in overriding if market in strategy.markets]
        others = [(_among(MARKET, plain), condition_in_market(strategy, "default"))] if plain else []
    grouped: dict[Node, list[str]] = {}
    for market in overriding:
        grouped.setdefault(condition_in_market(strategy, market), []).append(market)
    return [*others, *((_among(MARKET, markets), condition) for condition, markets in grouped.items())]


def _among(feature: Feature, values: Sequence[str]) -> Node:
    return Call(BOOL, "in", (feature, Const(list_of(STRING), tuple(values))))


def scope(strategy: Strategy) -> Iterable[Node]:
    """Channels, times and canary as conditions; markets stand in `variants`."""
    if strategy.channels != (ALL,):
        yield _among(CHANNEL, strategy.channels)
    if strategy.starts is not None:
        yield Call(BOOL, ">=", (TIME, Const(TIMESTAMP, strategy.starts)))
    if strategy.expires is not None:
        yield Call(BOOL, "<", (TIME, Const(TIMESTAMP, strategy.expires)))
    if strategy.stage == "canary" and strategy.canary is not None:
        unit = strategy.canary.unit
        name = f"request.{'id' if unit == 'request' else unit}" if unit in ("request", "shopper") else f"{unit}.id"
        yield Draw(BOOL, Feature(STRING, name), strategy.id, strategy.canary.share)


def full_conditions(strategy: Strategy, schema: Schema) -> list[Node]:
    """All there is to say about when the strategy fires, one condition for each variant: scope and condition."""
    limits = tuple(scope(strategy))
    parts = [(*([markets] if markets else []), *limits, with_freshness(c, schema)) for markets, c in variants(strategy)]
    return [part[0] if len(part) == 1 else And(BOOL, part) for part in parts]


def compile_program(
    kind: str, strategies: Sequence[Strategy], schema: Schema, lists: Lists, *, is_blinded: bool = False
) -> Program:
    """Tables for the strategies that apply to one kind of candidate; paused ones must have been left out.

    is_blinded: literals that read the shopper's id are not decided, but read as features (`engine/blind.py`).
    """
    owners: list[int] = []
    alive: list[bool] = []
    uses: dict[Node, list[tuple[int, bool]]] = {}
    for number, strategy in enumerate(strategies):
        for wanted in _wanted(strategy, schema, is_blinded=is_blinded):
            for clause in wanted:
                seen = {(literal.atom, literal.negated) for literal in clause}
                alive.append(not any((atom, not negated) in seen for atom, negated in seen))
                for literal in clause:
                    uses.setdefault(literal.atom, []).append((len(owners), literal.negated))
                owners.append(number)
    return _assemble(kind, tuple(strategies), owners, alive, uses, schema, lists)


#: Of strategies that are still around, what was found for the schema they were last compiled with.
_KNOWN: WeakKeyDictionary[Strategy, tuple[Schema, list[tuple[Clause, ...]]]] = WeakKeyDictionary()


def _wanted(strategy: Strategy, schema: Schema, *, is_blinded: bool) -> list[tuple[Clause, ...]]:
    """The clauses of each variant. Whoever compiles a thousand strategies again, with one that is new, waits for it
    half as long if those of the others are remembered."""
    if is_blinded:
        return [clauses(blinded(condition)) for condition in full_conditions(strategy, schema)]
    known = _KNOWN.get(strategy)
    if known is None or known[0] is not schema:
        known = _KNOWN[strategy] = (schema, [clauses(condition) for condition in full_conditions(strategy, schema)])
    return known[1]


def _assemble(
    kind: str,
    strategies: tuple[Strategy, ...],
    owners: list[int],
    alive: list[bool],
    uses: dict[Node, list[tuple[int, bool]]],
    schema: Schema,
    lists: Lists,
) -> Program:
    kept = {name: BOOL for atom in uses for name in features_read(atom, lists) if name.startswith(KEPT)}
    types = dict(schema.visible_for(kind)) | as_of_types(schema) | kept
    words = words_for(len(owners))
    parted: dict[str, dict[Node, list[tuple[int, bool]]]] = {}
    late: list[LateAtom] = []
    for atom, used in uses.items():
        place = _place(atom, schema, lists)
        if place == "mixed":
            found = as_late(atom, lambda name: side_of(name, schema) is Side.REQUEST)
            if found:
                place = "late"
                late.extend(one.used_by(clause, negated) for clause, negated in used for one in found)
        parted.setdefault(place, {})[atom] = used

    def axes(place: str) -> tuple[Axis, ...]:
        return tuple(build_axes(parted.get(place, {}), types, words, lists))

    with_catalogue = _clauses_of(parted.get("catalogue", {}), words)
    sent = _clauses_of(parted.get("sent", {}), words) | _clauses_of(parted.get("mixed", {}), words)
    return Program(
        kind=kind,
        strategies=strategies,
        words=words,
        clause_strategy=np.array(owners, np.int32),
        alive=pack_bits(np.flatnonzero(alive), words),
        with_catalogue=with_catalogue,
        with_sent=sent & ~with_catalogue,
        bound_sent=sent & with_catalogue,
        catalogue_axes=axes("catalogue"),
        request_axes=axes("request"),
        sent_axes=axes("sent"),
        mixed_axes=axes("mixed"),
        late_axes=axes("late"),
        late=tuple(late),
        types=types,
    )


def _place(atom: Node, schema: Schema, lists: Lists) -> str:
    sides = {side_of(name, schema) for name in features_read(atom, lists)}
    if sides <= {Side.REQUEST}:
        return "request"
    if Side.REQUEST in sides:
        return "mixed"
    return "catalogue" if sides == {Side.CATALOGUE} else "sent"


def as_of_types(schema: Schema) -> dict[str, Type]:
    """`<kind>.as_of`, when an entity's features were last true: no condition may name it, freshness does."""
    return {f"{kind}.as_of": TIMESTAMP for kind in schema.kinds}


def _clauses_of(uses: Mapping[Node, list[tuple[int, bool]]], words: int) -> Words:
    return pack_bits({clause for used in uses.values() for clause, _ in used}, words)
