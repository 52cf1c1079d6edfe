"""Why is one candidate of a request where it is? Its row, and for each strategy that matters how it came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aedile.engine.decide import Decider, Decision
from aedile.engine.explanation import Explanation, explain
from aedile.engine.flip import Flip, least_change
from aedile.engine.requests import Request
from aedile.engine.rows import decision_rows
from aedile.engine.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Inquiry:
    """row: the candidate's, as in `DECISION_ROWS`. strategies: explained, each with the least change that flips it."""

    row: Mapping[str, Any]
    strategies: Sequence[tuple[Explanation, Flip]]

    def to_json(self) -> dict[str, Any]:
        told = [{**explanation.to_json(), "least_change": flip.to_json()} for explanation, flip in self.strategies]
        return {"candidate": dict(self.row), "strategies": told}


def inquire(
    decider: Decider,
    decision: Decision,
    place: int,
    release: int | None,
    strategies: Sequence[Strategy] | None = None,
    *,
    values: Mapping[str, Any] | None = None,
) -> Inquiry:
    """What became of the candidate at a place of the request, and why.

    strategies: those to explain; by default all that fire, would fire in shadow, or are unknown for it.
    values: of the request, where they are known better than from the request itself.
    """
    request, engine = decision.request, decider.engine
    kind, id_ = request.candidates.kinds[place], request.candidates.ids[place]
    rows = decision_rows(decision, engine.strategies, release)
    row = next(row for row in rows if row["id"] == id_ and row["kind"] == kind)
    if strategies is None:
        relevant = {*row["fired"], *row["shadow_fired"], *(row["unknown"] or ())}
        strategies = [strategy for strategy in engine.strategies if strategy.id in relevant]
    values = decider.values(request) if values is None else values
    sent = sent_with(request, place, engine.schema.sendable_with(kind))
    told = [
        (explain(engine, kind, id_, values, sent, strategy), least_change(engine, kind, id_, values, sent, strategy))
        for strategy in strategies
    ]
    return Inquiry(row, told)


def sent_with(request: Request, place: int, names: Mapping[str, Any]) -> dict[str, Any]:
    """The features of these names that came with the candidate at a place, as columns of one row."""
    columns = request.candidates.features.items()
    return {name: column.take(np.array([place])) for name, column in columns if name in names}
