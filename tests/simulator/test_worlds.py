"""Can everything be chosen that is said to be, and is what cannot be refused with its reason?"""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from aedile.errors import UsageError
from aedile.simulator.calendars import begin_of
from aedile.simulator.demand import ask, requests_on
from aedile.simulator.incidents import plan
from aedile.simulator.market import make_place
from aedile.simulator.parameters import MARKETS, World, from_yaml, to_yaml

SMALL = World(items=600, days=2, exposures=20_000)


def test_a_world_that_is_printed_is_read_as_it_is():
    world = replace(SMALL, markets=MARKETS[:2], told=0.5)
    assert from_yaml(to_yaml(world)) == world
    assert from_yaml("") == World()


def test_a_file_says_only_what_is_other():
    world = from_yaml(
        "items: 900\nmarkets: [{code: SA, share: 1}]\npolicies: {IPR-02: {model: {auc: 0.99}}}\n"
        "incidents: {carrier_failure: {strength: 0.0}}\n"
    )
    assert [market.code for market in world.markets] == ["SA"]
    assert world.markets[0].zone == "Asia/Riyadh"
    assert world.policies["IPR-02"].model.auc == 0.99
    assert world.policies["IPR-02"].prevalence == World().policies["IPR-02"].prevalence
    assert "carrier_failure" not in plan(world, world.markets[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("itmes: 3", "did you mean"), ("items: many", "items"), ("items: 3", "from 100"), ("days: 0", "days"),
        ("policies: {IPR-02: {model: {auc: 1.5}}}", "auc"), ("markets: [{code: XX}]", "XX"), ("markets: US", "a list"),
        ("- 1", "a mapping"), ("{", "YAML"), ("channels: {search: {steepness: -1}}", "steepness"),
        ("incidents: {carrier_failure: {starts: 2}}", "starts"), ("limit: 30", "limit"), ("start: soon", "start"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(text, said):
    with pytest.raises(UsageError) as caught:
        from_yaml(text)
    assert caught.value.code.name == "AED-USE-065"
    assert said in f"{caught.value}"


def test_markets_have_different_numbers_and_the_sum_is_what_was_asked():
    assert sum(SMALL.count("items", market) for market in SMALL.markets) == SMALL.items
    expected = sum(requests_on(SMALL, market, SMALL.start) for market in SMALL.markets)
    place = make_place(SMALL, SMALL.markets[0], 3)
    asked = ask(place, SMALL.start)
    mine = requests_on(SMALL, SMALL.markets[0], SMALL.start)
    assert abs(len(asked) - mine) < 0.1 * mine + 5 * mine**0.5
    assert 0.25 * expected < mine < 0.4 * expected


def test_shoppers_come_by_the_clock_and_in_visits():
    world = replace(SMALL, exposures=400_000)
    place = make_place(world, world.markets[1], 3)
    asked = ask(place, world.start)
    hours = (asked.at - begin_of(world.start, "Asia/Jakarta")) // 3_600_000_000
    assert asked.at.tolist() == sorted(asked.at.tolist())
    assert (hours == 20).sum() > 6 * (hours == 3).sum()
    assert 2 < len(asked) / len({*asked.visit.tolist()}) < 4


def test_titles_are_in_the_markets_language():
    titles = {m.code: " ".join(make_place(SMALL, m, 3).titles.to_pylist()) for m in SMALL.markets}
    assert "حقيبة" in titles["SA"]
    assert "Handtasche" in titles["DE"]
    assert "tas tangan" in titles["ID"]
    assert "handbag" in titles["US"]
    assert all(yaml.safe_load(to_yaml(SMALL))["markets"][n]["code"] == m.code for n, m in enumerate(SMALL.markets))
