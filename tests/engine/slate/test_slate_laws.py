"""What holds for every slate, whatever acts?"""

from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aedile.engine.actions import Amount, Boost, Cap, Exclude, Pin, Reserve
from aedile.engine.slate import build_slate
from tests.engine.slate.worlds import (
    CAPS,
    OTHERS,
    PINS,
    RESERVES,
    WINDOW_CAPS,
    World,
    build,
    candidates,
    verdicts_of,
    worlds,
)

lawful = settings(max_examples=400)


@lawful
@given(worlds())
def test_nothing_is_dropped_but_by_an_exclude(world: World) -> None:
    shown = [
        i for i, c in enumerate(world.candidates) if not any(isinstance(world.actions[s], Exclude) for s in c.acts)
    ]
    slate = build(world)
    assert sorted(slate.order.tolist()) == shown
    assert np.flatnonzero(slate.rank_after).tolist() == shown


@lawful
@given(worlds(), st.integers(1, 5))
def test_pages_agree_with_the_finished_slate(world: World, size: int) -> None:
    whole = build(world).order.tolist()
    pages = [build(world, offset=start, limit=size) for start in range(0, len(whole) + size, size)]
    assert [c for page in pages for c in page.page.tolist()] == whole
    assert all(page.order.tolist() == whole for page in pages)


@lawful
@given(worlds())
def test_every_pin_stands_where_it_wishes_unless_a_stronger_or_better_pin_took_the_place(world: World) -> None:
    slate = build(world)
    m = len(slate.order)
    taken: set[int] = set()
    for strategy, action in enumerate(world.actions):
        if isinstance(action, Pin):
            mine = np.flatnonzero(slate.pinned == strategy).tolist()
            wished = min(action.position, m)
            places = {int(slate.rank_after[i]) for i in mine}
            assert not mine or wished in places | taken
            taken |= places


@lawful
@given(worlds(OTHERS | st.just(Boost(2.0))), st.data())
def test_a_stronger_boost_never_lowers_the_place(world: World, data: st.DataObject) -> None:
    boosts = [s for s, action in enumerate(world.actions) if isinstance(action, Boost)]
    assume(boosts)
    strategy = data.draw(st.sampled_from(boosts))
    boosted = [i for i, c in enumerate(world.candidates) if strategy in c.acts]
    assume(boosted)
    only = data.draw(st.sampled_from(boosted))
    alone = [c if i == only else replace(c, acts=c.acts - {strategy}) for i, c in enumerate(world.candidates)]
    weak = World(alone, world.actions)
    strong = World(alone, [Boost(10.0) if s == strategy else a for s, a in enumerate(world.actions)])
    assert build(strong).rank_after[only] <= build(weak).rank_after[only]


@lawful
@given(worlds(), st.booleans())
def test_a_slate_without_verdicts_is_in_order_of_score_and_doing_it_again_changes_nothing(
    world: World, sent_with_scores: bool
) -> None:
    bare = World([replace(c, acts=set()) for c in world.candidates], [])
    once = build(bare)
    expected = sorted(range(len(bare.candidates)), key=lambda i: (-bare.candidates[i].score, bare.candidates[i].id))
    assert once.order.tolist() == expected
    assert once.rank_before.tolist() == once.rank_after.tolist()
    again = World([bare.candidates[i] for i in once.order.tolist()], [])
    if sent_with_scores:
        assert build(again).order.tolist() == list(range(len(expected)))
    else:
        slate = build_slate(None, [c.id for c in again.candidates], verdicts_of(again), [])
        assert slate.order.tolist() == list(range(len(expected)))


@lawful
@given(worlds(OTHERS | RESERVES.filter(lambda r: r.first_n > 1), most=12), st.booleans())
def test_a_reserve_holds_as_far_as_there_are_candidates_and_places(world: World, with_weaker_caps: bool) -> None:
    reserves = [s for s, action in enumerate(world.actions) if isinstance(action, Reserve)]
    assume(reserves)
    only = reserves[0]
    actions = [a if s == only or not isinstance(a, Reserve) else Boost(2.0) for s, a in enumerate(world.actions)]
    offered = world.candidates
    if with_weaker_caps:
        actions.append(Cap("item.seller_id", Amount(count=1), 6))
        cap = len(actions) - 1
        offered = [replace(c, acts=c.acts | {cap}, keys={**c.keys, cap: i % 2}) for i, c in enumerate(offered)]
    slate = build(World(offered, actions))
    reserve = actions[only]
    assert isinstance(reserve, Reserve)
    members = [i for i in slate.order.tolist() if only in offered[i].acts]
    held = [i for i in members if slate.rank_after[i] <= reserve.first_n]
    places = min(reserve.first_n, len(slate.order))
    assert len(held) >= min(reserve.min.at_least(reserve.first_n), len(members), places)


@lawful
@given(st.lists(st.integers(0, 3), min_size=1, max_size=14), st.lists(st.integers(1, 3), min_size=3, max_size=3))
def test_reserves_of_different_candidates_hold_together_where_there_is_room(kinds: list[int], needs: list[int]) -> None:
    n, first_n = len(kinds), 6
    actions = [Reserve(Amount(count=need), first_n) for need in needs]
    possible = [min(need, kinds.count(s)) for s, need in enumerate(needs)]
    assume(sum(possible) <= min(first_n, n))
    members = {s: [i for i in range(n) if kinds[i] == s] for s in range(3)}
    first = build(World(candidates([1.0 / (i + 1) for i in range(n)], members), actions)).order.tolist()[:first_n]
    assert all(sum(kinds[i] == s for i in first) >= possible[s] for s in range(3))


@lawful
@given(worlds(CAPS | OTHERS | RESERVES | WINDOW_CAPS))
def test_a_cap_that_gave_way_to_nobody_holds(world: World) -> None:
    slate = build(world)
    for s, action in enumerate(world.actions):
        if isinstance(action, Cap) and not any(s in caps for caps in slate.relaxed):
            first = [world.candidates[i] for i in slate.order.tolist()[: action.first_n]]
            keys = [c.keys[s] for c in first if s in c.acts and s in c.keys]
            assert all(keys.count(key) <= action.max.at_most(action.first_n) for key in keys)


@lawful
@given(worlds(CAPS | PINS | RESERVES | OTHERS))
def test_a_candidate_nothing_speaks_of_keeps_its_order_among_its_like(world: World) -> None:
    slate = build(world)
    untouched = [i for i in slate.order.tolist() if not world.candidates[i].acts]
    assert [slate.rank_before[i] for i in untouched] == sorted(slate.rank_before[i] for i in untouched)
