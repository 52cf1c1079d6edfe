"""Do `simulate`, `candidates` and `bench` work on data that the one hands to the next?"""

from __future__ import annotations

import json

import pyarrow.parquet as pq

from tests.cli.conftest import Market, run


def simulated(market: Market) -> tuple[object, object]:
    items, queries = market.folder / "products.parquet", market.folder / "queries.txt"
    told = run("simulate", "electronics", "--items", 50, "--out", items, "--queries-out", queries, "--format", "json")
    assert told.code == 0
    assert (told.json["items"], told.json["out"]) == (50, str(items))
    return items, queries


def find(market: Market, out: object, *options: object):
    items, queries = simulated(market)
    return run(
        "candidates", "--entities", f"item={items}", "--queries", queries, "--text", "title, supplier",
        "--markets", "ID,MY", "--limit", 5, "--time", "2026-11-25T08:30:00Z", "--out", out, *options,
    )  # fmt: skip


def test_a_catalogue_and_queries_become_requests_that_decide_reads(market: Market):
    out = market.folder / "made.ndjson"
    told = find(market, out, "--format", "json")
    assert told.code == 0
    requests = [json.loads(line) for line in out.read_text().splitlines()]
    assert told.json["requests"] == len(requests) > 5
    assert {request["market"] for request in requests} == {"ID", "MY"}
    assert max(len(request["candidates"]) for request in requests) == 5
    decided = run("decide", *market.world, "--requests", out, "--format", "json")
    assert decided.json["candidates"] == told.json["candidates"]
    assert find(market, "-").out == out.read_text()


def test_the_same_seed_gives_the_same_catalogue(market: Market):
    items, _ = simulated(market)
    first = pq.read_table(items)
    simulated(market)
    assert pq.read_table(items).equals(first)


def test_wrong_choices_are_wrong_calls_and_leave_no_file(market: Market):
    out = market.folder / "made.ndjson"
    wrong = [("--channels", "serch"), ("--limit", 0), ("--text", "titel"), ("--time", "soon"), ("--markets", "XX")]
    for option in wrong:
        told = find(market, out, *option, "--format", "json")
        assert told.code == 2, option
        assert told.codes[0].startswith("AED-USE-06")
    assert not out.exists()
    told = run("simulate", "electronics", "--items", 0, "--out", out, "--format", "json")
    assert (told.code, told.codes) == (2, ["AED-USE-070"])


def test_bench_times_compile_classify_and_decide(market: Market):
    told = run("bench", *market.all, "--seconds", 0.1, "--format", "json")
    assert told.code == 0
    document = told.json
    assert [step["step"] for step in document["steps"]] == ["classify", "decide"]
    assert all(0 < step["p50_ms"] <= step["p99_ms"] for step in document["steps"])
    assert document["entities"] == {"item": 5, "seller": 2}
    assert "candidates/s" in run("bench", *market.all, "--seconds", 0.1).out
    market.write_requests()
    assert run("bench", *market.all, "--seconds", 0.1, "--format", "json").json["steps"] == []
