"""Do exempts, excludes and factors come to what the text says, whichever code resolves them?"""

import numpy as np
from hypothesis import given, settings

from aedile.engine import kernel
from aedile.engine.actions import Boost, Demote, Exclude, Exempt, Tier
from aedile.engine.resolve import resolve
from aedile.engine.verdicts import Verdicts
from tests.engine.resolve.rulings import Ruling, equals_plain, rulings

GROWTH, SAFETY, LEGAL = Tier.GROWTH, Tier.SAFETY, Tier.LEGAL


def resolved(ruling: Ruling) -> Verdicts:
    return resolve(*ruling.lists(), ruling.book())


@settings(max_examples=600)
@given(rulings())
def test_verdicts_equal_the_plain_ones_and_the_kernels_to_the_bit(ruling: Ruling) -> None:
    verdicts = resolved(ruling)
    assert equals_plain(verdicts, ruling)
    assert verdicts.equals(kernel.resolve(ruling.bits(), ruling.book()))


def test_factors_multiply_in_order_of_precedence_starting_from_one():
    random = np.random.default_rng(7)
    actions = [Boost(f) if f > 1 else Demote(f) for f in random.uniform(0.7, 1.5, 40).tolist()]
    fired = [set(random.choice(40, 25, replace=False).tolist()) for _ in range(200)]
    ruling = Ruling(actions, [GROWTH] * 40, set(), fired)
    assert equals_plain(resolved(ruling), ruling)


def test_the_product_is_clamped_at_both_ends():
    ruling = Ruling([Boost(10.0), Boost(5.0), Demote(0.05), Demote(0.1)], [GROWTH] * 4, set(), [{0, 1}, {2, 3}])
    assert resolved(ruling).multiplier.tolist() == [10.0, 0.01]


def test_the_strongest_exclude_that_acts_gives_the_reason():
    actions = [Exempt(strategies=("s1",)), Exclude(), Exclude()]
    ruling = Ruling(actions, [SAFETY] * 3, set(), [{1, 2}, {0, 1, 2}, {0, 1}])
    assert resolved(ruling).excluded_by.tolist() == [1, 2, -1]


def test_an_exempted_exempt_does_not_act():
    actions = [Exempt(strategies=("s1",)), Exempt(strategies=("s2",)), Exclude()]
    ruling = Ruling(actions, [SAFETY] * 3, set(), [{0, 1, 2}, {1, 2}])
    assert resolved(ruling).excluded_by.tolist() == [2, -1]


def test_an_exempt_from_a_tier_reaches_all_below_but_never_legal_nor_a_tier_above_its_own():
    tiers = [LEGAL, SAFETY, Tier.QUALITY, Tier.QUALITY, GROWTH]
    actions = [Exclude(), Exclude(), Exempt(tier=LEGAL), Exclude(), Exclude()]
    ruling = Ruling(actions, tiers, set(), [{0, 2}, {1, 2}, {2, 3}, {2, 4}])
    assert resolved(ruling).excluded_by.tolist() == [0, 1, -1, -1]


def test_what_an_exempt_switched_off_is_still_seen_to_have_fired():
    verdicts = resolved(Ruling([Exempt(strategies=("s1",)), Boost(2.0)], [SAFETY, GROWTH], set(), [{0, 1}]))
    assert verdicts.fired.tolist() == [0, 1]
    assert verdicts.acts.tolist() == [True, False]
    assert verdicts.multiplier.tolist() == [1.0]


def test_no_candidates_and_no_strategies_resolve_to_nothing():
    assert len(resolved(Ruling([], [], set(), []))) == 0
    assert resolved(Ruling([], [], set(), [set()])).multiplier.tolist() == [1.0]
