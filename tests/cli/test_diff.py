"""Does `aedile diff` find what changed in strategies, and what it does to slates?"""

from __future__ import annotations

import shutil

import pytest

from tests.cli.conftest import Market, request, run


@pytest.fixture
def drafts(market: Market) -> Market:
    """The same marketplace with a second folder: one strategy gone, one new, one changed."""
    shutil.copytree(market.folder / "strategies", market.folder / "draft")
    (market.folder / "draft" / "recalled-exclude.yaml").unlink()
    market.write_strategy(
        "dear-exclude", "tier: safety\npolicy: P\ncondition: item.price > 9.0 && item.price < 15.0\naction: exclude",
        "draft",
    )  # fmt: skip
    market.write_strategy(
        "cheap-demote", "tier: quality\ncondition: item.price < 5.0\naction: {demote: {factor: 0.1}}", "draft"
    )
    return market


def sides(market: Market) -> tuple[object, ...]:
    at = market.folder
    return (at / "strategies", at / "draft", "--schema", at / "schema.yaml", "--lists", at / "lists")


def test_added_removed_and_changed_strategies_are_named_with_their_fields(drafts: Market):
    told = run("diff", *sides(drafts), "--format", "json")
    assert told.code == 0
    changes = {one["strategy"]: one for one in told.json["strategies"]}
    assert {id_: one["what"] for id_, one in changes.items()} == {
        "cheap-demote": "changed", "dear-exclude": "added", "recalled-exclude": "removed",
    }  # fmt: skip
    assert changes["cheap-demote"]["fields"] == [
        {"field": "action", "before": {"demote": {"factor": 0.5}}, "after": {"demote": {"factor": 0.1}}}
    ]
    assert told.json["slates"] is None
    assert "dear-exclude" in run("diff", *sides(drafts)).out


def test_slates_that_change_are_counted_and_put_down_to_strategies(drafts: Market):
    drafts.write_requests(
        request("r1"), request("r2", candidates=[{"id": "i4"}, {"id": "i5"}]), request("r3", candidates=[])
    )
    told = run("diff", *sides(drafts), *drafts.entities, *drafts.requests, "--format", "json").json["slates"]
    assert (told["requests"], told["requests_changed"], told["changed"]) == (3, 1, ["r1"])
    assert (told["newly_excluded"], told["back"]) == (1, 1)
    by_strategy = {one["strategy"]: one for one in told["by_strategy"]}
    assert by_strategy["dear-exclude"]["newly_excluded"] == 1
    assert by_strategy["recalled-exclude"]["back"] == 1
    left_out = {one["id"]: one for one in told["left_out"]}
    assert set(left_out) == {"cheap-demote", "dear-exclude", "recalled-exclude"}
    assert left_out["dear-exclude"]["requests"] == 1
    text = run("diff", *sides(drafts), *drafts.entities, *drafts.requests)
    assert "1 of 3 requests look otherwise" in text.out


def test_a_change_of_stage_share_params_and_times_is_told_in_plain_values(market: Market):
    body = "tier: growth\ncondition: item.price > param.least\naction: {{boost: {{factor: 1.5}}}}\n{}"
    market.write_strategy(
        "one", body.format("params: {default: {least: 1.0}}\nstage: canary\ncanary: {share: 0.05}"), "a"
    )
    market.write_strategy(
        "one",
        body.format(
            "params: {default: {least: 2.0}, ID: {least: 3.0}}\nstage: canary\ncanary: {share: 0.5}\n"
            "starts: 2026-01-01T00:00:00Z\n"
            "examples: [{given: {item.price: 9.0}, market: ID, channel: live, fires: true}]"
        ),
        "b",
    )
    at = market.folder
    told = run("diff", at / "a", at / "b", "--schema", at / "schema.yaml", "--format", "json").json
    fields = {one["field"]: (one["before"], one["after"]) for one in told["strategies"][0]["fields"]}
    assert fields["params"] == ({"default": {"least": 1.0}}, {"default": {"least": 2.0}, "ID": {"least": 3.0}})
    assert fields["canary"] == ({"share": 0.05, "unit": "shopper"}, {"share": 0.5, "unit": "shopper"})
    assert fields["starts"] == (None, "2026-01-01T00:00:00Z")
    assert fields["examples"][1][0]["market"] == "ID"
    assert set(fields) == {"params", "canary", "starts", "examples"}


def test_the_same_folder_twice_is_the_same_and_strict_says_so(drafts: Market):
    same = (drafts.folder / "strategies", *sides(drafts)[:1], *sides(drafts)[2:])
    told = run("diff", *same, "--strict")
    assert told.code == 0
    assert "The strategies are the same." in told.out
    assert run("diff", *sides(drafts), "--strict").code == 3


def test_releases_and_whole_folders_bring_their_own_schema_and_lists(drafts: Market):
    at = drafts.folder
    first, second = at / "1.release", at / "2.release"
    assert run("release", "build", *drafts.world, "--out", first).code == 0
    (at / "lists" / "recalled.txt").write_text("i1\n")
    (at / "schema.yaml").write_text((at / "schema.yaml").read_text().replace("type: bool", "type: bool, unit: yes-no"))
    assert run("release", "build", *drafts.world, "--out", second).code == 0
    told = run("diff", first, second, *drafts.entities, *drafts.requests, "--format", "json").json
    assert told["schema_changed"] is True
    assert told["lists_changed"] == ["recalled"]
    assert told["strategies"] == []
    assert (told["slates"]["newly_excluded"], told["slates"]["back"]) == (2, 2)
    assert told["slates"]["not_left_out"] == "the schemas differ"
    assert run("diff", first, at, "--format", "json").json["lists_changed"] == ["recalled"]


def test_entities_without_requests_and_a_folder_without_schema_are_wrong_calls(drafts: Market):
    told = run("diff", *sides(drafts), *drafts.entities, "--format", "json")
    assert (told.code, told.codes) == (2, ["AED-USE-009"])
    told = run("diff", drafts.folder / "strategies", drafts.folder / "draft", "--format", "json")
    assert (told.code, told.codes) == (2, ["AED-USE-002"])
