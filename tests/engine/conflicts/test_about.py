"""Whoever asks about one strategy is told what is told of it when all are asked about."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from aedile.engine.conflicts import find_conflicts
from aedile.engine.conflicts.nearby import nearby
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.language.schema import Schema, parse_schema
from bench.workload import make_schema, make_strategies
from tests.engine.conflicts.test_no_conflict_is_missed import DOMAIN, SMALL, random_strategy
from tests.engine.conflicts.worlds import BOOST, DEMOTE, SCHEMA, kinds, strategy


def assert_same(strategies: Sequence[Strategy], schema: Schema, asked: Sequence[Strategy]) -> int:
    everything = find_conflicts(strategies, schema)
    told = 0
    for one in asked:
        alone = find_conflicts(strategies, schema, about=one.id)
        assert kinds(alone) == kinds(c for c in everything if one.id in (c.first, c.second)), one.condition
        told += len(alone)
    return told


@pytest.mark.parametrize("seed", range(12))
def test_in_small_worlds_nothing_is_missed_and_nothing_made_up(seed: int) -> None:
    rng = np.random.default_rng(seed)
    strategies = [random_strategy(rng, number, list(DOMAIN)) for number in range(14)]
    assert assert_same(strategies, SMALL, strategies) > 0


def test_among_strategies_as_a_benchmark_writes_them_the_answers_are_the_same() -> None:
    schema = parse_schema(json.dumps(make_schema()))
    strategies = [parse_strategy(json.dumps(s), schema, f"{s['id']}.yaml") for s in make_strategies(250)]
    assert assert_same(strategies, schema, strategies[::9]) > 300


def test_an_exempt_that_spares_the_other_is_looked_at_too() -> None:
    strategies = [
        strategy("block", 'item.category == "toys"', tier="safety"),
        strategy("help", 'item.category == "toys"', DEMOTE, tier="growth"),
        strategy(
            "spare", 'item.category == "toys" && item.official', {"exempt": {"from": ["block"]}}, tier="safety",
            expires="2027-01-01T00:00:00Z",
        ),
    ]  # fmt: skip
    assert_same(strategies, SCHEMA, strategies)
    assert {c.kind for c in find_conflicts(strategies[:2], SCHEMA, about="help")} == {"shadowed"}
    assert find_conflicts(strategies, SCHEMA, about="help") == []


def test_what_a_constraint_on_every_value_says_is_no_sign_of_a_gap() -> None:
    strategies = [
        strategy("all-prices", "!(item.price < 5.0) || item.price < 5.0", tier="safety"),
        strategy("stocked", "item.stock > 3", DEMOTE, tier="growth"),
        strategy("no-brand", "!(item.stock in [])", DEMOTE, tier="growth"),
    ]
    assert_same(strategies, SCHEMA, strategies)


def test_strategies_of_other_markets_and_other_kinds_of_candidate_are_left_out_early() -> None:
    here = strategy("here", "item.stock > 3", markets=["ID"])
    there = strategy("there", "item.stock > 3", BOOST, markets=["MY"])
    both = strategy("both", "item.stock > 3", BOOST, markets=["MY", "ID"])
    assert nearby([here, there, both], "here", SCHEMA) == [here, both]
    assert nearby([here, there], "nobody", SCHEMA) == []
    assert find_conflicts([here, there], SCHEMA, about="nobody") == []
