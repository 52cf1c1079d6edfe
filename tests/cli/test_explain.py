"""Does `aedile explain` say why a candidate stands where it stands?"""

from __future__ import annotations

import pytest

from tests.cli.conftest import Market, request, run


def test_a_candidate_is_told_with_places_and_every_strategy_that_matters(market: Market):
    told = run("explain", *market.all, "--request", "r1", "--item", "i4")
    assert told.code == 0
    assert "item i4 in r1 (ID, search, “lamp”)" in told.out
    assert "sent at place 5 → place 1" in told.out
    for strategy in ("campaign-pin (live) fires", "acme-boost (live) fires", "young-seller-refer (live) fires"):
        assert strategy in told.out
    assert "new-shopper-boost (shadow) does not fire: its condition is unknown" in told.out
    assert "cheap-demote" not in told.out
    assert 'to turn it around: item.brand from "Acmé" to' in told.out


def test_json_has_the_decision_literals_and_the_least_change(market: Market):
    told = run("explain", *market.all, "--item", "i1", "--strategy", "cheap-demote", "--format", "json").json
    assert told["candidate"]["id"] == "i1"
    (explained,) = told["strategies"]
    assert (explained["strategy"], explained["fires"]) == ("cheap-demote", False)
    (literal,) = explained["literals"]
    assert literal["values"] == {"item.price": 10.0}
    before, after = explained["least_change"]["changes"]["item.price"]
    assert before == 10.0
    assert after < 5.0


def test_an_unknown_condition_names_its_reason(market: Market):
    told = run("explain", *market.all, "--item", "i5", "--strategy", "cheap-demote")
    assert "does not fire: its condition is unknown" in told.out
    assert "(unknown: AED-LANG-050 item.price)" in told.out


def test_a_strategy_out_of_scope_and_a_paused_one_say_so(market: Market):
    market.write_strategy("resting", "tier: growth\ncondition: 'true'\naction: exclude\nstage: paused")
    out_of_scope = run("explain", *market.all, "--request", "r2", "--item", "i1", "--strategy", "acme-boost")
    assert "market: MY is not among ID" in out_of_scope.out
    paused = run("explain", *market.all, "--item", "i1", "--strategy", "resting")
    assert "does not fire: stage: the strategy is paused" in paused.out


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (("--request", "r9", "--item", "i1"), "there are r1, r2"),
        (("--item", "i9"), "there are i1, i2, i3, i4, i5"),
        (("--item", "i1", "--kind", "seller"), None),
        (("--item", "i1", "--strategy", "acme-bost"), "did you mean `acme-boost`?"),
    ],
)
def test_what_is_not_there_is_a_wrong_call(market: Market, options: tuple[str, ...], hint: str | None):
    told = run("explain", *market.all, *options, "--format", "json")
    assert (told.code, told.codes) == (2, ["AED-USE-007"])
    if hint:
        assert told.json["errors"][0]["hint"] == hint


def test_an_id_of_two_kinds_asks_for_the_kind(market: Market):
    market.write_requests(request("r1", candidates=[{"id": "x"}, {"kind": "seller", "id": "x"}]))
    assert run("explain", *market.all, "--item", "x", "--format", "json").codes == ["AED-USE-007"]
    assert run("explain", *market.all, "--item", "x", "--kind", "seller").code == 0


def test_no_requests_at_all_is_said(market: Market):
    market.write_requests()
    assert run("explain", *market.all, "--item", "i1", "--format", "json").codes == ["AED-USE-007"]
