"""What becomes of candidates, case by case?"""

from dataclasses import replace

import numpy as np
import pytest

from aedile.engine.actions import (
    Action,
    Amount,
    Badge,
    Boost,
    Cap,
    Demote,
    Exclude,
    Exempt,
    Pin,
    Refer,
    Reserve,
    Tier,
    WindowCap,
)
from aedile.engine.slate import Slate, build_slate
from aedile.engine.slate_plan import SlatePlan
from tests.engine.slate.worlds import World, build, candidates, verdicts_of

FALLING = [10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]


def slate_of(actions: list[Action], acts: dict[int, list[int]], n: int = 10, **more: dict[int, list[int]]) -> Slate:
    """c0 is the best; `keys` and `spent`: strategy -> the value of each candidate."""
    made = candidates(FALLING[:n], acts)
    for i, candidate in enumerate(made):
        candidate.keys = {s: values[i] for s, values in more.get("keys", {}).items() if values[i] >= 0}
        candidate.spent = {s: values[i] for s, values in more.get("spent", {}).items()}
    return build(World(made, actions))


def order(slate: Slate) -> str:
    return "".join(str(i) for i in slate.order.tolist())


def test_no_candidates_make_an_empty_slate():
    slate = slate_of([Pin(1), Reserve(Amount(share=1.0), 10)], {}, n=0)
    assert len(slate) == 0
    assert slate.order.tolist() == slate.page.tolist() == []


def test_equal_scores_go_by_id_in_code_point_order():
    ids = ["é", "z", "\U0001f600", "\uffff", "Z", "10", "9"]
    made = [replace(c, id=text) for c, text in zip(candidates([1.0] * len(ids)), ids, strict=True)]
    assert [ids[i] for i in build(World(made, [])).order] == ["10", "9", "Z", "z", "é", "\uffff", "\U0001f600"]


def test_equal_scores_and_ids_go_as_sent():
    made = [replace(c, id="same") for c in candidates([1.0, 1.0, 2.0, 1.0])]
    assert order(build(World(made, []))) == "2013"


def test_candidates_without_scores_stand_as_sent_and_multiply_as_one_over_their_place():
    made = candidates([0.0] * 4, {0: [1]})
    slate = build_slate(None, ["d", "c", "b", "a"], verdicts_of(World(made, [Boost(2.5)])), [Boost(2.5)])
    assert order(slate) == "1023"
    assert slate.score.tolist() == [1.0, 1.25, 1 / 3, 0.25]
    assert slate.rank_before.tolist() == [1, 2, 3, 4]


def test_a_multiplied_score_stays_finite():
    world = World(candidates([1.5e308, 1e308], {0: [0, 1]}), [Boost(10.0)])
    slate = build(world)
    assert np.isfinite(slate.score).all()
    assert order(slate) == "01"


def test_an_excluded_candidate_has_no_place_no_pin_and_no_badge_but_people_still_hear_of_it():
    actions = [Exclude(), Pin(1), Badge("new"), Refer("brand-protection", 1.0)]
    slate = slate_of(actions, {s: [2] for s in range(4)}, n=4)
    assert order(slate) == "013"
    assert slate.rank_after.tolist() == [1, 2, 0, 3]
    assert slate.pinned.tolist() == [-1] * 4
    assert slate.badges == [(), (), (), ()]
    assert slate.refers == [(), (), (3,), ()]


def test_what_an_exempt_switched_off_does_not_touch_the_slate():
    actions = [Exempt(tier=Tier.GROWTH), Pin(1), Cap("item.seller_id", Amount(count=0), 3), Badge("new")]
    world = World(candidates(FALLING, {s: [5] for s in range(4)}), actions)
    verdicts = verdicts_of(world)
    off = replace(verdicts, acts=verdicts.fired == 0)
    slate = build_slate(np.array(FALLING), [c.id for c in world.candidates], off, actions)
    assert order(slate) == "0123456789"
    assert slate.badges[5] == ()


def test_a_pin_takes_its_place():
    slate = slate_of([Pin(3)], {0: [7]})
    assert order(slate) == "0172345689"
    assert slate.pinned[7] == 0


def test_of_two_pins_the_stronger_holds_the_place_and_the_other_takes_the_next_free_one():
    assert order(slate_of([Pin(2), Pin(3), Pin(2)], {0: [9], 1: [8], 2: [7]})) == "0987123456"


def test_of_one_pins_candidates_the_best_takes_the_place():
    assert order(slate_of([Pin(2)], {0: [9, 7, 5]})) == "0579123468"


def test_a_candidate_with_two_pins_obeys_the_stronger():
    slate = slate_of([Pin(4), Pin(1)], {0: [9], 1: [9]})
    assert order(slate) == "0129345678"
    assert slate.pinned[9] == 0


def test_a_pin_beyond_the_places_takes_the_last_free_one():
    assert order(slate_of([Pin(100), Pin(50), Pin(4)], {0: [0], 1: [1], 2: [2]}, n=4)) == "3210"


def test_a_cap_moves_the_surplus_behind_its_first_places_and_no_further():
    keys = {0: [1, 1, 1, 1, 2, 2, 3, 3, 4, 4]}
    slate = slate_of([Cap("item.seller_id", Amount(count=2), 5)], {0: list(range(10))}, keys=keys)
    assert order(slate) == "0145623789"
    assert [i for i, caps in enumerate(slate.capped) if caps] == [2, 3]
    assert not any(slate.relaxed)


def test_a_cap_leaves_alone_whom_it_does_not_fire_for_and_whose_key_is_unknown():
    keys = {0: [1, 1, -1, 1, -1, 2]}
    assert order(slate_of([Cap("item.seller_id", Amount(count=1), 4)], {0: [0, 1, 2, 4]}, n=6, keys=keys)) == "023415"


def test_shares_round_down_for_a_cap_and_up_for_a_reserve():
    cap = slate_of([Cap("k", Amount(share=0.7), 5)], {0: list(range(6))}, keys={0: [0] * 6 + [1] * 4})
    assert order(cap)[:5] == "01267"  # 3.5 of 5 places: 3
    reserve = slate_of([Reserve(Amount(share=0.3), 5)], {0: [7, 8, 9]})
    assert order(reserve)[:5] == "01278"  # 1.5 of 5 places: 2


def test_a_candidate_must_break_none_of_several_caps_with_their_own_first_places():
    actions = [Cap("seller", Amount(count=1), 3), Cap("brand", Amount(count=2), 6)]
    keys = {0: [1, 1, 2, 3, 4, 5, 6, 7, 8, 9], 1: [1, 1, 2, 1, 2, 2, 3, 3, 4, 4]}
    slate = slate_of(actions, {0: list(range(10)), 1: list(range(10))}, keys=keys)
    assert order(slate) == "0234671589"
    assert [slate.capped[i] for i in (1, 3, 5)] == [(0,), (), (1,)]


def test_a_pinned_candidate_counts_for_a_cap_whose_first_places_hold_it():
    actions = [Pin(3), Cap("item.seller_id", Amount(count=1), 4)]
    keys = {1: [1, 2, 3, 4, 5, 1]}
    assert order(slate_of(actions, {0: [5], 1: [0, 5]}, n=6, keys=keys)) == "125304"
    assert order(slate_of([Pin(5), actions[1]], {0: [5], 1: [0, 5]}, n=6, keys=keys)) == "012354"


def test_caps_give_way_where_no_candidate_is_left_and_the_slate_says_so():
    slate = slate_of([Cap("k", Amount(count=1), 10)], {0: [0, 1, 2]}, n=4, keys={0: [1, 1, 1, 1]})
    assert order(slate) == "0312"
    assert slate.relaxed == [(), (0,), (0,), ()]
    assert slate.capped == [(), (0,), (0,), ()]


def test_the_weakest_cap_gives_way_first():
    actions = [Cap("a", Amount(count=0), 10), Cap("b", Amount(count=0), 10), Cap("c", Amount(count=0), 10)]
    keys = {s: [0] * 4 for s in range(3)}
    slate = slate_of(actions, {0: [0], 1: [1, 2], 2: [0, 1, 3]}, n=4, keys=keys)
    assert order(slate) == "3120"
    assert slate.relaxed == [(0, 2), (1, 2), (1,), (2,)]


def test_a_reserve_calls_forward_its_best_only_when_all_places_left_are_needed():
    slate = slate_of([Reserve(Amount(count=2), 5)], {0: [6, 8, 9]})
    assert order(slate) == "0126834579"
    assert np.flatnonzero(slate.reserved == 0).tolist() == [6, 8]


def test_a_reserve_whose_candidates_rank_well_or_are_pinned_moves_nobody():
    assert order(slate_of([Reserve(Amount(count=2), 5)], {0: [1, 2, 9]})) == "0123456789"
    assert order(slate_of([Pin(1), Reserve(Amount(count=1), 5)], {0: [9], 1: [8, 9]})) == "9012345678"


def test_a_reserve_with_too_few_candidates_takes_what_there_is():
    assert order(slate_of([Reserve(Amount(count=4), 5)], {0: [8, 9]})) == "0128934567"


def test_two_reserves_hold_together_and_the_weaker_goes_short_where_both_cannot():
    acts = {0: [6, 7, 8], 1: [3, 4, 9]}
    together = [Reserve(Amount(count=2), 4), Reserve(Amount(count=2), 4)]
    assert order(slate_of(together, acts)) == "3467012589"
    short = [Reserve(Amount(count=3), 4), Reserve(Amount(count=2), 4)]
    assert order(slate_of(short, acts)) == "3678012459"


def test_a_reserve_that_ends_sooner_is_served_sooner():
    actions = [Reserve(Amount(count=2), 6), Reserve(Amount(count=1), 2)]
    assert order(slate_of(actions, {0: [8, 9], 1: [7]})) == "0712893456"


def test_a_stronger_cap_holds_back_a_reserves_candidate_and_a_weaker_one_gives_way():
    cap, reserve = Cap("k", Amount(count=1), 4), Reserve(Amount(count=2), 4)
    stronger = slate_of([cap, reserve], {0: [7, 8], 1: [7, 8]}, keys={0: [0] * 10})
    assert order(stronger) == "0172345689"
    assert stronger.rank_after[7] <= 4 < stronger.rank_after[8]
    weaker = slate_of([reserve, cap], {0: [7, 8], 1: [7, 8]}, keys={1: [0] * 10})
    assert order(weaker) == "0178234569"
    assert weaker.relaxed[8] == (1,)
    assert weaker.relaxed[7] == ()


def test_a_shopper_who_has_seen_enough_sees_the_capped_behind_all_others():
    slate = slate_of([WindowCap("shopper", 3, 1)], {0: [0, 1, 2, 3]}, n=6, spent={0: [1] * 6})
    assert order(slate) == "014523"
    assert [slate.capped[i] for i in range(6)] == [(), (), (0,), (0,), (), ()]
    assert not any(slate.relaxed)


def test_an_entity_that_was_shown_enough_stands_behind_all_others_alone():
    slate = slate_of([WindowCap("entity", 3, 1)], {0: [0, 1, 2]}, n=5, spent={0: [3, 2, 9, 9, 9]})
    assert order(slate) == "13402"


def test_a_window_cap_gives_way_before_a_stronger_cap():
    actions = [Cap("k", Amount(count=0), 10), WindowCap("entity", 0, 1)]
    slate = slate_of(actions, {0: [0], 1: [1]}, n=3, keys={0: [0] * 3}, spent={1: [0] * 3})
    assert order(slate) == "210"
    assert slate.relaxed == [(0,), (1,), ()]


def test_badges_come_strongest_first_and_each_text_once():
    slate = slate_of([Badge("b"), Demote(0.5), Badge("a"), Badge("b")], {0: [0], 2: [0, 1], 3: [0, 1]}, n=3)
    assert slate.badges == [("b", "a"), ("a", "b"), ()]


def test_a_cap_without_its_keys_is_an_error_not_a_guess():
    world = World(candidates([1.0], {0: [0]}), [Cap("item.seller_id", Amount(count=1), 3)])
    with pytest.raises(KeyError):
        build_slate(None, ["c0"], verdicts_of(world), world.actions)


def test_a_plan_made_once_gives_the_same_slate_as_the_actions():
    actions: list[Action] = [Pin(2), Boost(2.0)]
    world = World(candidates(FALLING, {0: [9], 1: [3]}), actions)
    ids = [c.id for c in world.candidates]
    by_plan = build_slate(np.array(FALLING), ids, verdicts_of(world), SlatePlan.of(actions))
    assert order(by_plan) == order(build(world)) == "3901245678"
