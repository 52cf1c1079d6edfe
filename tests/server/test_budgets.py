"""A strategy that touches more than its owner meant it to pauses, or at least says so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedile.engine.decide import Decider
from aedile.engine.strategy import Strategy
from aedile.server.budgets import Budgets
from aedile.store.exposure_counts import Counts
from tests.server.shop import DAY, HOUR, NOON, SECOND, Worker, engine_of, request, strategy

SELLERS = {"a": "north", "b": "north", "c": "south", "d": "south", "e": "south"}
ITEMS = list(SELLERS)


def demote(condition: str, budget: dict[str, float], tier: str = "quality", **others: object) -> Strategy:
    policy = {"policy": "SAF-01"} if tier in ("legal", "safety") else {}
    return strategy("demote", {"demote": {"factor": 0.5}}, condition, budget=budget, tier=tier, **policy, **others)


def worker_of(*strategies: Strategy, floor: int = 20) -> Worker:
    return Worker(engine_of(*strategies, sellers=SELLERS), floor=floor)


def show(worker: Worker, times: int, ids: list[str] = ITEMS, now: int = NOON) -> None:
    for _ in range(times):
        worker.show(request(ids), now)
    worker.exposures.settle(now)


def test_a_share_above_the_limit_pauses_the_strategy() -> None:
    worker = worker_of(demote('item.id == "a"', {"exposures": 0.19}))
    show(worker, 4)
    assert worker.exposures.muted() == {"demote"}
    assert worker.exposures.alerts() == [
        {
            "strategy": "demote", "owner": "testers", "budget": "exposures", "what": "exposures", "share": 0.2,
            "limit": 0.19,
            "since": NOON / SECOND, "paused": True,
        }
    ]  # fmt: skip


def test_a_share_at_the_limit_is_within_it() -> None:
    worker = worker_of(demote('item.id == "a"', {"exposures": 0.2}))
    show(worker, 4)
    assert worker.exposures.muted() == frozenset()
    assert worker.exposures.alerts() == []


def test_nothing_is_judged_before_enough_was_offered() -> None:
    worker = worker_of(demote("true", {"exposures": 0.01}))
    show(worker, 3)
    assert worker.exposures.muted() == frozenset()
    show(worker, 1)
    assert worker.exposures.muted() == {"demote"}


@pytest.mark.parametrize("tier", ["legal", "safety"])
def test_legal_and_safety_alert_and_go_on(tier: str) -> None:
    worker = worker_of(demote("true", {"exposures": 0.01}, tier))
    show(worker, 4)
    assert worker.exposures.muted() == frozenset()
    assert [(alert["strategy"], alert["paused"]) for alert in worker.exposures.alerts()] == [("demote", False)]


def test_a_paused_strategy_touches_nothing_and_is_seen_to_fire() -> None:
    worker = worker_of(demote('item.id == "a"', {"exposures": 0.1}))
    show(worker, 4)
    shadow = engine_of(demote('item.id == "a"', {"exposures": 0.1}, stage="shadow"), sellers=SELLERS)
    worker.run(shadow)  # as a muted strategy is decided
    show(worker, 4)
    assert worker.exposures.alerts()[0]["share"] == 0.1


def test_a_pause_outlives_the_share_that_caused_it_but_not_the_day() -> None:
    worker = worker_of(demote('item.id == "a"', {"exposures": 0.5}))
    show(worker, 20, ["a"])
    show(worker, 80, ["b"])
    assert worker.exposures.alerts()[0]["share"] == 0.2
    assert worker.exposures.muted() == {"demote"}
    worker.exposures.settle(NOON + 12 * HOUR - 1)
    assert worker.exposures.muted() == {"demote"}
    worker.exposures.settle(NOON + 12 * HOUR)
    assert worker.exposures.muted() == frozenset()
    assert worker.exposures.alerts() == []


def test_each_day_is_judged_by_itself() -> None:
    worker = worker_of(demote('item.id == "a"', {"exposures": 0.5}))
    show(worker, 19, ["a"])
    show(worker, 19, ["b"], NOON + DAY)
    show(worker, 1, ["a"], NOON + DAY)
    assert worker.exposures.muted() == frozenset()


def test_a_clock_that_steps_back_over_midnight_finds_the_day_it_left() -> None:
    worker = worker_of(demote("true", {"exposures": 0.5}))
    midnight = NOON + 12 * HOUR
    show(worker, 4, now=midnight - 1)
    show(worker, 1, now=midnight)
    assert worker.exposures.muted() == frozenset()
    worker.exposures.settle(midnight - SECOND)
    assert worker.exposures.muted() == {"demote"}


def test_too_much_of_one_sellers_exposures_pauses_the_strategy() -> None:
    worker = worker_of(demote('item.id == "a"', {"seller": 0.4}), floor=40)
    show(worker, 1)
    assert worker.exposures.muted() == frozenset()  # north: 1 of 2, south: 0 of 3; a seller needs 4
    show(worker, 1)
    assert worker.exposures.muted() == {"demote"}
    (alert,) = worker.exposures.alerts()
    assert (alert["what"], alert["share"], alert["limit"]) == ("exposures of seller north", 0.5, 0.4)


def test_an_item_whose_seller_is_unknown_is_no_sellers() -> None:
    worker = worker_of(demote("true", {"seller": 0.1}))
    show(worker, 100, ["x", "y"])
    assert worker.exposures.alerts() == []


def test_a_seller_as_candidate_is_its_own() -> None:
    worker = worker_of(demote("true", {"seller": 0.1}, applies_to="seller"))
    for _ in range(2):
        worker.show(request(["a", "north", "x"], kinds=["item", "seller", "item"]))
    worker.exposures.settle(NOON)
    (alert,) = worker.exposures.alerts()
    assert (alert["what"], alert["share"]) == ("exposures of seller north", 0.5)  # 2 of its 2 items and 2 of itself


def test_a_seller_may_come_with_the_request() -> None:
    worker = worker_of(demote('content.id == "v"', {"seller": 0.3}, applies_to="content"))
    for _ in range(2):
        sent = {"content.seller_id": [None, "north", "south"]}
        worker.show(request(["a", "v", "w"], kinds=["item", "content", "content"], sent=sent))
    worker.exposures.settle(NOON)
    (alert,) = worker.exposures.alerts()
    assert (alert["what"], alert["share"]) == ("exposures of seller north", 0.5)  # 2 items and 2 videos of north


def test_a_seller_is_judged_by_its_whole_day_when_the_limit_is_lowered() -> None:
    worker = worker_of(demote('item.id == "a"', {"seller": 0.6}))
    show(worker, 20)
    assert worker.exposures.muted() == frozenset()
    worker.run(engine_of(demote('item.id == "a"', {"seller": 0.4}), sellers=SELLERS))
    worker.exposures.settle(NOON)
    assert worker.exposures.muted() == {"demote"}


def test_a_release_with_a_higher_limit_ends_the_pause() -> None:
    worker = worker_of(demote('item.id == "a"', {"exposures": 0.1}))
    show(worker, 4)
    worker.run(engine_of(demote('item.id == "a"', {"exposures": 0.3}), sellers=SELLERS))
    assert worker.exposures.muted() == frozenset()
    worker.exposures.settle(NOON)
    assert worker.exposures.muted() == frozenset()


@pytest.mark.parametrize(
    ("budget", "floor", "what"),
    [({"exposures": 0.1}, 20, "exposures"), ({"seller": 0.3}, 100, "exposures of seller north")],
)
def test_workers_together_are_over_a_budget_that_neither_is_by_itself(
    budget: dict[str, float], floor: int, what: str
) -> None:
    release = demote('item.id == "a"', budget)
    one, two = worker_of(release, floor=floor), worker_of(release, floor=floor)
    show(one, 3)
    show(two, 3)
    assert one.exposures.muted() == two.exposures.muted() == frozenset()
    told = one.exposures.delta(), two.exposures.delta()
    for worker, other in ((one, told[1]), (two, told[0])):
        worker.exposures.merge(Counts.decode(other.encode()), NOON)
        worker.exposures.settle(NOON)
    assert one.exposures.muted() == {"demote"}
    assert one.exposures.alerts() == two.exposures.alerts()
    assert [alert["what"] for alert in one.exposures.alerts()] == [what]


def test_a_worker_that_starts_again_knows_what_was_found() -> None:
    release = demote('item.id == "a"', {"exposures": 0.1})
    worker = worker_of(release)
    show(worker, 4)
    again = worker_of(release)
    again.exposures.merge(Counts.decode(worker.exposures.delta().encode()), NOON + HOUR)
    again.exposures.settle(NOON + HOUR)
    assert again.exposures.alerts() == worker.exposures.alerts()


def test_invented_sellers_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aedile.server.budgets.MAX_SELLERS", 10)
    release = demote("true", {"seller": 0.9}, applies_to="seller")
    engine = engine_of(release)
    budgets = Budgets(1000)
    watch = budgets.configure(engine)
    for start in range(0, 30, 3):
        asked = request([f"seller-{start + number}" for number in range(3)], kinds=["seller"] * 3)
        budgets.add(Decider(engine).decide(asked), watch, NOON)
        budgets.judge(NOON)
    (day,) = budgets.delta().values()
    assert len(day.sellers) == len(day.touched_sellers["demote"]) == 10
    assert day.offered == 30


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.sampled_from([*ITEMS, "x"]), unique=True)), max_size=12))
def test_shares_equal_a_plain_tally_however_the_counting_is_split(asked: list[tuple[int, list[str]]]) -> None:
    release = demote('item.id in ["a", "c", "x"]', {"exposures": 0.3, "seller": 0.5})
    workers = [worker_of(release, floor=1) for _ in range(3)]
    for number, ids in asked:
        workers[number].show(request(ids))
        if len(ids) % 2:
            workers[number].exposures.settle(NOON)
    total = Counts()
    for worker in workers:
        total.add(worker.exposures.delta())
    shown = [item for _, ids in asked for item in ids]
    day = total.days.get(NOON // DAY)
    if day is None:
        assert asked == []
        return
    assert day.offered == len(shown)
    assert day.touched == ({"demote": n} if (n := sum(item in "acx" for item in shown)) else {})
    sellers = [SELLERS[item] for item in shown if item in SELLERS]
    assert day.sellers == {seller: sellers.count(seller) for seller in sellers}
    touched = [SELLERS[item] for item in shown if item in "ac"]
    assert day.touched_sellers.get("demote", {}) == {seller: touched.count(seller) for seller in touched}
