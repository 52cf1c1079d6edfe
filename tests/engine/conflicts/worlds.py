"""Small marketplaces, their strategies, and a plain reading of who fires."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from aedile.engine.conflicts import Conflict, Witness
from aedile.engine.draw import draw
from aedile.engine.engine import Engine
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.language.columns import Column, column_from_python
from aedile.language.ir import bind
from aedile.language.lists import Lists
from aedile.language.schema import Schema, parse_schema
from aedile.language.types import TIMESTAMP
from tests.oracles.rowwise import Rowwise

SCHEMA = parse_schema("""
entities:
  item:
    meaning: A product listing.
    features:
      price: {type: double, meaning: Price., missing: never}
      stock: {type: int, meaning: Pieces.}
      category: {type: string, meaning: Leaf.}
      department: {type: string, meaning: Branch.}
      title: {type: string, meaning: Title.}
      gtin: {type: string, meaning: Number.}
      official: {type: bool, meaning: Brand shop., missing: never}
      tags: {type: list(string), meaning: Words.}
      listed_at: {type: timestamp, meaning: Listed.}
      score: {type: double, meaning: Counterfeit., freshness: 24h}
      live_score: {type: double, meaning: Sent., source: request}
      seller_id: {type: string, meaning: Who sells.}
  seller:
    meaning: Who sells.
    features:
      age: {type: duration, meaning: Since opening., missing: never}
      rate: {type: double, meaning: Late., missing: allowed}
  query:
    meaning: What was typed.
    features:
      volume: {type: int, meaning: How often.}
  request:
    features:
      budget: {type: double, meaning: Spends.}
      segment: {type: string, meaning: Segment.}
joins:
  - {from: item.seller_id, to: seller}
dependencies:
  - [item.category, item.department]
""")


def strategy(id: str, condition: str, action: Any = "exclude", *, schema: Schema = SCHEMA, **keys: Any) -> Strategy:
    """A strategy from what matters of it; the rest is plain."""
    fields: dict[str, Any] = {
        "id": id, "title": "A title", "why": "A reason.", "owner": f"{id}-team", "tier": "quality",
        "applies_to": "item", "markets": ["all"], "channels": ["all"], "condition": condition,
        "action": action, "stage": "live",
    }  # fmt: skip
    fields |= keys
    if fields["tier"] in ("legal", "safety"):
        fields.setdefault("policy", "POL-1")
    return parse_strategy(json.dumps(fields), schema, f"{id}.yaml")


BOOST = {"boost": {"factor": 2.0}}
DEMOTE = {"demote": {"factor": 0.5}}


def kinds(conflicts: Iterable[Conflict]) -> set[tuple[str, str, str | None, bool]]:
    return {(c.kind, c.first, c.second, c.certain) for c in conflicts}


def fired_for(
    witness: Witness, strategies: Iterable[Strategy], schema: Schema = SCHEMA, lists: Lists | None = None
) -> set[str]:
    """The ids of the strategies that a fresh engine says fire for the witness, shadow ones among them."""
    engine = Engine(schema, strategies, lists)
    for kind, (id_, features) in witness.entities.items():
        columns = {n: column_from_python(_type(schema, n), [v]) for n, v in features.items()}
        engine.load(kind, pa.array([id_], pa.large_string()), columns)
    values = engine.values(
        witness.market, witness.channel, witness.time, id=str(witness.values["request.id"]), shopper=witness.shopper,
        query=witness.query, context=witness.context,
    )  # fmt: skip
    sent: dict[str, Column] = {n: column_from_python(schema.features[n].type, [v]) for n, v in witness.sent.items()}
    verdicts = engine.classify(witness.kind, [witness.id], values, sent)
    numbers = [*verdicts.fired_for(0).tolist(), *verdicts.shadow_for(0).tolist()]
    return {engine.strategies[number].id for number in numbers}


def _type(schema: Schema, name: str) -> Any:
    return schema.features[name].type if name in schema.features else TIMESTAMP


def fires(strategy: Strategy, row: Mapping[str, Any], rowwise: Rowwise) -> bool:
    """Whether the strategy fires for a row that holds the candidate's and the request's features, read plainly."""
    if not strategy.in_market(row["request.market"]) or not strategy.in_channel(row["request.channel"]):
        return False
    time = row["request.time"]
    if (strategy.starts is not None and time < strategy.starts) or (
        strategy.expires is not None and time >= strategy.expires
    ):
        return False
    if strategy.stage == "canary" and strategy.canary is not None:
        unit = row.get(f"request.{strategy.canary.unit}", row.get(f"{strategy.canary.unit}.id"))
        if unit is None or not draw(strategy.id, unit, strategy.canary.share):
            return False
    condition = bind(strategy.node, strategy.params_for(row["request.market"]))
    return rowwise.evaluate(condition, dict(row)) is True
