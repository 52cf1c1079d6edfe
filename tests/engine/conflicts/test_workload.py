"""On strategies as a benchmark writes them, nearly every question is settled, and what is told is true."""

from __future__ import annotations

import json
from random import Random

from aedile.engine.conflicts import find_conflicts
from aedile.engine.strategy_read import parse_strategy
from aedile.language.schema import parse_schema
from bench.workload import make_schema, make_strategies
from tests.engine.conflicts.worlds import fired_for


def test_conflicts_among_three_hundred_strategies_are_settled_and_their_witnesses_fire_both() -> None:
    schema = parse_schema(json.dumps(make_schema()))
    strategies = [parse_strategy(json.dumps(s), schema, f"{s['id']}.yaml") for s in make_strategies(300)]
    found = find_conflicts(strategies, schema)
    certain = [conflict for conflict in found if conflict.certain and conflict.second is not None]
    assert len(certain) > 1_000
    assert len([conflict for conflict in found if not conflict.certain]) <= len(certain) // 500
    by_id = {strategy.id: strategy for strategy in strategies}
    for conflict in Random(1).sample(certain, 60):
        assert conflict.second is not None
        assert conflict.witness is not None
        pair = [by_id[conflict.first], by_id[conflict.second]]
        assert fired_for(conflict.witness, pair, schema) == {conflict.first, conflict.second}
