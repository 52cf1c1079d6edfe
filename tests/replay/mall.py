"""A mall in which everything happens: every action, source of features, list, counter and draw, at random.

What must come of a request is said here as well, from semantics alone, in plain Python.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pyarrow as pa

from aedile.engine.actions import Cap, WindowCap
from aedile.engine.decide import Decider, Decision
from aedile.engine.engine import Engine
from aedile.engine.release import Manifest, Release
from aedile.engine.requests import Request, parse_request
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.language.columns import column_from_python
from aedile.language.lists import NamedList, read_list
from aedile.language.schema import Schema, parse_schema
from aedile.language.types import TIMESTAMP
from aedile.server.exposures import Exposures, Reading
from aedile.store.decision_detail import detail_of
from aedile.store.replay import keeper_of
from aedile.wire.answers import answer_bytes
from tests.oracles.plain_slate import PlainCandidate, PlainSlate, plain_slate
from tests.oracles.plain_verdicts import plain_verdict
from tests.oracles.rowwise import Rowwise

HOUR = 3_600_000_000
NOON = 20_781 * 24 * HOUR + 12 * HOUR
MARKETS, CHANNELS = ("ID", "MY", "US"), ("live", "mall_search", "recommendation")
SHOPPERS = ("ann", "bo", "köper", "李", None)
SCHEMA_TEXT = """
entities:
  item:
    meaning: A product listing.
    features:
      price: {type: int, meaning: In cents.}
      rating: {type: double, meaning: Stars.}
      category: {type: string, meaning: What it is.}
      tags: {type: list(string), meaning: What sellers say it is.}
      is_new: {type: bool, meaning: Whether it is new.}
      stock_age: {type: duration, meaning: How long it lies there.}
      seller_id: {type: string, meaning: Who sells it.}
      risk: {type: double, meaning: "A model's word.", freshness: 24h}
      ctr: {type: double, meaning: Clicks by looks., source: request}
  content:
    meaning: A video.
    features:
      seller_id: {type: string, meaning: Whose items it shows.}
      views: {type: int, meaning: How often it was seen.}
      mood: {type: string, meaning: What it is like., source: request}
  seller:
    meaning: Who sells.
    features:
      score: {type: double, meaning: How good the shop is.}
      country: {type: string, meaning: Where the shop is.}
  query:
    meaning: What is searched for.
    features:
      intent: {type: string, meaning: What is meant.}
  request:
    features:
      device: {type: string, meaning: What is held.}
      budget: {type: int, meaning: What may be spent.}
joins:
  - {from: item.seller_id, to: seller}
  - {from: content.seller_id, to: seller}
"""
LISTS = {
    "tricky_sellers": "seller-1\nseller-3\t2027-01-01T00:00:00Z\nseller-2\t2026-01-01T00:00:00Z\n",
    "testers": "ann\n李\n",
}
PLAIN_LISTS = {
    "tricky_sellers": {"seller-1": None, "seller-3": 1_798_761_600_000_000, "seller-2": 1_767_225_600_000_000},
    "testers": {"ann": None, "李": None},
}
ITEM_CONDITIONS = (
    "true", "item.price > 500", "item.rating < 3.0 || item.is_new", 'item.category in ["phone", "case"]',
    '"sale" in item.tags && !item.is_new', "item.risk > 0.5", "item.ctr > 0.1 && item.price < 900",
    "seller.score < 2.5", 'in_list(item.seller_id, "tricky_sellers")', 'in_list(request.shopper, "testers")',
    'bucket(request.shopper, "salt", 10) < 4 && item.price > 200',
    "has(request.shopper) ? item.is_new : item.price < 300",
    'request.device == "phone" && item.price > request.budget', 'query.intent == item.category',
    'item.stock_age > duration("48h")', 'request.shopper == "bo" || seller.country == "ID"',
    '!in_list(request.shopper, "testers") && item.rating >= 2.0', 'item.category == request.query',
)  # fmt: skip
CONTENT_CONDITIONS = (
    "true", "content.views > 100", 'content.mood == "loud"', "seller.score > 3.0",
    'bucket(request.shopper, "other", 2) == 0', 'in_list(content.seller_id, "tricky_sellers")',
)  # fmt: skip


def read_lists(folder: Any) -> dict[str, NamedList]:
    for name, text in LISTS.items():
        (folder / f"{name}.txt").write_text(text)
    return {name: read_list(folder / f"{name}.txt") for name in LISTS}


def random_action(rng: Random, kind: str, ids: list[str]) -> Any:
    key = rng.choice([f"{kind}.seller_id", "item.category" if kind == "item" else "content.mood"])
    first = rng.choice([2, 3, 5, 10])
    most, least = rng.choice([rng.randint(0, first - 1), 0.3, 0.5]), rng.choice([rng.randint(1, first), 0.3, 0.5])
    return rng.choice(
        [
            {"exclude": {}}, {"demote": {"factor": 0.4}}, {"boost": {"factor": 2.5}},
            {"pin": {"position": rng.randint(1, 5)}},
            {"badge": {"key": rng.choice(["new", "checked"])}}, {"refer": {"queue": "people", "share": 0.5}},
            {"exempt": {"from": rng.sample(ids, 2)}}, {"cap": {"key": key, "max": most, "first_n": first}},
            {"cap": {"per": rng.choice(["shopper", "entity"]), "max": rng.randint(1, 4), "window": "1h"}},
            {"reserve": {"min": least, "first_n": first}},
        ]
    )  # fmt: skip


def random_strategy(rng: Random, schema: Schema, number: int, ids: list[str]) -> Strategy:
    kind = rng.choice(["item", "item", "item", "content"])
    stage = rng.choice(["live", "live", "live", "canary", "shadow", "paused"])
    text: dict[str, Any] = {
        "id": ids[number], "title": ids[number], "why": "A test.", "owner": "testers", "policy": "P-1",
        "tier": rng.choice(["safety", "quality", "experience", "growth"]), "applies_to": kind,
        "markets": rng.choice([["all"], ["ID", "MY"], ["US"]]),
        "channels": rng.choice([["all"], ["live", "mall_search"]]),
        "condition": rng.choice(ITEM_CONDITIONS if kind == "item" else CONTENT_CONDITIONS),
        "action": random_action(rng, kind, [one for one in ids if one != ids[number]]), "stage": stage,
    }  # fmt: skip
    if "exempt" in text["action"]:
        text["expires"] = "2027-01-31T00:00:00Z"
    if stage == "canary":
        text["canary"] = {
            "share": rng.choice([0.3, 0.7]),
            "unit": rng.choice(["shopper", "shopper", "request", "item" if kind == "item" else "seller"]),
        }
    return parse_strategy(json.dumps(text), schema, f"{ids[number]}.yaml", frozenset(LISTS))


@dataclass
class Mall:
    """A release, entities that change, counters that grow, strategies that are muted now and then."""

    rng: Random
    lists: Mapping[str, NamedList]
    schema: Schema = field(default_factory=lambda: parse_schema(SCHEMA_TEXT))
    entities: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = [f"s-{n}" for n in range(24)]
        strategies = sorted(
            (random_strategy(self.rng, self.schema, n, ids) for n in range(len(ids))), key=Strategy.precedence_key
        )
        manifest = Manifest(7, None, "test", "2026-11-24T00:00:00Z", self.schema.digest(), "", (), {})
        self.release = Release(manifest, self.schema, tuple(strategies), dict(self.lists))
        self.engine = Engine(self.schema, strategies, self.lists)
        self.keeper = keeper_of(self.release)
        self.exposures = Exposures(pseudonym, floor=1000)
        self.exposures.configure(self.engine)
        for kind, count in (("seller", 6), ("item", 30), ("content", 10), ("query", 4)):
            self.entities[kind] = {}
            self.put(kind, [f"{kind}-{n}" for n in range(count)])

    def put(self, kind: str, ids: list[str]) -> None:
        rows = [self._random_entity(kind) for _ in ids]
        self.entities[kind].update(zip(ids, rows, strict=True))
        types = {s.name: s.type for s in self.schema.features_of(kind) if s.source == "entity"} | {
            f"{kind}.as_of": TIMESTAMP
        }
        columns = {name: column_from_python(type_, [row.get(name) for row in rows]) for name, type_ in types.items()}
        self.engine.put(kind, pa.array(ids, pa.large_string()), columns)

    def withdraw(self, kind: str, ids: list[str]) -> None:
        for id_ in ids:
            self.entities[kind].pop(id_, None)
        self.engine.withdraw(kind, ids)

    def _random_entity(self, kind: str) -> dict[str, Any]:
        rng = self.rng
        row = {
            "item": lambda: {
                "item.price": rng.randint(1, 1000),
                "item.rating": rng.choice([1.5, 2.0, 4.5, float("nan"), float("inf")]),
                "item.category": rng.choice(["phone", "case", "köln", "query-1"]),
                "item.tags": rng.choice([[], ["sale"], ["sale", "à"]]),
                "item.is_new": rng.random() < 0.4, "item.stock_age": rng.randint(1, 90) * HOUR,
                "item.seller_id": f"seller-{rng.randint(0, 7)}", "item.risk": rng.random(),
            },
            "content": lambda: {
                "content.seller_id": f"seller-{rng.randint(0, 7)}", "content.views": rng.randint(0, 300)
            },
            "seller": lambda: {"seller.score": rng.uniform(0, 5), "seller.country": rng.choice(["ID", "US"])},
            "query": lambda: {"query.intent": rng.choice(["phone", "case"])},
        }[kind]()  # fmt: skip
        known = {name: value for name, value in row.items() if rng.random() < 0.85}
        return {**known, f"{kind}.as_of": rng.choice([NOON - HOUR, NOON - 30 * HOUR, NOON])}

    def ask(self, number: int) -> Request:
        rng = self.rng
        kinds = rng.choice([["item"], ["item"], ["content"], ["item", "content"]])
        ids = [("item", f"item-{n}") for n in rng.sample(range(33), 12) if "item" in kinds]
        ids += [("content", f"content-{n}") for n in rng.sample(range(12), 6) if "content" in kinds]
        rng.shuffle(ids)
        has_scores = rng.random() < 0.8
        candidates = []
        for kind, id_ in ids[: rng.randint(0, len(ids))]:
            sent = {"ctr": rng.choice([0.05, 0.5, "NaN"])} if kind == "item" else {"mood": rng.choice(["loud", "soft"])}
            one: dict[str, Any] = {"kind": kind, "id": id_}
            if rng.random() < 0.7:
                one["features"] = sent
            if has_scores:
                one["score"] = rng.choice([0.0, 1.0, rng.random() * 3])
            candidates.append(one)
        asked: dict[str, Any] = {
            "id": f"request-{number}", "market": rng.choice(MARKETS), "channel": rng.choice(CHANNELS),
            "time": rng.choice(["2026-11-24T12:00:00Z", "2026-11-25T12:00:00.000001+07:00"]), "candidates": candidates,
            "shopper": rng.choice(SHOPPERS), "query": rng.choice([None, "query-1", "query-9", "case"]),
            "context": rng.choice([{}, {"device": "phone", "budget": 400}, {"budget": -1}]),
            "offset": rng.choice([0, 0, 3]), "limit": rng.choice([None, 5]),
        }  # fmt: skip
        return parse_request(json.dumps(asked), self.schema)

    def decide(self, request: Request, now: int) -> Logged:
        """A decision as the server makes it: counters are read and counted, and all it rests on is logged."""
        muted = (
            frozenset(self.rng.sample([s.id for s in self.engine.strategies], 2))
            if self.rng.random() < 0.2
            else frozenset()
        )
        counters = self.exposures.counters(request, now)
        decision = Decider(self.engine, muted).decide(request, counters, with_unknown=False)
        answer = answer_bytes(decision, self.engine.strategies, 7)
        values = self.engine.values(
            request.market, request.channel, request.time, id=request.id, shopper=request.shopper,
            query=request.query, context=request.context,
        )  # fmt: skip
        detail = detail_of(
            request, self.engine.store, release=7, digest="d", decided_at=now, counters=counters.read, muted=muted,
            shopper=pseudonym(request.shopper, now) if request.shopper is not None else None,
            outcomes=self.keeper.outcomes(values), answer=answer,
        )  # fmt: skip
        self.exposures.add(decision, counters)
        return Logged(decision, counters, muted, answer, detail)

    def live_on(self) -> None:
        """Some time goes by: entities change, come and go."""
        kind = self.rng.choice(["item", "item", "seller", "content", "query"])
        ids = [f"{kind}-{self.rng.randint(0, 35 if kind == 'item' else 9)}" for _ in range(3)]
        if self.rng.random() < 0.2:
            self.withdraw(kind, list(dict.fromkeys(ids)))
        else:
            self.put(kind, list(dict.fromkeys(ids)))


@dataclass(frozen=True)
class Logged:
    decision: Decision
    counters: Reading
    muted: frozenset[str]
    answer: bytes
    detail: bytes


def pseudonym(shopper: str, now: int) -> str:
    return hashlib.sha256(f"{now // (28 * 24 * HOUR)} {shopper}".encode()).hexdigest()[:26]


# -------------------------------------------------------------------- what semantics says


def plain_row(mall: Mall, request: Request, place: int) -> dict[str, Any]:
    """Every feature of a candidate, by the rules of semantics."""
    kind, id_ = request.candidates.kinds[place], request.candidates.ids[place]
    own = mall.entities[kind].get(id_, {})
    seller_id = own.get(f"{kind}.seller_id")
    is_known = seller_id in mall.entities["seller"]
    row: dict[str, Any] = {
        **own, **mall.entities["seller"].get(seller_id or "", {}),
        **mall.entities["query"].get(request.query or "", {}),
        **request.context, f"{kind}.id": id_, "seller.id": seller_id if is_known else None,
        "request.market": request.market, "request.channel": request.channel, "request.time": request.time,
        "request.shopper": request.shopper, "request.query": request.query, "request.id": request.id,
    }  # fmt: skip
    row |= {name: column.to_python()[place] for name, column in request.candidates.features.items()}
    as_of = own.get("item.as_of")
    if as_of is None or request.time - as_of > 24 * HOUR:
        row["item.risk"] = None
    return {name: row.get(name) for name in {*row, *mall.schema.features}}


def plain_fires(mall: Mall, strategy: Strategy, row: Mapping[str, Any], kind: str) -> bool:
    if strategy.applies_to != kind or not ("all" in strategy.markets or row["request.market"] in strategy.markets):
        return False
    if not ("all" in strategy.channels or row["request.channel"] in strategy.channels):
        return False
    if strategy.stage == "canary":
        assert strategy.canary is not None
        unit = strategy.canary.unit
        id_ = row[f"request.{unit if unit == 'shopper' else 'id'}" if unit in ("shopper", "request") else f"{unit}.id"]
        if id_ is None:
            return False
        digest = hashlib.sha256(f"{strategy.id}\0{id_}".encode()).digest()
        if int.from_bytes(digest[:8], "big") >= strategy.canary.share * 2**64:
            return False
    return Rowwise(PLAIN_LISTS).evaluate(strategy.node, dict(row)) is True


def plain_decision(mall: Mall, logged: Logged) -> PlainSlate:
    """The slate of the decision's request, from semantics alone; to be asked before anything changes."""
    request, strategies = logged.decision.request, mall.engine.strategies
    actions, tiers, ids = [s.action for s in strategies], [s.tier for s in strategies], [s.id for s in strategies]
    scores = request.candidates.scores
    made = []
    for place, (kind, id_) in enumerate(zip(request.candidates.kinds, request.candidates.ids, strict=True)):
        row = plain_row(mall, request, place)
        fired = {
            number
            for number, s in enumerate(strategies)
            if s.stage != "shadow" and s.id not in logged.muted and plain_fires(mall, s, row, kind)
        }
        acts = set(plain_verdict(fired, actions, tiers, ids).acts)
        # Without scores the order as sent counts, and nothing but its places are known of it.
        score = float(scores[place]) if scores is not None else 1.0 / (place + 1)
        keys = {
            n: hash(row[a.key]) % 2**62
            for n, a in enumerate(actions)
            if isinstance(a, Cap) and row.get(a.key) is not None
        }
        spent = {n: _spent(logged, ids[n], a, request, id_) for n, a in enumerate(actions) if isinstance(a, WindowCap)}
        made.append(PlainCandidate(id_, score, acts, keys, spent))
    return plain_slate(made, actions)


def _spent(logged: Logged, strategy: str, action: WindowCap, request: Request, id_: str) -> int:
    unit = (request.shopper or "") if action.per == "shopper" else id_
    return int(dict(logged.counters).get((strategy, unit), 0))
