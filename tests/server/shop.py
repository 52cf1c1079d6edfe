"""A small shop to count exposures in: items of sellers, strategies in short, and workers that decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from aedile.engine.decide import Decider, Decision
from aedile.engine.engine import Engine
from aedile.engine.requests import Candidates, Request
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.language.columns import column_from_python
from aedile.language.schema import parse_schema
from aedile.language.types import STRING
from aedile.server.exposures import Exposures

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
#: 2026-11-24, noon.
NOON = 20_781 * DAY + 12 * HOUR

SCHEMA = parse_schema(
    """
entities:
  item:
    meaning: A product listing.
    features:
      seller_id: {type: string, meaning: Who sells it.}
  content:
    meaning: A video.
    features:
      seller_id: {type: string, meaning: "Whose items it shows, as the request says.", source: request}
  seller:
    meaning: Who sells.
    features:
      name: {type: string, meaning: The shop's name.}
joins:
  - {from: item.seller_id, to: seller}
  - {from: content.seller_id, to: seller}
"""
)


def strategy(id_: str, action: Mapping[str, Any], condition: str = "true", **others: Any) -> Strategy:
    """A live strategy of tier growth for all items, but for what is said otherwise."""
    text = {
        "id": id_, "title": id_, "why": "To test.", "owner": "testers", "tier": "growth", "applies_to": "item",
        "markets": ["all"], "channels": ["all"], "condition": condition, "action": action, "stage": "live", **others,
    }  # fmt: skip
    return parse_strategy(json.dumps(text), SCHEMA, f"{id_}.yaml")


def cap(id_: str, per: str, most: int, window: str = "1h", condition: str = "true", **others: Any) -> Strategy:
    return strategy(id_, {"cap": {"per": per, "max": most, "window": window}}, condition, **others)


def engine_of(*strategies: Strategy, sellers: Mapping[str, str] | None = None) -> Engine:
    """An engine of these strategies. sellers: item → seller."""
    engine = Engine(SCHEMA, strategies)
    if sellers:
        columns = {"item.seller_id": column_from_python(STRING, list(sellers.values()))}
        engine.load("item", pa.array(list(sellers), pa.large_string()), columns)
    return engine


def request(
    ids: Sequence[str],
    *,
    shopper: str | None = "ann",
    limit: int | None = None,
    kinds: Sequence[str] | None = None,
    sent: Mapping[str, Sequence[str | None]] | None = None,
) -> Request:
    """A request whose first candidate has the highest score. sent: texts that come with the candidates, by feature."""
    scores = np.arange(len(ids), 0, -1, dtype=np.float64)
    features = {name: column_from_python(STRING, list(texts)) for name, texts in (sent or {}).items()}
    candidates = Candidates(list(kinds or ["item"] * len(ids)), list(ids), scores, features)
    return Request("request", "ID", "live", NOON, candidates, shopper, limit=limit)


def pseudonym(shopper: str, now: int) -> str:
    """Another one every 30 days."""
    epoch = now // (30 * DAY)
    return f"{epoch}.{hashlib.sha256(f'{epoch} {shopper}'.encode()).hexdigest()[:26]}"


class Worker:
    """Decides, counts and judges as a worker of the server does."""

    def __init__(self, engine: Engine, *, floor: int = 1000, max_entries: int = 2_000_000) -> None:
        self.exposures = Exposures(pseudonym, floor=floor, max_entries=max_entries)
        self.run(engine)

    def run(self, engine: Engine) -> None:
        self.engine = engine
        self.exposures.configure(engine)
        self.decider = Decider(engine)

    def show(self, asked: Request, now: int = NOON) -> Decision:
        counters = self.exposures.counters(asked, now)
        decision = self.decider.decide(asked, counters)
        self.exposures.add(decision, counters)
        return decision

    def count(self, strategy: str, unit: str, now: int = NOON) -> int:
        """The exposures a decision at this time would read."""
        shopper = unit if self.exposures._plan.cap_of[strategy][1] == "shopper" else None
        return int(self.exposures.counters(request([], shopper=shopper), now).get((strategy, unit), 0))


def page(decision: Decision) -> list[str]:
    return [decision.request.candidates.ids[candidate] for candidate in decision.slate.page.tolist()]
