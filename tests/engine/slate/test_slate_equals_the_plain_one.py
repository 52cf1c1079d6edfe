"""Is the slate the one the text describes, whatever acts on whom, filled by the kernel and in Python?"""

from random import Random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from aedile.engine import kernel
from aedile.engine.actions import Amount, Cap
from aedile.engine.slate import build_slate
from aedile.engine.slate_plan import SlatePlan
from aedile.engine.verdicts import Verdicts
from tests.engine.slate.worlds import World, build, crowded_world, worlds
from tests.oracles.plain_slate import plain_slate

many = settings(max_examples=3_000, suppress_health_check=[HealthCheck.too_slow])


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


@pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")
def test_the_kernel_refuses_a_strategy_or_a_key_outside_its_arrays():
    plan = SlatePlan.of([Cap("item.seller_id", Amount(count=1), 3)])
    off, on = np.array([-1], np.int32), np.ones(1, np.bool_)

    def built(strategy: int, keys: int) -> list[int]:
        fired, none = np.array([strategy], np.int32), np.zeros(0, np.int32)
        offsets = np.array([0, 1], np.int64)
        verdicts = Verdicts(off, np.ones(1), offsets, fired, on, np.zeros(2, np.int64), none)
        return build_slate(None, ["a"], verdicts, plan, keys={0: np.full(keys, 7)}).order.tolist()

    assert built(0, keys=1) == [0]
    with pytest.raises(ValueError, match="outside"):
        built(1, keys=1)
    with pytest.raises(ValueError, match="bytes"):
        built(0, keys=0)
