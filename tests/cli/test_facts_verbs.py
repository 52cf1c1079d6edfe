"""Do the verbs of the warehouse say what they found, and refuse what they cannot do?"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from aedile.store.home import Home
from aedile.store.pseudonyms import Pseudonyms
from tests.cli.conftest import run
from tests.facts_data import fact, moment, put_facts

CONTRACTS = "contracts:\n  orders:\n    max_null: {seller: 0}\n    ranges: {amount: [1, 1000]}\n"
DEFINITIONS = """\
features:
  seller.lines:
    facts: orders
    entity: seller
    value: count(*)
    freshness: 1d
    type: int
    meaning: Lines of orders.
"""


@pytest.fixture
def home(tmp_path) -> Path:
    home = Home(tmp_path / "home").prepare()
    anna = Pseudonyms(home.secrets).of("anna", int(moment("2026-01-01T10:00:00").timestamp() * 1e6))
    for n in range(10):
        put_facts(
            home, "orders",
            [fact("orders", f"o{n}", datetime(2026, 1, 1, 10, n, tzinfo=UTC), order_id=f"=cmd{n}", line=1, item=f"i{n}",
                  seller=("s1", "s2")[n % 2], quantity=1, amount=n * 10, currency="EUR",
                  shopper=anna if n < 3 else None)],
            f"t-{n}",
        )  # fmt: skip
    return home.root


SUMS = "SELECT seller, count(*) AS n, sum(amount) AS s FROM orders GROUP BY seller ORDER BY seller"


def test_a_query_is_answered_as_a_table_json_csv_and_parquet(home: Path, tmp_path: Path) -> None:
    told = run("query", SUMS, "--home", home)
    assert (told.code, told.err) == (0, "")
    assert [line.split() for line in told.out.splitlines() if " s" in line and line.split()[-1].isdigit()] == [
        ["s1", "5", "200"], ["s2", "5", "250"],
    ]  # fmt: skip
    answer = run("query", SUMS, "--home", home, "--format", "json").json
    assert answer["rows"] == [{"seller": "s1", "n": 5, "s": 200}, {"seller": "s2", "n": 5, "s": 250}]
    assert [one["type"] for one in answer["columns"]] == ["string", "int64", "int64"]
    assert run("query", SUMS, "--home", home, "--format", "csv").out.split() == ["seller,n,s", "s1,5,200", "s2,5,250"]
    out = tmp_path / "sums.parquet"
    assert run("query", SUMS, "--home", home, "--format", "parquet", "--out", out).out == ""
    assert pq.read_table(out)["s"].to_pylist() == [200, 250]
    told = run("query", SUMS, "--home", home, "--format", "parquet")
    assert (told.code, "add --out FILE" in told.err) == (2, True)


def test_no_cell_of_csv_is_a_formula(home: Path) -> None:
    told = run("query", "SELECT order_id, -amount AS m FROM orders ORDER BY id", "--home", home, "--format", "csv")
    rows = list(csv.reader(io.StringIO(told.out)))
    assert rows[:3] == [["order_id", "m"], ["'=cmd0", "0"], ["'=cmd1", "-10"]]


def test_rows_are_limited_with_a_note(home: Path) -> None:
    told = run("query", "SELECT id FROM orders ORDER BY id", "--home", home, "--limit", 3, "--format", "csv")
    assert told.out.split() == ["id", "o0", "o1", "o2"]
    assert "more than 3 rows" in told.err
    assert run("query", "SELECT id FROM orders LIMIT 2", "--home", home, "--limit", 3).err == ""


def test_values_are_values_and_never_sql(home: Path) -> None:
    sql = "SELECT count(*) AS n FROM orders WHERE seller = :seller AND amount > :least"
    options = ("--home", home, "--format", "json", "--value", "least=30")
    assert run("query", sql, *options, "--value", "seller=s1").json["rows"] == [{"n": 3}]
    assert run("query", sql, *options, "--value", "seller=s1' OR '1'='1").json["rows"] == [{"n": 0}]
    assert run("query", sql, *options).code == 1
    assert run("query", sql, *options, "--value", "seller").code == 2


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT lower(seller) FROM orders", "AED-DATA-142"),
        ("DROP TABLE orders", "AED-DATA-141"),
        ("SELECT * FROM read_parquet('/etc/*')", "AED-DATA-142"),
        ("SELECT * FROM ordrs", "AED-DATA-145"),
    ],
)
def test_what_is_not_portable_is_refused_as_one_json_document(home: Path, sql: str, code: str) -> None:
    told = run("query", sql, "--home", home, "--format", "json")
    assert told.code == 1
    assert json.loads(told.out)["errors"][0]["code"] == code


def test_an_address_that_is_none_of_a_spark_is_refused(home: Path) -> None:
    told = run("query", SUMS, "--home", home, "--warehouse", "postgres://x")
    assert (told.code, "AED-STORE-124" in told.err) == (1, True)
    told = run("query", SUMS, "--home", home, "--warehouse", "spark://127.0.0.1:1")
    assert (told.code, "127.0.0.1:1 does not answer" in told.err) == (1, True)


def test_files_are_compacted_and_a_snapshot_stays(home: Path) -> None:
    made = run("facts", "snapshot", "make", "a", "--home", home, "--format", "json").json
    assert (made["files"], made["rows"]) == (10, 10)
    done = run("facts", "compact", "--home", home, "--format", "json").json
    assert [(one["files"], one["rows"]) for one in done["compacted"]] == [(10, 10)]
    assert "0 parts compacted" in run("facts", "compact", "--home", home).out
    for which in ((), ("--snapshot", "a")):
        assert run("query", SUMS, "--home", home, "--format", "json", *which).json["rows"][0]["n"] == 5
    listed = run("facts", "snapshot", "list", "--home", home, "--format", "json").json["snapshots"]
    assert [(one["name"], one["rows"], one["damaged"]) for one in listed] == [("a", 10, [])]
    assert run("facts", "snapshot", "drop", "a", "--home", home).code == 0
    assert run("query", SUMS, "--home", home, "--snapshot", "a").code == 1


def test_a_shopper_is_forgotten_and_it_can_be_shown(home: Path) -> None:
    assert run("facts", "forget", "anna", "--home", home, stdin="n\n").code == 2
    report = run("facts", "forget", "anna", "--yes", "--home", home, "--format", "json").json
    assert (report["rows"], report["left"], len(report["files"])) == (3, 0, 3)
    told = run("facts", "forgotten", "anna", "--home", home, "--format", "json").json
    assert (len(told["reports"]), told["rows_now"]) == (1, 0)
    shown = run("facts", "forgotten", "anna", "--home", home)
    assert "No rows name this shopper now." in shown.out
    assert "anna" not in shown.out
    assert report["shopper"][:12] in run("facts", "forgotten", "--home", home).out
    assert "There is no report" in run("facts", "forgotten", "ben", "--home", home).out


def test_feeds_are_judged_by_their_contracts(home: Path, tmp_path: Path) -> None:
    (tmp_path / "contracts.yaml").write_text(CONTRACTS)
    options = ("--contracts", tmp_path / "contracts.yaml", "--day", "2026-01-01", "--home", home)
    told = run("facts", "check", *options)
    assert told.code == 0
    assert "1 are not from 1 to 1000" in told.out
    assert "2 promises: 1 broken" in told.out
    told = run("facts", "check", *options, "--strict", "--all", "--format", "json")
    assert told.code == 3
    assert [(one["rule"], one["holds"]) for one in told.json["findings"]] == [("null", True), ("range", False)]


def test_features_are_materialised_into_a_catalogue_and_checked(home: Path, tmp_path: Path) -> None:
    import pyarrow as pa

    (tmp_path / "features.yaml").write_text(DEFINITIONS)
    pq.write_table(pa.table({"id": ["s2", "s9"], "name": ["B", "C"]}), tmp_path / "sellers.parquet")
    options = ("--definitions", tmp_path / "features.yaml", "--home", home)
    told = run("features", "materialise", *options, "--at", "2026-01-01T10:05:00Z", "--out", tmp_path / "out",
               "--entities", f"seller={tmp_path / 'sellers.parquet'}", "--format", "json")  # fmt: skip
    assert told.json["written"][0]["entities"] == 2
    rows = pq.read_table(tmp_path / "out" / "seller.parquet").to_pylist()
    assert [(row["id"], row["name"], row["lines"]) for row in rows] == [("s2", "B", 2), ("s9", "C", None)]
    told = run("features", "check", *options, "--at", "2026-01-01T10:05:00Z", "--strict", "--format", "json")
    assert (told.code, told.json["features"][0]["leaks"]) == (0, 0)
    (tmp_path / "features.yaml").write_text(DEFINITIONS.replace("count(*)", "amount"))
    assert run("features", "check", *options).code == 1
