"""`aedile backtest` tells what a draft would have changed, as a report, as JSON and as tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from aedile.engine.release import manifest_for, packed
from aedile.language.schema import parse_schema
from aedile.store.home import Home
from tests.backtest.logs import seal

SCHEMA = """
entities:
  item:
    meaning: A product listing.
    features:
      price:     {type: double, unit: USD, meaning: What it costs.}
      seller_id: {type: string, meaning: Who sells it.}
  seller: {meaning: Who sells., features: {late: {type: double, meaning: Share sent late.}}}
joins:
  - {from: item.seller_id, to: seller}
"""
STRATEGY = """
id: {id}
title: {id}
why: A test.
owner: testers
tier: quality
applies_to: item
markets: [all]
channels: [all]
condition: item.price > {price}
action: {{exclude: {{}}}}
stage: live
"""


@pytest.fixture
def installation(tmp_path):
    """A home with decisions of a release, the release as a file, its items as CSV, and a draft."""
    import pyarrow as pa

    from aedile.engine.decide import Decider
    from aedile.engine.engine import Engine
    from aedile.engine.entities import read_entities
    from aedile.engine.requests import parse_request
    from aedile.engine.strategy_read import parse_strategy
    from aedile.store.decision_batch import Batch

    schema, text = parse_schema(SCHEMA), STRATEGY.format(id="very-dear", price="90.0")
    strategies = [parse_strategy(text, schema, "very-dear.yaml", frozenset())]
    manifest = manifest_for(schema, strategies, {}, number=1, parent=None, author="a", time="2026-11-24T00:00:00Z")
    (tmp_path / "1.zip").write_bytes(packed(manifest, SCHEMA.encode(), {"very-dear": text.encode()}))
    rows = [f"i{n},{n}.0,s{n % 3}" for n in range(100)]
    (tmp_path / "items.csv").write_text("id,price,seller_id\n" + "\n".join(rows) + "\n")
    (tmp_path / "dear.yaml").write_text(STRATEGY.format(id="dear", price="50.0"))
    engine, rng = Engine(schema, strategies), Random(2)
    items = read_entities(tmp_path / "items.csv", "item", schema)
    engine.load("item", items.ids, items.columns)
    batch, decider = Batch(pa.array(["very-dear"])), Decider(engine)
    for number in range(50):
        ids = [{"id": f"i{n}", "score": rng.random()} for n in rng.sample(range(100), 10)]
        said = {
            "id": f"r{number}",
            "market": "ID",
            "channel": "search",
            "time": "2026-11-24T08:00:00Z",
            "candidates": ids,
        }
        batch.add(
            decider.decide(parse_request(json.dumps(said), schema), with_unknown=False), 1, None, 1_795_507_200_000_000
        )
    home = Home(tmp_path / "home").prepare()
    seal(home, pa.Table.from_batches([batch.to_arrow()]), "2026-11-24", 1)
    return tmp_path


def backtest(installation, *words, code=0):
    command = [
        Path(sys.executable).with_name("aedile"), "backtest", *words, "--home", str(installation / "home"),
        "--entities", f"item={installation / 'items.csv'}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=installation, timeout=100)
    assert done.returncode == code, done.stderr
    return done


def test_a_draft_is_told_as_report_json_and_tables(installation):
    draft = (str(installation / "dear.yaml"), "--against", str(installation / "1.zip"))
    told = json.loads(backtest(installation, *draft, "--format", "json").stdout)
    assert told["requests"]["requests"] == 50
    assert told["total"]["newly_excluded"] > 100
    assert {row["key"] for row in told["groups"]["item.seller_id"]["losers"]} <= {"s0", "s1", "s2"}
    report = backtest(installation, *draft)
    assert "release 1 with dear against release 1: 50 requests." in report.stdout
    assert "Who would lose attention, by item.seller_id" in report.stdout
    assert "There are no exposures" in report.stderr
    out = installation / "tables"
    backtest(installation, *draft, "--format", "parquet", "--out", str(out))
    assert pq.read_table(out / "requests.parquet")["requests"].to_pylist() == [50]
    assert list((installation / "home" / "backtests").iterdir()) == []


def test_a_release_is_compared_with_the_log_and_wrong_calls_are_refused(installation):
    told = json.loads(backtest(installation, str(installation / "1.zip"), "--format", "json").stdout)
    assert told["before"] == "as logged"
    assert told["requests"]["requests_changed"] == 0
    wrong = backtest(installation, str(installation / "1.zip"), "--by", "item.prise", "--format", "json", code=1)
    assert json.loads(wrong.stdout)["errors"][0]["code"] == "AED-DATA-120"
    assert "AED-USE-009" in backtest(installation, "1", "--format", "parquet", code=2).stderr
