"""What is the least change that makes a strategy fire for a candidate, or keeps it from firing?

Least means the fewest features and, of these, the nearest values. Each way in which the condition can come out as
wished is a clause; what fails in it is mended feature by feature, and what is told was evaluated as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from aedile.engine.blind import KEPT, blinded
from aedile.engine.engine import Engine
from aedile.engine.explanation import scope_of
from aedile.engine.flip_values import distance, halfway, values_to_try
from aedile.engine.fresh import with_freshness
from aedile.engine.program import condition_in_market
from aedile.engine.strategy import Strategy
from aedile.language.columns import Column, Rows, column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.ir import Node, Not, features_of
from aedile.language.lists import Lists
from aedile.language.normal import Clause, clauses
from aedile.language.schema import BUILT_IN, REQUEST, Schema
from aedile.language.types import BOOL, Type
from aedile.language.values import to_json

#: Features changed together within one group of literals that share features.
_TOGETHER = 3
#: Combinations of values tried at once.
_ROWS = 4096

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One feature's value before and after; None is unknown."""

    feature: str
    type: Type
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Flip:
    """The least change, or in words why there is none. fires: whether the strategy fires as things are."""

    strategy: str
    fires: bool
    changes: tuple[Change, ...]
    why_not: str | None = None

    def to_json(self) -> dict[str, Any]:
        def plain(value: Any, type_: Type) -> Any:
            return None if value is None else to_json(value, type_)

        changes = {c.feature: [plain(c.before, c.type), plain(c.after, c.type)] for c in self.changes}
        return {"strategy": self.strategy, "fires": self.fires, "changes": changes, "why_not": self.why_not}


def least_change(
    engine: Engine,
    kind: str,
    id: str,
    values: Mapping[str, Any],
    sent: Mapping[str, Column],
    strategy: Strategy,
) -> Flip:
    """The least change of features that turns around whether the strategy fires for one candidate.

    values: of the request, from `Engine.values`. sent: features that came with the candidate, one row each. Market,
    channel, time, ids and canary draws are not changed: a strategy out of scope is told so.
    """
    rows = engine.candidate_rows(kind, [id], values, sent)
    outside = [part.name for part in scope_of(strategy, kind, rows, values) if not part.inside]
    if outside:
        return Flip(strategy.id, False, (), f"out of scope: {', '.join(outside)}")
    condition = condition_in_market(strategy, str(values["request.market"]))
    condition = with_freshness(blinded(condition) if engine.is_blinded else condition, engine.schema)
    search = _Search(condition, rows, kind, engine.schema, engine.lists)
    fires = search.holds(condition, search.row)
    wanted = Not(BOOL, condition) if fires else condition
    plans = sorted(search.plans(wanted), key=lambda plan: (len(plan), search.cost(plan)))
    for plan in plans:
        if search.holds(condition, {**search.row, **plan}) != fires:
            changes = [Change(n, search.types[n], search.row[n], after) for n, after in sorted(plan.items())]
            return Flip(strategy.id, fires, tuple(changes))
    deed = "stops it" if fires else "makes it fire"
    if not search.free:
        return Flip(strategy.id, fires, (), "the condition reads nothing that could be changed")
    return Flip(strategy.id, fires, (), f"no change of its features was found that {deed}")


class _Search:
    """Looks for changes of one candidate's and its request's features."""

    def __init__(self, condition: Node, rows: Rows, kind: str, schema: Schema, lists: Lists) -> None:
        self.lists = lists
        names = sorted(features_of(condition) | {"request.time"})
        columns = {name: rows.column(name) for name in names}
        self.types = {name: column.type for name, column in columns.items()}
        self.row: dict[str, Any] = {name: column.to_python()[0] for name, column in columns.items()}
        self.free = frozenset(name for name in names if _may_change(name, names, rows, kind, schema))

    def holds(self, condition: Node, row: Row) -> bool:
        """Whether the condition is true."""
        column = evaluate(condition, self._table([row]), self.lists)
        return bool(column.known[0] and column.values[0])

    def cost(self, plan: Row) -> float:
        return sum(distance(self.row[name], value) for name, value in plan.items())

    def plans(self, wanted: Node) -> Iterator[dict[str, Any]]:
        """For each way in which `wanted` can be true the nearest change that mends it, where there is one."""
        for clause in clauses(wanted):
            plan = self._mended(clause)
            if plan is not None:
                yield plan

    def _mended(self, clause: Clause) -> dict[str, Any] | None:
        plan: dict[str, Any] = {}
        for group in self._groups(clause):
            if all(self.holds(literal.as_node(), self.row) for literal in group):
                continue
            names = sorted({n for literal in group for n in features_of(literal.atom) & self.free})
            found = self._mend(group, names)
            if found is None:
                return None
            plan |= found
        return plan

    def _groups(self, clause: Clause) -> list[Clause]:
        """The clause's literals, those together that share a feature that may change."""
        groups: list[tuple[set[str], list[Any]]] = []
        for literal in clause:
            names, literals = set(features_of(literal.atom) & self.free), [literal]
            for group in [group for group in groups if group[0] & names]:
                groups.remove(group)
                names |= group[0]
                literals = group[1] + literals
            groups.append((names, literals))
        return [tuple(literals) for _, literals in groups]

    def _mend(self, literals: Clause, names: Sequence[str]) -> dict[str, Any] | None:
        """The nearest values of as few of these features as can be for which all the literals hold."""
        tried = {
            name: values_to_try(name, self.types[name], literals, self.row, self.types, self.lists) for name in names
        }
        for count in range(1, min(len(names), _TOGETHER) + 1):
            best: dict[str, Any] | None = None
            for chosen in combinations(names, count):
                found = self._nearest(literals, chosen, tried)
                if found is not None and (best is None or self.cost(found) < self.cost(best)):
                    best = found
            if best is not None:
                return best
        return None

    def _nearest(
        self, literals: Clause, names: Sequence[str], tried: Mapping[str, Sequence[Any]]
    ) -> dict[str, Any] | None:
        most = int(_ROWS ** (1 / len(names)))
        choices = [tried[name][:most] for name in names]
        plans = [dict(zip(names, values, strict=True)) for values in product(*choices)]
        if not plans:
            return None
        table = self._table([{**self.row, **plan} for plan in plans])
        kept = np.ones(len(plans), np.bool_)
        for literal in literals:
            column = evaluate(literal.as_node(), table, self.lists)
            kept &= column.known & column.values
        fitting = [plans[i] for i in np.flatnonzero(kept)]
        if not fitting:
            return None
        best = min(fitting, key=self.cost)
        for name in names:
            best = self._closer(literals, best, name)
        return best

    def _closer(self, literals: Clause, plan: dict[str, Any], name: str) -> dict[str, Any]:
        """The plan with one value brought as near to the present one as the literals allow, by halving the way."""
        near, far = self.row[name], plan[name]
        while (middle := halfway(near, far, self.types[name])) is not None:
            tried = {**plan, name: middle}
            if all(self.holds(literal.as_node(), {**self.row, **tried}) for literal in literals):
                far = middle
            else:
                near = middle
        return {**plan, name: far}

    def _table(self, rows: Sequence[Row]) -> Table:
        columns = {n: column_from_python(t, [row[n] for row in rows]) for n, t in self.types.items()}
        return Table(columns, len(rows))


def _may_change(name: str, names: Sequence[str], rows: Rows, kind: str, schema: Schema) -> bool:
    """Whether a change of the feature is one that somebody could make, and changes nothing else.

    Not the request's own fields, not ids, not what is joined by while joined features are read; of joined entities
    and of the query only where they are known.
    """
    own = name.partition(".")[0]
    if name in BUILT_IN or name.startswith(KEPT) or name.endswith(".id"):
        return False
    read = {other.partition(".")[0] for other in names}
    if any(join.source == name and join.to in read for join in schema.joins):
        return False
    spec = schema.features.get(name)
    if own in (REQUEST, kind) or (spec is not None and spec.source == "request"):
        return True
    known: Column = rows.column(f"{own}.id")
    return bool(known.known[0])
