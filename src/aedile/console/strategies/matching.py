"""For which entities of the catalogue would a strategy fire, and for which is that not known?

Decided by the tables that a release is made of, as of now. What only a request can tell (what was typed, who asks, what
is sent along) is left open: an entity that fires for some requests counts as firing, and the features left open are
told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from aedile.engine import kernel
from aedile.engine.axes import build_axes, features_read, words_for
from aedile.engine.axis_bits import Words, pack_bits
from aedile.engine.catalogue import EntityRows, Store
from aedile.engine.fresh import with_freshness
from aedile.engine.program import Side, as_of_types, condition_in_market, side_of
from aedile.engine.strategy import ALL, Strategy
from aedile.language.columns import Column, column_from_python
from aedile.language.ir import Node, features_of
from aedile.language.lists import Lists
from aedile.language.normal import Clause, clauses
from aedile.language.schema import Schema
from aedile.language.types import TIMESTAMP

Bools = npt.NDArray[np.bool_]

#: Stands for every market that has no parameters of its own.
OTHERS = "*"
_TIME = "request.time"


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """The markets in which one set of parameters holds, and the entities the strategy fires for there, bool (n,).

    unknown: those for which it is neither true nor false.
    """

    markets: tuple[str, ...]
    fires: Bools
    unknown: Bools

    @property
    def count(self) -> int:
        return int(self.fires.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What a strategy fires for among `total` entities of its kind.

    packs: one for each set of parameters. fires, unknown: in some market, bool (n,) over the catalogue's rows.
    reads: the features of the catalogue that the condition asks. open: those that only a request can tell.
    unknown_by: of how many entities each feature in `reads` is not known, or too old.
    """

    kind: str
    total: int
    packs: tuple[Pack, ...]
    fires: Bools
    unknown: Bools
    reads: tuple[str, ...]
    open: tuple[str, ...]
    unknown_by: Mapping[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return int(self.fires.sum())

    @property
    def unknown_count(self) -> int:
        return int(self.unknown.sum())

    @property
    def unknown_share(self) -> float | None:
        return self.unknown_count / self.total if self.total else None

    @property
    def unknown_shares(self) -> list[tuple[str, float]]:
        """The features that are not known of every entity, with the share of which they are not, the largest first."""
        shares = [(name, count / self.total) for name, count in self.unknown_by.items() if count]
        return sorted(shares, key=lambda one: -one[1])

    @property
    def share(self) -> float | None:
        """Of all entities of the kind; None where there is none."""
        return self.count / self.total if self.total else None


def find_matches(strategy: Strategy, store: Store, schema: Schema, lists: Lists, now: int, present: Bools) -> Matches:
    """What the strategy fires for at a moment (microseconds since 1970). present: rows that hold an entity.

    lists: those it uses. Its channels, times and canary are left out: they are said, not found.
    """
    rows = _Now(EntityRows(store, strategy.applies_to, None), now)
    conditions = _conditions(strategy)
    decided = _decide(list(conditions), strategy.applies_to, schema, lists, rows, present)
    packs = [Pack(tuple(markets), *found) for markets, found in zip(conditions.values(), decided, strict=True)]
    fires = np.logical_or.reduce([pack.fires for pack in packs])
    unknown = np.logical_or.reduce([pack.unknown for pack in packs]) & ~fires
    features = sorted(features_of(strategy.node))
    reads = tuple(features_asked(strategy, schema))
    return Matches(
        strategy.applies_to,
        int(present.sum()),
        tuple(packs),
        fires,
        unknown,
        reads,
        tuple(name for name in features if name not in reads and name != _TIME),
        {name: int((present & ~known_now(name, rows, schema, now)).sum()) for name in reads},
    )


def features_asked(strategy: Strategy, schema: Schema) -> list[str]:
    """The features of the catalogue that the condition reads, by name."""
    return [name for name in sorted(features_of(strategy.node)) if side_of(name, schema) is Side.CATALOGUE]


def known_now(name: str, rows: EntityRows | _Now, schema: Schema, now: int) -> Bools:
    """Where a feature has a value that is not too old."""
    known = _spread(rows.column(name).known, rows.length)
    spec = schema.features.get(name)
    if spec is not None and spec.freshness is not None:
        as_of = rows.column(f"{spec.kind}.as_of")
        known = known & as_of.known & (as_of.values >= now - spec.freshness)
    return known


def _conditions(strategy: Strategy) -> dict[Node, list[str]]:
    """The condition with each set of parameters, and its markets."""
    named = [market for market in strategy.params if market != "default"]
    scope = [OTHERS, *named] if strategy.markets == (ALL,) else list(strategy.markets)
    found: dict[Node, list[str]] = {}
    for market in scope:
        found.setdefault(condition_in_market(strategy, "default" if market == OTHERS else market), []).append(market)
    return found


def _decide(
    conditions: Sequence[Node], kind: str, schema: Schema, lists: Lists, rows: _Now, present: Bools
) -> list[tuple[Bools, Bools]]:
    """For each condition where it is true for some request, and where it is unknown for all. Whatever they share is
    decided once."""
    parts = [[_closed(clause, schema, lists) for clause in clauses(with_freshness(c, schema))] for c in conditions]
    found = [clause for part in parts for clause in part]
    words = words_for(len(found))
    uses: dict[Node, list[tuple[int, bool]]] = {}
    alive = []
    for number, clause in enumerate(found):
        said = {(literal.atom, literal.negated) for literal in clause}
        alive.append(not any((atom, not negated) in said for atom, negated in said))
        for literal in clause:
            uses.setdefault(literal.atom, []).append((number, literal.negated))
    types = dict(schema.visible_for(kind)) | as_of_types(schema)
    assigned = [a for axis in build_axes(uses, types, words, lists) for a in axis.assign(rows, lists)]
    true = _left([(a.codes, a.bits) for a in assigned], pack_bits(np.flatnonzero(alive), words), rows.length)
    possible = _left([(a.codes, a.possible) for a in assigned], pack_bits(range(len(found)), words), rows.length)
    decided, start = [], 0
    for part in parts:
        own = pack_bits(range(start, start + len(part)), words)
        start += len(part)
        fires = _any(true, own) & present
        decided.append((fires, _any(possible, own) & ~fires & present))
    return decided


def _closed(clause: Clause, schema: Schema, lists: Lists) -> Clause:
    """The clause without the literals that a request decides. What compares an entity with the time is kept."""
    return tuple(literal for literal in clause if not _is_open(features_read(literal.atom, lists), schema))


def _is_open(names: frozenset[str], schema: Schema) -> bool:
    if not names:
        return False
    return names == {_TIME} or any(side_of(n, schema) is not Side.CATALOGUE for n in names - {_TIME})


def _left(pairs: Sequence[kernel.Pair], base: Words, length: int) -> Words:
    """The clauses that are left of `base` at each row; uint64 (rows, words)."""
    return kernel.combine(pairs, base, length) if pairs else np.broadcast_to(base, (length, len(base)))


def _any(left: Words, own: Words) -> Bools:
    """Where one of the clauses marked is left."""
    if len(own) == 1:
        return np.asarray(left[:, 0] & own[0] != 0)
    return np.asarray((left & own).any(axis=1))


def _spread(values: Bools, length: int) -> Bools:
    return values if len(values) == length else np.full(length, values[0])


class _Now:
    """The rows of a catalogue at a moment."""

    def __init__(self, rows: EntityRows, now: int) -> None:
        self._rows = rows
        self._now = column_from_python(TIMESTAMP, [now])
        self.length = rows.length

    def column(self, name: str) -> Column:
        return self._now if name == _TIME else self._rows.column(name)
