"""Do the demo's shoppers leave facts that an intake takes, at the time at which they happen?"""

from __future__ import annotations

from random import Random

from aedile.facts import kind_of
from aedile.facts.reading import read_rows
from aedile.simulator.visits import Offer, Visits, worth_of

NOW = 1_795_854_600_000_000  # 2026-11-28T08:30:00Z
ITEMS = [f"e{number:07d}" for number in range(40)]
SECOND = 1_000_000


def visits() -> Visits:
    found = Visits({item: Offer(1_995, "USD", "HP") for item in ITEMS}, Random(3))
    for number in range(300):
        request = {"id": f"r{number}", "market": "ID", "channel": "search", "shopper": f"s{number % 50}",
                   "candidates": [{"id": item} for item in ITEMS]}  # fmt: skip
        found.see({**request, "query": "laptop"} if number % 2 else request, ITEMS[number % 20 :], NOW)
    return found


def test_an_intake_takes_all_of_them():
    for kind, facts in visits().due(NOW + 3_600 * SECOND).items():
        read = read_rows(kind_of(kind), facts, NOW + 3_600 * SECOND)
        assert read.refused == []
        assert len(read.table) == len(facts) > 10
        assert len({fact["id"] for fact in facts}) == len(facts)


def test_they_wait_until_they_have_happened_and_come_once():
    seen = visits()
    first = seen.due(NOW + 2 * SECOND)
    assert max(fact["position"] for fact in first["exposures"]) == 5
    assert len(first["searches"]) == 150
    assert "orders" not in first
    rest = seen.due(NOW + 3_600 * SECOND)
    assert min(fact["position"] for fact in rest["exposures"]) == 6
    assert seen.due(NOW + 7_200 * SECOND) == {}


def test_what_is_worth_more_is_opened_more_often():
    facts = visits().due(NOW + 3_600 * SECOND)
    halves = sorted(ITEMS, key=worth_of)[:20], sorted(ITEMS, key=worth_of)[20:]
    rates = []
    for half in halves:
        shown = [fact for fact in facts["exposures"] if fact["entity"] in half]
        clicked = [fact for fact in facts["clicks"] if fact["entity"] in half]
        rates.append(len(clicked) / sum(fact["examined"] for fact in shown))
    assert rates[1] > 1.3 * rates[0]
