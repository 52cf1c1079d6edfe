"""The log over the API: found, explained, made again by another release; and never of markets that are not theirs."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from ..decisions.conftest import ODD, desk, empty_log, request  # noqa: F401  fixtures


@pytest.fixture
def analyst(make_person):
    return make_person("analyst")


def test_decisions_are_found_page_by_page_and_told_whole(desk, analyst, call):  # noqa: F811
    desk.decide([request(f"r-{number}") for number in range(5)])
    found, after = [], ""
    while after is not None:
        page = call(analyst, "GET", f"/decisions?strategy=dear-demote&limit=2&after={after}").told
        found, after = found + [one["request"] for one in page["items"]], page["after"]
    assert found == [f"r-{number}" for number in range(4, -1, -1)]
    one = call(analyst, "GET", f"/decisions/one?id=r-1&at={desk.at['r-1']}").told
    assert one == call(analyst, "GET", "/decisions/one?id=r-1").told
    assert {each["id"]: each["after"] for each in one["candidates"]}["fake"] is None
    assert one["shopper"].endswith("…")
    assert "ann-the-shopper" not in str(one)
    assert call(analyst, "GET", "/decisions/one?id=no-such").status_code == 404
    assert call(analyst, "GET", "/decisions?since=yesterday").status_code == 400


def test_why_names_strategies_values_and_the_least_change(desk, analyst, call):  # noqa: F811
    desk.decide([request("r-1")])
    told = call(analyst, "GET", "/decisions/why?id=r-1&candidate=dear").told
    (strategy,) = told["strategies"]
    assert strategy["strategy"] == "dear-demote"
    assert strategy["least_change"]
    assert (told["is_same"], told["trouble"]) == (True, None)
    odd = call(analyst, "GET", f"/decisions/why?{urlencode({'id': 'r-1', 'candidate': ODD})}").told
    assert odd["candidate"]["id"] == ODD
    assert call(analyst, "GET", "/decisions/why?id=r-1&candidate=none").status_code == 404


def test_another_release_would_have_placed_it_elsewhere(desk, analyst, call):  # noqa: F811
    desk.decide([request("r-1")])
    release = call(analyst, "GET", "/decisions/one?id=r-1").told["release"]
    desk.live("fair-pin", 'item.title == "A fair one"', {"pin": {"position": 1}})
    told = call(analyst, "GET", f"/decisions/replay?id=r-1&release={release + 1}").told
    assert ["fair-pin"] in [one["only_after"] for one in told["differences"]]
    assert call(analyst, "GET", "/decisions/replay?id=r-1&release=99").told["trouble"]["code"].startswith("AED-")
    desk.decide([request("r-2")], in_full=False)
    assert call(analyst, "GET", "/decisions/replay?id=r-2&release=1").status_code == 400
    assert call(analyst, "GET", "/decisions/why?id=r-2&candidate=dear").told["strategies"] is None


def test_what_acts_on_an_item_and_on_a_sellers_items_is_told(desk, analyst, call):  # noqa: F811
    desk.decide([request("r-1")])
    item = call(analyst, "GET", "/entities?id=dear").told
    (act,) = [one for one in item["acts"] if one["how"] == "acts"]
    assert (act["strategy"], act["version"], act["author"]) == ("dear-demote", 1, desk.author.person.email)
    assert act["approvers"] == [desk.approver.person.email]
    assert item["links"] == [{"kind": "seller", "id": "shop-1"}]
    assert [one["request"] for one in item["recent"]["items"]] == ["r-1"]
    seller = call(analyst, "GET", "/entities?kind=seller&id=shop-2").told
    assert {one["id"]: one["acting"] for one in seller["members"][0]["listed"]}["fake"] == ["fake-exclude"]
    (shown,) = call(analyst, "GET", "/entities/exposures?id=dear").told
    assert (shown["shown"], shown["touched"]) == (1, 1)
    counts = call(analyst, "GET", "/decisions/counts?strategy=dear-demote").told
    assert {(one["market"], one["part"], one["decisions"]) for one in counts["items"]} >= {("ID", "acted", 1)}
    told = call(analyst, "GET", "/decisions/readout?strategy=dear-demote&days=7").told
    assert (told["company"]["part"], told["company"]["others"], told["counts"]["is_partial"]) == ("fired", [], False)
    assert told["company"]["candidates"] == sum(
        one["candidates"] for one in told["counts"]["items"] if one["part"] == "fired"
    )
    assert call(analyst, "GET", "/decisions/readout?strategy=dear-demote&days=2").status_code == 400
    assert call(analyst, "GET", "/entities?kind=planet&id=mars").status_code == 404


def test_a_market_that_is_not_theirs_is_as_if_nothing_had_happened_there(desk, make_person, call):  # noqa: F811
    desk.decide([request("r-id"), request("r-my", "MY")])
    theirs = make_person("analyst", markets=["MY"])
    assert [one["request"] for one in call(theirs, "GET", "/decisions").told["items"]] == ["r-my"]
    assert call(theirs, "GET", "/decisions?market=ID").told["items"] == []
    for path in ("one?", "why?candidate=dear&", "replay?release=1&"):
        assert call(theirs, "GET", f"/decisions/{path}id=r-id&at={desk.at['r-id']}").status_code == 404
        assert call(theirs, "GET", f"/decisions/{path}id=r-id").status_code == 404
    assert {one["market"] for one in call(theirs, "GET", "/decisions/counts?strategy=dear-demote").told["items"]} == {
        "MY"
    }
