"""Are verdicts what semantics says, whatever the features' source, after whatever has changed?"""

from __future__ import annotations

import secrets
from random import Random

import numpy as np
import pytest

from aedile.engine import kernel
from aedile.engine.engine import Engine
from tests.engine.classify.worlds import World, ask, make_item, make_seller, make_strategy, make_world, wanted
from tests.language.evaluate.samples import NAMED_LISTS

WORLDS = 40


def check(world: World, rng: Random, requests: int = 3) -> None:
    for _ in range(requests):
        asked = ask(rng, world)
        verdicts = asked.classify(world)
        unknown = world.engine.unknowns("item", asked.ids, asked.values, asked.columns(world.schema))
        flags = np.unpackbits(unknown.view(np.uint8), axis=1, bitorder="little")
        for place in range(len(asked.ids)):
            want = wanted(world, asked, place)
            at = slice(verdicts.fired_offsets[place], verdicts.fired_offsets[place + 1])
            assert verdicts.fired[at].tolist() == sorted(want.fired)
            assert verdicts.shadow_for(place).tolist() == sorted(want.shadow)
            assert set(verdicts.fired[at][verdicts.acts[at]].tolist()) == want.acts
            assert verdicts.excluded_by[place] == want.excluded_by
            assert verdicts.multiplier[place] == want.multiplier
            assert set(np.flatnonzero(flags[place]).tolist()) == want.unknown


@pytest.fixture(params=["compiled", "numpy"])
def any_kernel(request, monkeypatch) -> str:
    if request.param == "numpy":
        monkeypatch.setattr(kernel, "compiled", None)
    else:
        assert kernel.compiled is not None, "the kernel was not built: run `make install` with a C compiler at hand"
    return request.param


@pytest.mark.usefixtures("any_kernel")
@pytest.mark.parametrize("seed", [7, secrets.randbelow(2**32)], ids=["fixed", "fresh"])
def test_verdicts_are_those_of_the_plain_reading(seed) -> None:
    for number in range(WORLDS):
        rng = Random(f"{seed}/{number}")
        check(make_world(rng), rng)


@pytest.mark.usefixtures("any_kernel")
def test_verdicts_stay_right_while_entities_come_change_and_go() -> None:
    for number in range(12):
        rng = Random(f"entities/{number}")
        world = make_world(rng)
        for step in range(6):
            items = [*rng.sample(list(world.items), 4), f"item-new-{step}"]
            for one in items:
                world.items[one] = make_item(rng, world.schema)
            world.put("item", items)
            seller = rng.choice([*world.sellers, f"seller-new-{step}"])
            world.sellers[seller] = make_seller(rng, world.schema)
            world.put("seller", [seller])
            gone = rng.sample(list(world.items), 2)
            world.engine.withdraw("item", gone)
            for one in gone:
                world.items[one] = {}
            check(world, rng, requests=1)


@pytest.mark.usefixtures("any_kernel")
def test_verdicts_stay_right_while_strategies_come_and_go() -> None:
    for number in range(8):
        rng = Random(f"strategies/{number}")
        world = make_world(rng)
        ids = [f"s-{n}" for n in range(40)]
        for step in range(9):
            kept = [s for s in world.strategies if rng.random() < 0.85]
            world.strategies = [*kept, make_strategy(rng, 12 + step, ids)]
            world.engine = world.engine.replace(world.strategies, NAMED_LISTS)
            check(world, rng, requests=1)
            if step == 4:
                item = rng.choice(list(world.items))
                world.items[item] = make_item(rng, world.schema)
                world.put("item", [item])
        fresh = Engine(world.schema, world.strategies, NAMED_LISTS)
        assert [s.id for s in fresh.strategies] == [s.id for s in world.engine.strategies]


def test_many_refreshes_of_the_same_items_do_not_grow_the_engine() -> None:
    rng = Random("refresh")
    world = make_world(rng, strategies=40, items=200)
    before = world.engine.nbytes
    for _ in range(400):
        for one in world.items:
            world.items[one] = make_item(rng, world.schema) if rng.random() < 0.02 else world.items[one]
        world.put("item", list(world.items))
    check(world, rng)
    assert world.engine.nbytes < before * 3 + (1 << 19)


def test_an_engine_without_entities_still_decides_by_what_is_sent_and_asked() -> None:
    for number in range(15):
        rng = Random(f"bare/{number}")
        world = make_world(rng)
        world.items.clear()
        world.sellers.clear()
        world.engine = Engine(world.schema, world.strategies, NAMED_LISTS)
        world.items["item-0"] = {}
        check(world, rng, requests=2)


def test_candidates_no_strategy_applies_to_come_out_untouched() -> None:
    world = make_world(Random("none"))
    verdicts = world.engine.classify("seller", ["seller-0", "seller-1"], world.engine.values("ID", "live", 0))
    assert verdicts.excluded_by.tolist() == [-1, -1]
    assert verdicts.multiplier.tolist() == [1.0, 1.0]
    assert len(verdicts.fired) == 0


def test_no_candidate_at_all_is_no_error() -> None:
    world = make_world(Random("empty"))
    assert len(world.engine.classify("item", [], world.engine.values("ID", "live", 0))) == 0


@pytest.mark.usefixtures("any_kernel")
def test_an_id_that_is_no_text_is_refused() -> None:
    world = make_world(Random("ids"))
    for wrong in (7, None, b"item-1"):
        with pytest.raises(TypeError):
            world.engine.classify("item", ["item-1", wrong], world.engine.values("ID", "live", 0))
