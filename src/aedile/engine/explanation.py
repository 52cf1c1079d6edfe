"""Why does a strategy fire for this candidate, or why not?

Everything is evaluated anew by the evaluator, on the very values the engine reads, so that an explanation and the
tables can be held against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aedile.engine.blind import KEPT, blinded, name_of_canary, text_of
from aedile.engine.catalogue import CandidateRows
from aedile.engine.draw import draw
from aedile.engine.engine import Engine
from aedile.engine.fresh import with_freshness
from aedile.engine.program import condition_in_market
from aedile.engine.strategy import ALL, Strategy
from aedile.language.cel import to_cel
from aedile.language.columns import Column, Rows
from aedile.language.evaluation import evaluate, why_unknown
from aedile.language.ir import And, Node, Not, Or, Ternary, features_of, literals_in
from aedile.language.lists import Lists
from aedile.language.reasons import MISSING
from aedile.language.schema import Schema
from aedile.language.types import Type
from aedile.language.values import format_timestamp, to_json

TRUE, FALSE, UNKNOWN = "true", "false", "unknown"

_NOTHING: Mapping[str, Column] = {}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a strategy's scope: whether the candidate and its request are inside, and why, in words."""

    name: str
    inside: bool
    why: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is unknown: a code of the language (AED-LANG-050 to 057) and the features concerned."""

    code: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainedLiteral:
    """A literal of the condition as it came out.

    values: its features, None where unknown. stale: those of them too old to be believed, whose value counts as
    unknown. decided: with another outcome of this literal the condition might have come out otherwise.
    """

    text: str
    outcome: str
    values: Mapping[str, Any]
    types: Mapping[str, Type]
    stale: tuple[str, ...]
    decided: bool
    reason: Reason | None

    def to_json(self) -> dict[str, Any]:
        return {
            "literal": self.text,
            "outcome": self.outcome,
            "values": {n: None if v is None else to_json(v, self.types[n]) for n, v in self.values.items()},
            "stale": list(self.stale),
            "decided": self.decided,
            "unknown": _reason_json(self.reason),
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of one strategy for one candidate. `outcome` is the condition's alone, whatever the scope says."""

    kind: str
    id: str
    strategy: str
    stage: str
    fires: bool
    scope: tuple[Part, ...]
    condition: str
    outcome: str
    reason: Reason | None
    literals: tuple[ExplainedLiteral, ...]

    @property
    def out_of_scope(self) -> tuple[str, ...]:
        """The names of the parts of the scope that keep the strategy from firing."""
        return tuple(part.name for part in self.scope if not part.inside)

    def to_json(self) -> dict[str, Any]:
        return {
            "candidate": {"kind": self.kind, "id": self.id},
            "strategy": self.strategy,
            "stage": self.stage,
            "fires": self.fires,
            "scope": [{"part": part.name, "inside": part.inside, "why": part.why} for part in self.scope],
            "condition": self.condition,
            "outcome": self.outcome,
            "unknown": _reason_json(self.reason),
            "literals": [literal.to_json() for literal in self.literals],
        }


def _reason_json(reason: Reason | None) -> dict[str, Any] | None:
    return {"code": reason.code, "features": list(reason.features)} if reason is not None else None


def explain(
    engine: Engine,
    kind: str,
    id: str,
    values: Mapping[str, Any],
    sent: Mapping[str, Column],
    strategy: Strategy,
) -> Explanation:
    """How the strategy came out for one candidate.

    values: of the request, from `Engine.values`. sent: features that came with the candidate, one row each.
    """
    rows = engine.candidate_rows(kind, [id], values, sent)
    scope = tuple(scope_of(strategy, kind, rows, values))
    if strategy.applies_to != kind:
        return Explanation(kind, id, strategy.id, strategy.stage, False, scope, strategy.condition, UNKNOWN, None, ())
    written = condition_in_market(strategy, str(values["request.market"]))
    condition = blinded(written) if engine.is_blinded else written
    reader = _Reader(rows, engine.schema, engine.lists)
    outcome = reader.outcome(condition)
    deciding = set(reader.deciding(condition))
    literals = tuple(reader.explained(literal, literal in deciding) for literal in literals_in(condition))
    return Explanation(
        kind=kind,
        id=id,
        strategy=strategy.id,
        stage=strategy.stage,
        fires=outcome == TRUE and all(part.inside for part in scope),
        scope=scope,
        condition=to_cel(written),
        outcome=outcome,
        reason=reader.reason(condition) if outcome == UNKNOWN else None,
        literals=literals,
    )


def scope_of(strategy: Strategy, kind: str, rows: CandidateRows, values: Mapping[str, Any]) -> Iterator[Part]:
    """The parts of the strategy's scope, each held against the candidate and its request."""
    if strategy.applies_to != kind:
        yield Part("kind", False, f"applies to {strategy.applies_to}, the candidate is of kind {kind}")
        return
    if strategy.stage == "paused":
        yield Part("stage", False, "the strategy is paused")
    for name, allowed in (("market", strategy.markets), ("channel", strategy.channels)):
        value = values[f"request.{name}"]
        if allowed == (ALL,):
            yield Part(name, True, f"all {name}s")
        else:
            inside = value in allowed
            yield Part(name, inside, f"{value} is {'' if inside else 'not '}among {', '.join(allowed)}")
    yield _time(strategy, int(values["request.time"]))
    if strategy.stage == "canary" and strategy.canary is not None:
        yield _canary(strategy, rows, values)


def _time(strategy: Strategy, time: int) -> Part:
    if strategy.starts is not None and time < strategy.starts:
        return Part("time", False, f"starts at {format_timestamp(strategy.starts)}")
    if strategy.expires is not None and time >= strategy.expires:
        return Part("time", False, f"expired at {format_timestamp(strategy.expires)}")
    return Part("time", True, f"acts at {format_timestamp(time)}")


def _canary(strategy: Strategy, rows: CandidateRows, values: Mapping[str, Any]) -> Part:
    assert strategy.canary is not None
    unit, share = strategy.canary.unit, strategy.canary.share
    kept = values.get(name_of_canary(strategy.id, share)) if unit == "shopper" else None
    if kept is not None:
        return Part("canary", kept, f"the shopper was {'' if kept else 'not '}in the canary of {share:.12g}")
    name = {"request": "request.id", "shopper": "request.shopper"}.get(unit, f"{unit}.id")
    value = rows.column(name).to_python()[0]
    if value is None:
        return Part("canary", False, f"there is no {name} to draw by")
    inside = draw(strategy.id, value, share)
    return Part("canary", inside, f"{unit} {value} is {'' if inside else 'not '}in the canary of {share:.12g}")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Evaluates parts of a condition for one candidate; a part is unknown where a feature in it is stale."""

    rows: Rows
    schema: Schema
    lists: Lists

    def outcome(self, part: Node) -> str:
        column = evaluate(with_freshness(part, self.schema), self.rows, self.lists)
        if not column.known[0]:
            return UNKNOWN
        return TRUE if column.values[0] else FALSE

    def deciding(self, part: Node) -> Iterator[Node]:
        """The literals to which the part owes its outcome."""
        if isinstance(part, Not):
            yield from self.deciding(part.arg)
        elif isinstance(part, And | Or):
            outcomes = {arg: self.outcome(arg) for arg in part.args}
            own = self.outcome(part)
            for arg in part.args:
                if outcomes[arg] == own:
                    yield from self.deciding(arg)
        elif isinstance(part, Ternary):
            yield from self.deciding(part.condition)
            chosen = self.outcome(part.condition)
            if chosen != UNKNOWN:
                yield from self.deciding(part.then if chosen == TRUE else part.otherwise)
        else:
            yield part

    def explained(self, literal: Node, decided: bool) -> ExplainedLiteral:
        names = sorted(features_of(literal))
        columns = {name: self.rows.column(name) for name in names}
        outcome = self.outcome(literal)
        return ExplainedLiteral(
            text=text_of(literal),
            outcome=outcome,
            values={n: column.to_python()[0] for n, column in columns.items() if not n.startswith(KEPT)},
            types={name: column.type for name, column in columns.items()},
            stale=tuple(name for name in names if self.is_stale(name) and self._has(name)),
            decided=decided,
            reason=self.reason(literal) if outcome == UNKNOWN else None,
        )

    def reason(self, part: Node) -> Reason:
        """Why the part is unknown: stale features first, for they hide whatever else there is."""
        names = {name for leaf in self.deciding(part) for name in features_of(leaf)}
        if any(self.is_stale(name) for name in names):
            return Reason(MISSING.name, tuple(sorted(n for n in names if self.is_stale(n) or not self._has(n))))
        return Reason(*why_unknown(part, self.rows, self.lists))

    def is_stale(self, name: str) -> bool:
        """Whether the feature is older than its declared freshness, or of unknown age."""
        spec = self.schema.features.get(name)
        if spec is None or spec.freshness is None:
            return False
        as_of, time = (self.rows.column(n).to_python()[0] for n in (f"{spec.kind}.as_of", "request.time"))
        return as_of is None or time is None or time - as_of > spec.freshness

    def _has(self, name: str) -> bool:
        return bool(self.rows.column(name).known[0])
