"""Small random worlds for the engine: a schema with every source and a join, entities, strategies, requests.

What the engine must answer is said here as well, in plain Python from semantics: one candidate and one strategy at a
time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pyarrow as pa

from aedile.engine.actions import Badge, Boost, Demote, Exclude, Exempt, Pin, Refer, Tier
from aedile.engine.engine import Engine
from aedile.engine.strategy import Canary, Strategy
from aedile.engine.verdicts import Verdicts
from aedile.language import ir
from aedile.language.columns import Column, column_from_python
from aedile.language.schema import Schema, parse_schema
from aedile.language.types import Type
from tests.language.evaluate.samples import NAMED_LISTS
from tests.oracles.generate import FEATURES as ALL_FEATURES
from tests.oracles.generate import LISTS, random_condition, random_rows, random_value
from tests.oracles.plain_verdicts import plain_verdict
from tests.oracles.rowwise import Rowwise

#: What a schema can declare: lists are lists of strings.
FEATURES = {name: type_ for name, type_ in ALL_FEATURES.items() if name not in ("item.sizes", "item.ratings")}
MARKETS, CHANNELS = ("ID", "MY", "NO"), ("live", "search", "video")
SELLERS = 6
DAY = 86_400_000_000


@dataclass
class World:
    """Entities and strategies with which an engine was made; `items` and `sellers` map id → feature → value."""

    schema: Schema
    strategies: list[Strategy]
    items: dict[str, dict[str, Any]]
    sellers: dict[str, dict[str, Any]]
    sent_names: frozenset[str]
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(self.schema, self.strategies, NAMED_LISTS)
        self.load()

    def load(self) -> None:
        for kind, entities in (("seller", self.sellers), ("item", self.items)):
            self.engine.load(kind, pa.array(list(entities), pa.large_string()), self.columns(kind, list(entities)))

    def columns(self, kind: str, ids: list[str]) -> dict[str, Column]:
        entities = self.items if kind == "item" else self.sellers
        return {
            spec.name: column_from_python(spec.type, [entities[one].get(spec.name) for one in ids])
            for spec in self.schema.features_of(kind)
            if spec.source == "entity"
        } | ({f"{kind}.as_of": column_from_python(TIMES, [entities[one].get(f"{kind}.as_of") for one in ids])})

    def put(self, kind: str, ids: list[str]) -> None:
        self.engine.put(kind, pa.array(ids, pa.large_string()), self.columns(kind, ids))


TIMES = FEATURES["request.time"]


@dataclass
class Asked:
    """A request, with the features sent along for each candidate."""

    values: dict[str, Any]
    ids: list[str]
    sent: dict[str, list[Any]]

    def columns(self, schema: Schema) -> dict[str, Column]:
        return {name: column_from_python(schema.features[name].type, values) for name, values in self.sent.items()}

    def classify(self, world: World) -> Verdicts:
        return world.engine.classify("item", self.ids, self.values, self.columns(world.schema))


def make_schema(rng: Random) -> tuple[Schema, frozenset[str]]:
    """Item features come from the catalogue, from the request, or are old after a while."""
    sent = frozenset(n for n in FEATURES if n.startswith("item.") and rng.random() < 0.3)
    entities: dict[str, Any] = {"item": {}, "seller": {}, "request": {}}
    for name, type_ in {**FEATURES, "item.seller_id": FEATURES["item.brand"]}.items():
        kind, own = name.split(".")
        if name == "request.time":
            continue
        spec = {"type": str(type_), "meaning": own}
        if name in sent:
            spec["source"] = "request"
        elif kind != "request" and name != "item.seller_id" and rng.random() < 0.2:
            spec["freshness"] = f"{rng.choice((1, 24, 2000))}h"
        entities[kind][own] = spec
    text = {
        "entities": {
            "item": {"meaning": "A listing.", "features": entities["item"]},
            "seller": {"meaning": "Who sells.", "features": entities["seller"]},
            "request": {"features": entities["request"]},
        },
        "joins": [{"from": "item.seller_id", "to": "seller"}],
    }
    return parse_schema(json.dumps(text), "schema.yaml"), sent


def make_world(rng: Random, strategies: int = 12, items: int = 20) -> World:
    schema, sent = make_schema(rng)
    made = [make_strategy(rng, number, [f"s-{n}" for n in range(strategies)]) for number in range(strategies)]
    return World(
        schema,
        made,
        {f"item-{n}": make_item(rng, schema) for n in range(items)},
        {f"seller-{n}": make_seller(rng, schema) for n in range(SELLERS)},
        sent,
    )


def make_item(rng: Random, schema: Schema) -> dict[str, Any]:
    specs = [spec for spec in schema.features_of("item") if spec.source == "entity"]
    row = {spec.name: random_rows(rng, {spec.name: spec.type}, 1)[spec.name][0] for spec in specs}
    row["item.seller_id"] = rng.choice([*(f"seller-{n}" for n in range(SELLERS)), "seller-gone", None])
    return row | {"item.as_of": rng.choice([0, 10 * DAY, 20 * DAY, None])}


def make_seller(rng: Random, schema: Schema) -> dict[str, Any]:
    row = {spec.name: random_value(rng, spec.type, spec.name) for spec in schema.features_of("seller")}
    return row | {"seller.as_of": rng.choice([0, 10 * DAY, None])}


def make_strategy(rng: Random, number: int, ids: list[str]) -> Strategy:
    tier = rng.choice(list(Tier))
    stage = rng.choice(["live", "live", "live", "canary", "shadow", "paused"])
    action = rng.choice(
        [
            Exclude(), Exclude(), Demote(0.3), Demote(0.7), Boost(1.5), Boost(4.0), Pin(2), Badge("new"),
            Refer("q", 1.0), Exempt(tuple(rng.sample(ids, 3))),
            Exempt((), Tier.QUALITY if tier <= Tier.QUALITY else tier),
        ]
    )  # fmt: skip
    return Strategy(
        id=ids[number], title=ids[number], why="A test.", owner="team", tier=tier, applies_to="item",
        markets=rng.choice([("all",), ("ID",), ("ID", "NO"), ("MY",)]),
        channels=rng.choice([("all",), ("all",), ("live",), ("search", "video")]),
        condition="", action=action, stage=stage, node=random_condition(rng, FEATURES), rank=rng.randrange(3),
        canary=Canary(rng.choice([0.2, 0.5, 1.0]), rng.choice(["shopper", "item", "seller", "request"])),
        starts=rng.choice([None, None, 5 * DAY]), expires=rng.choice([None, None, 15 * DAY]),
    )  # fmt: skip


def ask(rng: Random, world: World, n: int = 15) -> Asked:
    ids = [*rng.sample(list(world.items), min(n, len(world.items))), "item-unheard-of"]
    rng.shuffle(ids)
    sent = {name: [random_value(rng, FEATURES[name], name) if rng.random() < 0.9 else None for _ in ids]
            for name in world.sent_names}  # fmt: skip
    zone = random_value(rng, FEATURES["request.zone"], "request.zone") if rng.random() < 0.9 else None
    values = world.engine.values(
        rng.choice(MARKETS), rng.choice(CHANNELS), rng.choice([0, 4 * DAY, 5 * DAY, 12 * DAY, 15 * DAY, 300 * DAY]),
        id=f"request-{rng.randrange(1000)}", shopper=rng.choice([None, "shopper-1", "shopper-2", "köper-3"]),
        context={"request.zone": zone},
    )  # fmt: skip
    return Asked(values, ids, sent)


def row_of(world: World, asked: Asked, place: int) -> dict[str, Any]:
    """Every feature's value for one candidate, by the rules of semantics."""
    item = world.items.get(asked.ids[place], {})
    seller_id = item.get("item.seller_id")
    seller = world.sellers.get(seller_id or "", {})
    row = {**item, **seller, **asked.values, "item.id": asked.ids[place]}
    row["seller.id"] = seller_id if seller_id in world.sellers else None
    row.update({name: values[place] for name, values in asked.sent.items()})
    for spec in world.schema.features.values():
        as_of = row.get(f"{spec.kind}.as_of")
        if spec.freshness and (as_of is None or asked.values["request.time"] - as_of > spec.freshness):
            row[spec.name] = None
    return row


def in_scope(strategy: Strategy, row: Mapping[str, Any]) -> bool:
    time = row["request.time"]
    if strategy.markets != ("all",) and row["request.market"] not in strategy.markets:
        return False
    if strategy.channels != ("all",) and row["request.channel"] not in strategy.channels:
        return False
    if strategy.starts is not None and time < strategy.starts:
        return False
    if strategy.expires is not None and time >= strategy.expires:
        return False
    if strategy.stage == "canary":
        assert strategy.canary is not None
        unit_of = strategy.canary.unit
        unit = row[{"shopper": "request.shopper", "request": "request.id"}.get(unit_of, f"{unit_of}.id")]
        if unit is None:
            return False
        digest = hashlib.sha256(strategy.id.encode() + b"\0" + unit.encode()).digest()
        return int.from_bytes(digest[:8], "big") < strategy.canary.share * 2**64
    return True


@dataclass
class Wanted:
    """What the plain reading of semantics says of one candidate."""

    fired: set[int]
    shadow: set[int]
    unknown: set[int]
    excluded_by: int
    multiplier: float
    acts: frozenset[int]


def wanted(world: World, asked: Asked, place: int, types: Mapping[str, Type] = FEATURES) -> Wanted:
    row = row_of(world, asked, place)
    strategies = world.engine.strategies
    oracle = Rowwise(LISTS)
    fired, shadow, unknown = set(), set(), set()
    for number, strategy in enumerate(strategies):
        if not in_scope(strategy, row):
            continue
        value = oracle.evaluate(strategy.node, row)
        if value is None:
            unknown.add(number)
        elif value:
            (shadow if strategy.stage == "shadow" else fired).add(number)
    plain = plain_verdict(
        fired, [s.action for s in strategies], [s.tier for s in strategies], [s.id for s in strategies]
    )
    return Wanted(fired, shadow, unknown, plain.excluded_by, plain.multiplier, plain.acts)


def nodes_of(world: World) -> list[ir.Node]:
    return [strategy.node for strategy in world.strategies]
