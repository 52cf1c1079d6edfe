"""Is the slate the one the text describes, whatever acts on whom, filled by the kernel and in Python?"""

from random import Random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from aedile.engine import kernel
from aedile.engine.actions import Amount, Cap
from aedile.engine.slate_fill import fill
from aedile.engine.slate_plan import CAP, SlatePlan
from aedile.engine.slate_task import Pairs, make_task
from tests.engine.slate.worlds import World, build, crowded_world, worlds
from tests.oracles.plain_slate import plain_slate

COMPILED = getattr(kernel.compiled, "slate_fill", None)
many = settings(max_examples=3_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_equals_the_plain_one(world: World) -> None:
    slate, plain = build(world), plain_slate(world.candidates, world.actions)
    assert slate.order.tolist() == plain.order
    assert slate.rank_before.tolist() == plain.rank_before
    assert slate.rank_after.tolist() == plain.rank_after
    assert slate.score.tolist() == plain.score
    assert slate.badges == plain.badges
    assert slate.refers == plain.refers
    assert slate.pinned.tolist() == plain.pinned
    assert slate.reserved.tolist() == plain.reserved
    assert slate.relaxed == plain.relaxed
    assert slate.capped == plain.capped


@many
@given(worlds())
def test_a_slate_equals_the_plain_one(world: World) -> None:
    assert_equals_the_plain_one(world)


@many
@given(worlds())
def test_a_slate_filled_in_python_equals_the_plain_one(world: World) -> None:
    with patch.object(kernel, "compiled", None):
        assert_equals_the_plain_one(world)


def test_slates_in_which_much_acts_on_many_equal_the_plain_ones():
    for seed in range(2_000):
        world = crowded_world(Random(seed))
        assert_equals_the_plain_one(world)
        with patch.object(kernel, "compiled", None):
            assert_equals_the_plain_one(world)


@pytest.mark.skipif(COMPILED is None, reason="the kernel is not compiled on this machine")
def test_the_kernel_refuses_an_entry_outside_its_arrays():
    plan = SlatePlan.of([Cap("item.seller_id", Amount(count=1), 3)])
    fired = {CAP: Pairs(np.array([0]), np.array([0], np.int32))}
    task = make_task(np.array([0]), 1, fired, plan, {0: np.array([7])}, {})
    assert fill(task).taken.tolist() == [0]
    task.cap[0] = 1
    with pytest.raises(ValueError, match="outside"):
        fill(task)
