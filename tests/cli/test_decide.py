"""Does `aedile decide` decide, count, and write its output whole or not at all?"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from aedile.engine.rows import DECISION_ROWS
from tests.cli.conftest import Market, request, run


def counts(told: dict, strategy: str) -> dict:
    return next(row for row in told["strategies"] if row["strategy"] == strategy)


def test_few_requests_are_shown_slate_by_slate_with_reasons(market: Market):
    told = run("decide", *market.all)
    assert told.code == 0
    assert "r1: ID, search, “lamp”" in told.out
    assert "r2: MY, live, “lamp”" in told.out
    assert "excluded by recalled-exclude" in told.out
    assert "pinned by campaign-pin" in told.out
    assert "requests/s" in told.out
    assert "columns without a feature in the schema are ignored: colour" in told.err


def test_the_json_document_counts_by_strategy_place_and_unknown_feature(market: Market):
    told = run("decide", *market.all, "--format", "json")
    assert told.code == 0
    document = told.json
    assert (document["requests"], document["candidates"], document["release"]) == (2, 10, None)
    assert counts(document, "recalled-exclude")["excluded"] == 2
    assert counts(document, "acme-boost")["moved"] == 2
    assert counts(document, "campaign-pin")["pinned"] == 2
    assert counts(document, "cheap-demote")["unknown"] == 2
    assert counts(document, "new-shopper-boost")["shadow"] == 0
    assert {"strategy": "cheap-demote", "feature": "item.price", "candidates": 2} in document["unknown_features"]
    assert document["sent_to_people"] == [{"queue": "sellers", "strategy": "young-seller-refer", "candidates": 4}]
    places = {(row["market"], row["channel"]): row for row in document["places"]}
    assert places["ID", "search"]["excluded"] == places["MY", "live"]["excluded"] == 1
    assert document["ignored_columns"] == {"item": ["colour"], "seller": []}
    assert set(document["seconds"]) == {"read", "compile", "load", "requests", "decide"}
    assert [slate["request_id"] for slate in document["slates"]] == ["r1", "r2"]
    first = {row["id"]: row for row in document["slates"][0]["candidates"]}
    assert first["i3"]["rank_after"] is None
    assert first["i4"]["rank_after"] == 1


def test_more_requests_than_three_are_not_shown_one_by_one(market: Market):
    market.write_requests(*(request(f"r{number}") for number in range(4)))
    assert run("decide", *market.all, "--format", "json").json["slates"] == []
    assert "r0: ID" not in run("decide", *market.all).out


@pytest.mark.parametrize("name", ["decisions.parquet", "Entscheidungen für ID.parquet"])
def test_parquet_has_one_row_a_candidate(market: Market, name: str):
    out = market.folder / name
    told = run("decide", *market.all, "--out", out)
    assert told.code == 0
    table = pq.read_table(out)
    assert table.schema.equals(DECISION_ROWS)
    assert len(table) == 10
    assert f"wrote 10 rows to {out}" in told.err
    assert not [other for other in market.names() if other.endswith(".part")]


def test_ndjson_in_a_file_and_on_stdout_are_the_same(market: Market):
    out = market.folder / "decisions.ndjson"
    assert run("decide", *market.all, "--out", out).code == 0
    piped = run("decide", *market.all, "--out", "-")
    assert piped.code == 0
    assert piped.out == out.read_text()
    assert len([json.loads(line) for line in piped.out.splitlines()]) == 10
    assert "What each strategy did" in piped.err


def test_no_requests_give_a_note_and_an_empty_whole_file(market: Market):
    market.write_requests()
    out = market.folder / "decisions.parquet"
    told = run("decide", *market.all, "--out", out)
    assert told.code == 0
    assert "holds no requests" in told.err
    assert len(pq.read_table(out)) == 0


def test_a_request_without_candidates_is_decided(market: Market):
    market.write_requests(request("r1", candidates=[]))
    told = run("decide", *market.all, "--format", "json")
    assert told.code == 0
    assert told.json["slates"] == [{"request_id": "r1", "candidates": []}]


def test_candidates_and_kinds_without_entities_are_noted(market: Market):
    market.write_requests(request("r1", candidates=[{"id": "nobody"}]))
    told = run("decide", *market.world, *market.entities[:2], *market.requests)
    assert told.code == 0
    assert "1 candidates of the kind item are in no file of entities" in told.err
    assert "no file of entities of the kind seller is given" in told.err


def test_counters_fill_a_cap_over_a_window(market: Market):
    market.write_strategy(
        "again-cap",
        "tier: experience\ncondition: item.brand == 'Other'\naction: {cap: {per: entity, max: 2, window: 24h}}",
    )
    counters = market.folder / "counters.ndjson"
    counters.write_text('{"strategy": "again-cap", "id": "i2", "count": 2}\n\n')
    plain = run("decide", *market.all, "--format", "json").json
    capped = run("decide", *market.all, "--counters", counters, "--format", "json").json
    assert counts(plain, "again-cap")["capped"] == 0
    assert counts(capped, "again-cap")["capped"] == 2


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[" * 100_000,
        '{"strategy": "again-cap", "id": "i2"}',
        '{"strategy": "acme-boost", "id": "i2", "count": -1}',
        '{"strategy": "acme-boost", "id": "i2", "count": true}',
        '{"strategy": "acme-bost", "id": "i2", "count": 1}',
    ],
)
def test_a_bad_counter_is_refused_with_its_line(market: Market, line: str):
    counters = market.folder / "counters.ndjson"
    counters.write_text(f"\n{line}\n")
    told = run("decide", *market.all, "--counters", counters, "--format", "json")
    assert (told.code, told.codes) == (1, ["AED-DATA-085"])
    assert told.json["errors"][0]["line"] == 2


def test_an_error_in_the_last_request_leaves_the_file_that_was_there(market: Market):
    out = market.folder / "decisions.parquet"
    out.write_bytes(b"what was there")
    good = json.dumps(request("r1"))
    (market.folder / "requests.ndjson").write_text(f'{good}\n{{"id": "r2"}}\n')
    before = market.names()
    told = run("decide", *market.all, "--out", out)
    assert told.code == 1
    assert f"{market.folder / 'requests.ndjson'}:2" in told.err
    assert out.read_bytes() == b"what was there"
    assert market.names() == before


def test_an_output_keeps_the_mode_of_the_file_it_replaces_and_a_link_stays_one(market: Market):
    real = market.folder / "real.ndjson"
    real.write_text("old")
    real.chmod(0o640)
    link = market.folder / "link.ndjson"
    link.symlink_to(real)
    assert run("decide", *market.all, "--out", link).code == 0
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert len(real.read_text().splitlines()) == 10


def test_a_device_is_written_to_and_not_replaced(market: Market):
    link = market.folder / "null.ndjson"
    link.symlink_to(os.devnull)
    assert run("decide", *market.all, "--out", link).code == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing/decisions.parquet", "AED-USE-005"),
        ("folder.parquet", "AED-USE-005"),
        ("decisions.xlsx", "AED-USE-006"),
        ("x" * 300 + ".parquet", "AED-USE-005"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(market: Market, name: str, code: str):
    (market.folder / "folder.parquet").mkdir()
    told = run("decide", "--requests", "none", "--out", market.folder / name, "--format", "json")
    assert (told.code, told.codes) == (2, [code])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--entities", "products.csv"), "AED-USE-004"),
        (("--entities", "item="), "AED-USE-004"),
        (("--entities", "item=a.csv", "--entities", "item=b.csv"), "AED-USE-004"),
        (("--release", "1.release"), "AED-USE-003"),
        (("--out", "-"), "AED-USE-008"),
    ],
)
def test_a_wrong_call_exits_with_2(market: Market, options: tuple[str, ...], code: str):
    told = run("decide", *market.world, *market.requests, *options, "--format", "json")
    assert (told.code, told.codes) == (2, [code])


def test_bad_files_of_entities_are_all_told(market: Market):
    (market.folder / "items.csv").write_text("id,price\na,cheap\n")
    (market.folder / "sellers.csv").write_text("name\nx\n")
    told = run("decide", *market.all, "--format", "json")
    assert told.code == 1
    assert told.codes == ["AED-DATA-025", "AED-DATA-022"]


@pytest.mark.parametrize("what", ["requests.ndjson", "items.csv", "schema.yaml"])
@pytest.mark.parametrize("broken", ["missing", "folder", "binary"])
def test_no_broken_input_ends_in_a_traceback(market: Market, what: str, broken: str):
    path = market.folder / what
    path.unlink()
    if broken == "folder":
        path.mkdir()
    elif broken == "binary":
        path.write_bytes(bytes(range(256)) * 10)
    told = run("decide", *market.all, "--format", "json")
    assert told.code == 1
    assert len(told.codes) == 1
    assert run("decide", *market.all).code == 1


def test_a_damaged_parquet_file_is_refused(market: Market):
    bad = market.folder / "items.parquet"
    bad.write_bytes(b"PAR1 not really")
    told = run("decide", *market.world, *market.requests, "--entities", f"item={bad}", "--format", "json")
    assert (told.code, told.codes) == (1, ["AED-DATA-021"])
