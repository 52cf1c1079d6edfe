"""Is a decision that was logged in full made again byte for byte, and was it the one the text asks for?"""

from __future__ import annotations

from random import Random

import pytest

from aedile.engine.inquiry import inquire
from aedile.engine.rows import decision_rows
from aedile.errors import StoreError
from aedile.store.decision_detail import read_detail
from aedile.store.replay import Replayer
from tests.replay.mall import NOON, SHOPPERS, Mall, plain_decision, read_lists
from tests.scale import tenth_of

DECISIONS_A_MALL = 100


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    return read_lists(tmp_path_factory.mktemp("lists"))


def decisions(seed, lists, count=DECISIONS_A_MALL):
    """A mall and its decisions one after another, while entities come and go and exposures are counted."""
    mall = Mall(Random(seed), lists)
    for number in range(count):
        if mall.rng.random() < 0.3:
            mall.live_on()
        yield mall, mall.decide(mall.ask(number), NOON + number * 20_000_000)


def test_what_was_logged_in_full_replays_byte_for_byte_and_its_slate_is_the_plain_one(lists):
    malls = tenth_of(10_000) // DECISIONS_A_MALL
    for seed in range(malls):
        logged = []
        for mall, one in decisions(seed, lists):
            plain, slate = plain_decision(mall, one), one.decision.slate
            assert slate.order.tolist() == plain.order
            assert slate.badges == plain.badges
            assert slate.pinned.tolist() == plain.pinned
            assert slate.reserved.tolist() == plain.reserved
            assert slate.capped == plain.capped
            assert slate.relaxed == plain.relaxed
            logged.append(one)
        replayer = Replayer(mall.release)
        for one in mall.rng.sample(logged, len(logged)):
            again = replayer.replay(read_detail(one.detail))
            assert again.answer == one.answer
            rows, then = (decision_rows(d, mall.engine.strategies, 7) for d in (again.decision, one.decision))
            assert [hidden(row) for row in rows] == [hidden(row) for row in then]
            assert again.not_kept == ()


def hidden(row):
    return {name: value for name, value in row.items() if name not in ("shopper",)}


def test_no_shopper_is_named_in_what_is_logged(lists):
    for _, one in decisions(1, lists):
        for shopper in SHOPPERS:
            # One is in the release's own conditions and lists; what is logged says nothing but how those came out.
            assert shopper is None or f'"shopper":"{shopper}"'.encode() not in one.detail
            assert read_detail(one.detail).counters == [c for c in read_detail(one.detail).counters if c[1] != shopper]


def test_every_action_list_and_draw_takes_part(lists):
    fired, kept, counted = set(), set(), 0
    for seed in range(20):
        for mall, one in decisions(seed, lists, 20):
            numbers = set(one.decision.verdicts.fired.tolist())
            fired |= {mall.engine.strategies[n].action.name for n in numbers}
            detail = read_detail(one.detail)
            kept |= {(name.partition("(")[0].partition(" of ")[0], out) for name, out in detail.shopper.items()}
            counted += len(detail.counters)
    assert fired == {"exclude", "demote", "boost", "pin", "badge", "refer", "exempt", "cap", "reserve"}
    assert {("request.~canary", True), ("request.~canary", False), ("request.~in_list", True)} <= kept
    assert ("request.~in_list", None) in kept
    assert counted > 50


def test_a_logged_decision_can_be_explained_without_the_shopper(lists):
    explained = 0
    for mall, one in decisions(3, lists):
        replayer = Replayer(mall.release)
        again = replayer.replay(read_detail(one.detail), with_unknown=True)
        if not len(again.decision.verdicts):
            continue
        found = inquire(again.decider, again.decision, 0, 7)
        fired = {e.strategy for e, _ in found.strategies if e.fires}
        assert {*found.row["fired"], *found.row["shadow_fired"]} == fired
        for explanation, flip in found.strategies:
            assert not any(change.feature.startswith("request.~") for change in flip.changes)
            for literal in explanation.literals:
                assert "request.~" not in literal.text
                explained += "request.shopper" in literal.text
    assert explained > 10


def test_a_release_that_asks_something_new_of_shoppers_says_what_was_not_kept(lists):
    one_mall, one = next(decisions(5, lists))
    other = Mall(Random(6), lists)
    again = Replayer(other.release).replay(read_detail(one.detail), as_release=8)
    assert set(again.not_kept) == set(other.keeper.names) - set(one_mall.keeper.names)


def test_a_detail_of_another_format_is_refused_with_its_number(lists):
    _, one = next(decisions(0, lists))
    for damaged in (one.detail[:50], b"", b"\x93\x02"):
        with pytest.raises(StoreError) as caught:
            read_detail(damaged)
        assert caught.value.code.name == "AED-STORE-070"
