"""Are verdicts without one strategy those of a world that never had it?"""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aedile.engine.actions import Boost, Exclude, Exempt, Tier
from aedile.engine.counterfactual import touched_by, without
from aedile.engine.resolve import resolve
from tests.engine.resolve.rulings import Ruling, equals_plain, rulings


@settings(max_examples=300)
@given(rulings(), st.data())
def test_verdicts_without_a_strategy_equal_those_of_a_world_where_it_never_fired(
    ruling: Ruling, data: st.DataObject
) -> None:
    assume(ruling.actions)
    number = data.draw(st.integers(0, len(ruling.actions) - 1))
    book = ruling.book()
    changed = without(resolve(*ruling.lists(), book), number, book)
    assert changed.equals(resolve(*ruling.without(number).lists(), book))
    assert equals_plain(changed, ruling.without(number))


def test_without_an_exempt_what_it_switched_off_acts_again():
    ruling = Ruling(
        [Exempt(tier=Tier.GROWTH), Exclude(), Boost(2.0)], [Tier.SAFETY, *[Tier.GROWTH] * 2], set(), [{0, 1, 2}]
    )
    book = ruling.book()
    verdicts = resolve(*ruling.lists(), book)
    assert (verdicts.excluded_by.tolist(), verdicts.multiplier.tolist()) == ([-1], [1.0])
    changed = without(verdicts, 0, book)
    assert (changed.excluded_by.tolist(), changed.multiplier.tolist()) == ([1], [2.0])


def test_verdicts_in_which_the_strategy_did_not_fire_stay_as_they_are():
    ruling = Ruling([Exclude(), Boost(2.0)], [Tier.SAFETY, Tier.GROWTH], set(), [{1}, set()])
    verdicts = resolve(*ruling.lists(), ruling.book())
    assert without(verdicts, 0, ruling.book()) is verdicts


def test_a_shadow_strategy_is_taken_out_of_the_shadow_alone():
    ruling = Ruling([Exclude(), Boost(2.0)], [Tier.SAFETY, Tier.GROWTH], {0}, [{0, 1}, {0}])
    changed = without(resolve(*ruling.lists(), ruling.book()), 0, ruling.book())
    assert changed.shadow.tolist() == []
    assert changed.multiplier.tolist() == [2.0, 1.0]


def test_touched_candidates_are_those_the_strategy_fires_for():
    ruling = Ruling([Exclude(), Boost(2.0)], [Tier.SAFETY, Tier.GROWTH], set(), [{1}, set(), {0, 1}, {1}])
    assert touched_by(resolve(*ruling.lists(), ruling.book()), 1).tolist() == [0, 2, 3]
