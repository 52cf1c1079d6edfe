"""Does the whole way work by verbs alone: keys, releases, the kill switch, entities, a load, why, and replay?"""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import pytest

from bench.serving.processes import folder, serving, until
from tests.cli.conftest import ITEMS, SCHEMA, STRATEGIES, Market, request, run

CHEAP = "tier: quality\ncondition: item.price < {}\naction: {{demote: {{factor: 0.1}}}}"


@pytest.fixture(scope="module")
def way(tmp_path_factory):
    """A marketplace, and a server that decides it, logging all in full."""
    market = Market(tmp_path_factory.mktemp("market"))
    (market.folder / "schema.yaml").write_text(SCHEMA)
    for id_, body in STRATEGIES.items():
        market.write_strategy(id_, body)
    (market.folder / "lists").mkdir()
    (market.folder / "lists" / "recalled.txt").write_text("i3\n")
    (market.folder / "items.csv").write_text(ITEMS)
    (market.folder / "sellers.csv").write_text("id,age\ns1,2400h\ns2,1h\n")
    with (
        folder() as root,
        serving(root, workers=1, settings={"AEDILE_LOG_FULL_SHARE": "1"}, log=root / "log") as server,
    ):
        server.make_key()
        key = market.folder / "key"
        key.write_text(server.key)
        at = ("--home", server.home)
        told = run("release", "publish", *market.world, *at, "--by", "ann", "--note", "the first", "--format", "json")
        assert told.code == 0, told.err
        until(lambda: server.decides_by(1), "the release")
        yield SimpleNamespace(market=market, server=server, at=at, key=key, to=("--url", server.url, "--key-file", key))


def decide(way, **more):
    with way.server.client() as client:
        answer = client.post("/v1/decisions", json=request(**{"context": {"is_new": True}, **more}))
    assert answer.status_code == 200, answer.text
    return answer.json()


def until_logged(way, id_):
    until(lambda: run("why", "--request", id_, *way.at).code == 0, f"{id_} to be logged")


def test_entities_are_put_and_withdrawn(way):
    for kind, file in (("item", "items.csv"), ("seller", "sellers.csv")):
        named = ("--schema", way.market.folder / "schema.yaml", "--entities", f"{kind}={way.market.folder / file}")
        told = run("entities", "put", *way.to, *named, "--format", "json")
        assert told.code == 0, told.err
    assert told.json["accepted"] == {"seller": 2}
    until(lambda: way.server.has_applied(told.json["sequence"]), "the entities")
    ids = way.market.folder / "gone"
    ids.write_text("i2\n")
    assert run("entities", "withdraw", *way.to, "--kind", "item", "--ids", ids).code == 0
    assert run("entities", "withdraw", *way.to, "--kind", "planet", "--ids", ids, "--format", "json").codes == [
        "AED-DATA-105"
    ]


def test_a_decision_says_why_and_replays(way):
    answer = decide(way, id="why-1")
    assert [one["id"] for one in answer["excluded"]] == ["i3"]
    until_logged(way, "why-1")
    slate = run("why", "--request", "why-1", *way.at)
    assert slate.code == 0, slate.err
    assert "i3" in slate.out
    item = run("why", "--request", "why-1", "--item", "i3", *way.at, "--format", "json")
    assert "recalled-exclude" in item.out
    assert item.json
    assert "recalled-exclude" in run("why", "--request", "why-1", "--item", "i3", *way.at).out
    unknown = run("why", "--request", "nobody-asked", *way.at)
    assert unknown.code in (1, 2)
    assert "nobody-asked" in unknown.err
    same = run("replay", *way.at, "--format", "json")
    assert same.code == 0, same.err


def test_another_release_is_compared_with_what_was_decided(way):
    decide(way, id="compared")
    until_logged(way, "compared")
    market = way.market
    market.write_strategy("cheap-demote", CHEAP.format('5.0 || item.id == "i2"'))
    out = market.folder / "next.release"
    assert run("release", "build", *market.world, "--out", out, "--parent", "1").code == 0
    told = run("replay", *way.at, "--release", out, "--format", "json")
    assert told.code == 0, told.err
    assert told.json["moved"] >= 1
    assert [one["strategy"] for one in told.json["by_strategy"]] == ["cheap-demote"]


def test_releases_are_published_listed_and_rolled_back(way):
    market = way.market
    market.write_strategy("cheap-demote", CHEAP.format(6.0))
    assert run("release", "publish", *market.world, *way.at, "--by", "bo").code == 0
    again = run("release", "publish", *market.world, *way.at, "--format", "json")
    assert again.codes == ["AED-REL-006"]
    until(lambda: way.server.decides_by(2), "release 2")
    assert run("release", "rollback", "1", *way.at, "--by", "cy", "--note", "worse").code == 0
    until(lambda: way.server.decides_by(3), "release 3")
    history = run("release", "history", *way.at)
    assert "back to release 1: worse" in history.out
    assert "the first" in history.out
    assert run("release", "rollback", "99", *way.at, "--format", "json").codes == ["AED-REL-007"]


def test_frozen_releases_wait_and_the_freeze_is_listed_and_cleared(way):
    now = time.time()
    start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + shift)) for shift in (-60, 3600))
    assert run("freeze", "add", "--from", start, "--until", end, "--why", "12.12", *way.at).code == 0
    assert "12.12" in run("freeze", "list", *way.at).out
    way.market.write_strategy("cheap-demote", CHEAP.format(7.0))
    assert run("release", "publish", *way.market.world, *way.at, "--format", "json").codes == ["AED-REL-005"]
    assert run("freeze", "clear", *way.at).code == 0
    assert run("freeze", "list", *way.at, "--format", "json").json["freezes"] == []
    wrong = run("freeze", "add", "--from", end, "--until", start, "--why", "x", *way.at)
    assert wrong.code == 2


def test_the_kill_switch_turns_strategies_off_and_on_within_a_second(way):
    def boosted():
        return [one for one in decide(way, id=f"k{time.monotonic_ns()}")["slate"][:1] if one["id"] == "i4"]

    until(boosted, "the pin of tier growth")
    assert run("kill", "--below", "quality", "--why", "prices are wrong", *way.at).code == 0
    until(lambda: not boosted(), "strategies to be off")
    assert decide(way, id="still")["excluded"], "tier legal stays"
    status = way.server.status()
    until(lambda: "prices are wrong" in str(way.server.status()["killed"]), "the page to say so")
    assert status["release"]
    assert run("kill", "--off", *way.at).code == 0
    until(boosted, "strategies to act again")
    assert run("kill", *way.at).code == 2
    assert run("kill", "--below", "legal", *way.at).code == 2


def test_keys_are_made_listed_and_revoked(way):
    made = run(
        "key", "create", "--scope", "decide", "--expires", "2h", "--note", "مرحبا", *way.at, "--format", "json"
    ).json
    assert made["key"].startswith(f"aedile_{made['id']}_")
    listed = run("key", "list", *way.at)
    assert made["id"] in listed.out
    assert made["key"] not in listed.out
    assert run("key", "revoke", made["id"], *way.at).code == 0
    assert made["id"] not in run("key", "list", *way.at).out
    assert run("key", "revoke", made["id"], *way.at).code == 2
    for wrong in (("--scope", "all"), ("--scope", "decide", "--expires", "soon")):
        assert run("key", "create", *wrong, *way.at).code == 2


def test_a_load_is_asked_and_counted(way):
    requests = way.market.folder / "load.ndjson"
    requests.write_text("".join(json.dumps(request(f"l{n}", context={"is_new": False})) + "\n" for n in range(5)))
    told = run("simulate", "load", "--requests", requests, *way.to, "--rate", "200", "--seconds", "1")
    assert told.code == 0, told.err
    assert "0 failed" in told.out + told.err
    empty = way.market.folder / "empty.ndjson"
    empty.write_text("")
    assert run("simulate", "load", "--requests", empty, *way.to, "--seconds", "1").code == 2


def test_a_key_that_cannot_be_read_is_told_without_showing_it(way, tmp_path):
    wrong = tmp_path / "key"
    wrong.write_text("secret words here")
    for key in (wrong, tmp_path / "none"):
        named = ("--schema", way.market.folder / "schema.yaml", "--entities", f"item={way.market.folder / 'items.csv'}")
        told = run("entities", "put", "--url", way.server.url, "--key-file", key, *named)
        assert told.code == 2
        assert "secret words" not in told.out + told.err


def test_settings_are_shown_with_where_they_come_from(tmp_path, monkeypatch):
    (tmp_path / "aedile.toml").write_text('home = "/var/lib/aedile"\n[server]\nport = 9000\n')
    monkeypatch.delenv("AEDILE_HOME", raising=False)  # the console's tests set it for their whole process
    monkeypatch.setenv("AEDILE_SERVER_PORT", "9001")
    monkeypatch.setenv("AEDILE_DATABASE_URL", "postgresql://me:hunter2@db/x")
    told = run("config", "--config", tmp_path / "aedile.toml", "--format", "json")
    shown = {one["name"]: (one["value"], one["origin"]) for one in told.json["settings"]}
    assert shown["server.port"] == ("9001", "AEDILE_SERVER_PORT")
    assert shown["home"] == ("/var/lib/aedile", str(tmp_path / "aedile.toml"))
    assert "hunter2" not in told.out
