"""Whatever the conditions: a certain conflict's witness fires both, in an engine that knows nothing else."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from aedile.engine.actions import Amount, Boost, Cap, Exclude, Pin, Reserve
from aedile.engine.conflicts import find_conflicts
from aedile.language.ir import And, Node
from aedile.language.types import BOOL
from tests.engine.classify.worlds import FEATURES, make_world
from tests.engine.conflicts.worlds import fired_for
from tests.language.evaluate.samples import NAMED_LISTS
from tests.oracles.generate import random_condition

ACTIONS = (
    Exclude(),
    Exclude(),
    Boost(2.0),
    Boost(3.0),
    Pin(1),
    Reserve(Amount(count=2), 10),
    Cap("item.brand", Amount(count=1), 20),
)


def joined(rng: Random) -> Node:
    """Literals as people write them: mostly joined, some of them odd."""
    parts: list[Node] = []
    for _ in range(rng.randint(1, 3)):
        one = random_condition(rng, FEATURES, rng.choice((1, 1, 2, 3)))
        parts += one.args if isinstance(one, And) else (one,)
    return parts[0] if len(parts) == 1 else And(BOOL, tuple(parts))


@pytest.mark.parametrize("seed", range(60))
def test_every_certain_witness_fires_both_in_a_fresh_engine(seed: int) -> None:
    rng = Random(seed)
    world = make_world(rng, strategies=14, items=1)
    strategies = [
        replace(strategy, node=joined(rng), action=rng.choice(ACTIONS), stage=rng.choice(["live", "canary", "shadow"]))
        for strategy in world.strategies
    ]
    found = find_conflicts(strategies, world.schema, NAMED_LISTS)
    by_id = {strategy.id: strategy for strategy in strategies}
    for conflict in found:
        if conflict.certain and conflict.second is not None:
            assert conflict.witness is not None
            pair = [by_id[conflict.first], by_id[conflict.second]]
            assert fired_for(conflict.witness, pair, world.schema, NAMED_LISTS) == {conflict.first, conflict.second}
            conflict.to_json()
        elif not conflict.certain:
            assert conflict.witness is None
