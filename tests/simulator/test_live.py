"""Does a marketplace that plays against a server get decisions, and is what follows taken in as facts?"""

from __future__ import annotations

import json
import subprocess

import pyarrow.parquet as pq
import pytest

from aedile.simulator.parameters import World
from aedile.simulator.releases import example
from aedile.simulator.streams import Stream, Waiting
from aedile.store.fact_seal import waiting
from aedile.store.home import Home
from bench.serving.processes import AEDILE, folder, serving, until

NOW = 1_795_854_600_000_000  # 2026-11-28T08:30:00Z
WORLD = World(items=600, days=2, exposures=20_000)


@pytest.fixture(scope="module")
def played():
    """What the command said, and the facts and decisions that the server then had."""
    scopes = [word for scope in ("decide", "entities", "facts", "observe") for word in ("--scope", scope)]
    with folder() as root, serving(root, workers=1) as server:
        key = server.run("key", "create", *scopes, "--expires", "1d").strip()
        (root / "key").write_text(key)
        server.key = key
        files = ("--schema", str(example() / "schema.yaml"), "--strategies", str(example() / "strategies"))
        server.run("release", "publish", *files, "--by", "test")
        until(lambda: server.decides_by(1), "the release")
        done = subprocess.run(
            [*AEDILE, "simulate", "marketplace", "--live", "--items", "400", "--out", str(root / "out"), "--url",
             server.url, "--key-file", str(root / "key"), "--rate", "15", "--seconds", "6", "--format", "json"],
            check=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        told = json.loads(done.stdout)
        server.until_logged(told["decided"])
        until(lambda: waiting(Home(server.home)) == 0, "the facts to be sealed")
        server.stop()
        counts = {
            kind.name: sum(pq.read_metadata(path).num_rows for path in kind.rglob("*.parquet"))
            for kind in (server.home / "facts").iterdir() if kind.is_dir() and not kind.name.startswith(".")
        }  # fmt: skip
        labels = pq.read_metadata(root / "out" / "truth" / "labels.parquet").num_rows
        yield told, counts, labels


def test_requests_are_decided_and_what_follows_is_kept(played):
    told, counts, labels = played
    assert told["failed"] == told["refused"] == 0
    assert told["entities"] > 400
    assert told["decided"] >= 5  # of some ninety, where the machine does nothing else
    assert counts["exposures"] >= 10
    assert sum(counts.values()) == told["facts"]
    assert labels > 10


def test_what_lies_in_the_future_waits_until_it_is_due():
    stream = Stream(WORLD, 5, NOW, "run")
    for second in range(20):
        for question in stream.ask(NOW + second * 1_000_000, 12):
            pages = [[one["id"] for one in body["candidates"]] for body in question.bodies]
            stream.answered(question, pages)
    sent = dict(stream.due(NOW + 30_000_000))
    assert len(sent["exposures"]) > 600
    for table in sent.values():
        assert max(table["at"].cast("int64").to_pylist()) <= NOW + 30_000_000
    assert stream.due(NOW + 30_000_000) == []
    later = dict(stream.due(NOW + 30 * 86_400_000_000))
    assert len(later["order_steps"]) > 20
    assert min(later["order_steps"]["at"].cast("int64").to_pylist()) > NOW + 30_000_000
    assert stream.waiting.tables == []


def test_a_day_that_begins_brings_changes_and_another_run_other_ids():
    stream = Stream(WORLD, 5, NOW, "run")
    assert stream.changes(NOW) == []
    assert stream.changes(NOW + 60_000_000) == []
    changed = stream.changes(NOW + 86_400_000_000)
    assert {kind for kind, _ in changed} >= {"item"}
    updates = dict(stream.due(NOW + 2 * 86_400_000_000))["feature_updates"]
    assert set(updates["feature"].to_pylist()) >= {"price_minor", "counterfeit_score"}
    ids = [
        {body["id"] for question in Stream(WORLD, 5, NOW, run).ask(NOW, 30) for body in question.bodies}
        for run in ("one", "two")
    ]
    assert not ids[0] & ids[1]


def test_nothing_waits_where_nothing_was_told():
    assert Waiting().due(NOW) == []
