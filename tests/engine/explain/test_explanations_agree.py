"""An explanation never disagrees with the engine, nor a least change with what happens when it is made."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from aedile.engine.engine import Engine
from aedile.engine.explanation import UNKNOWN, explain
from aedile.engine.flip import Flip, least_change
from aedile.language.columns import Column, column_from_python
from tests.engine.classify.worlds import Asked, World, ask, make_world, wanted


def sent_with(world: World, asked: Asked, place: int) -> dict[str, Column]:
    return {n: column_from_python(world.schema.features[n].type, [v[place]]) for n, v in asked.sent.items()}


def fires(engine: Engine, asked_id: str, values: dict[str, Any], sent: dict[str, Column], number: int) -> bool:
    bits = engine.fire("item", [asked_id], values, sent)[0]
    return bool(int(bits[number // 64]) >> (number % 64) & 1)


@pytest.mark.parametrize("seed", range(12))
def test_an_explanation_says_what_the_engine_says(seed: int) -> None:
    rng = Random(seed)
    world = make_world(rng, strategies=10, items=8)
    for _ in range(2):
        asked = ask(rng, world, 5)
        for place, id_ in enumerate(asked.ids):
            sent, plain = sent_with(world, asked, place), wanted(world, asked, place)
            for number, strategy in enumerate(world.engine.strategies):
                told = explain(world.engine, "item", id_, asked.values, sent, strategy)
                assert told.fires == fires(world.engine, id_, asked.values, sent, number)
                assert told.fires == (number in plain.fired | plain.shadow)
                if not told.out_of_scope:
                    assert (told.outcome == UNKNOWN) == (number in plain.unknown)
                assert (told.reason is not None) == (told.outcome == UNKNOWN)
                for literal in told.literals:
                    assert (literal.reason is not None) == (literal.outcome == UNKNOWN)
                assert any(literal.decided for literal in told.literals) or not told.literals
                told.to_json()


def everywhere(world: World) -> World:
    """The world where all strategies act in every market, channel and time."""
    plain: dict[str, Any] = {
        "markets": ("all",),
        "channels": ("all",),
        "stage": "live",
        "starts": None,
        "expires": None,
    }
    strategies = [replace(strategy, **plain) for strategy in world.strategies]
    return World(world.schema, strategies, world.items, world.sellers, world.sent_names)


def apply(flip: Flip, world: World, asked: Asked, place: int) -> tuple[Engine, dict[str, Any], dict[str, Column]]:
    """An engine, a request and sent features in which just these features are changed."""
    values, sent = dict(asked.values), sent_with(world, asked, place)
    id_ = asked.ids[place]
    item = dict(world.items.get(id_, {}))
    sellers = {seller: dict(features) for seller, features in world.sellers.items()}
    for change in flip.changes:
        kind = change.feature.partition(".")[0]
        if change.feature in asked.sent:
            sent[change.feature] = column_from_python(change.type, [change.after])
        elif kind == "request":
            values[change.feature] = change.after
        elif kind == "seller":
            sellers[item["item.seller_id"]][change.feature] = change.after
        else:
            item[change.feature] = change.after
    changed = World(world.schema, world.strategies, {**world.items, id_: item}, sellers, world.sent_names)
    return changed.engine, values, sent


@pytest.mark.parametrize("seed", range(12))
def test_the_least_change_flips_what_the_engine_says(seed: int) -> None:
    rng = Random(1000 + seed)
    world = everywhere(make_world(rng, strategies=8, items=6))
    flipped = 0
    asked = ask(rng, world, 4)
    for place, id_ in enumerate(asked.ids):
        sent = sent_with(world, asked, place)
        for number, strategy in enumerate(world.engine.strategies):
            before = fires(world.engine, id_, asked.values, sent, number)
            flip = least_change(world.engine, "item", id_, asked.values, sent, strategy)
            assert flip.fires == before
            assert bool(flip.changes) != (flip.why_not is not None)
            flip.to_json()
            if flip.changes and id_ in world.items:
                engine, values, changed = apply(flip, world, asked, place)
                assert fires(engine, id_, values, changed, number) != before
                flipped += 1
    assert flipped >= 4
