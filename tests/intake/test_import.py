"""Do facts come in from files as the mapping says, and does a dry run change nothing?"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from aedile.errors import DataError
from aedile.facts import kind_of
from aedile.facts.mapped import Mapper
from aedile.facts.mapping import parse_mapping, read_mapping
from aedile.facts.reading import read_rows
from aedile.store.home import Home
from bench.serving.processes import AEDILE
from tests.intake.made import NOW, exposure, ids_of, ndjson, sealed

ROOT = Path(__file__).parents[2]
MAPPING = ROOT / "examples" / "mappings" / "uci-online-retail.yaml"
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
RETAIL = DATA / "uci-online-retail" / "online_retail_240k.parquet"


def run(home: Path, *words: object) -> dict:
    done = subprocess.run(
        [*AEDILE, *map(str, words), "--format", "json", "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    return json.loads(done.stdout)


ORDERS = """
facts:
  - kind: orders
    where: [{column: qty, above: 0}, {column: id, missing: false}]
    fields:
      id: {template: "{file}/{id}"}
      at: {column: when, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
      market: {column: land, map: {Deutschland: DE}, otherwise: AT}
      order_id: id
      line: {count_within: id}
      item: sku
      quantity: qty
      amount: {money: price, times: qty, currency_column: cur}
      currency: cur
      shopper: who
  - kind: order_steps
    where: [{column: qty, below: 0}]
    fields:
      id: {template: "{id}-back-{row}"}
      at: {column: when, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
      market: {constant: DE}
      order_id: id
      step: {constant: returned}
      quantity: {column: qty, negate: true}
"""
LINES = """id,when,land,sku,qty,price,cur,who
o1,29.03.2026 01:59,Deutschland,a,2,2.55,EUR,ann
o1,29.03.2026 03:00,Deutschland,b,1,0.005,EUR,ann
o2,25.10.2026 02:30,Österreich,c,3,1000,JPY,
o2,25.10.2026 12:00,Österreich,c,-1,1000,JPY,
o3,31.02.2026 12:00,Deutschland,d,1,1,EUR,مريم
o4,01.03.2026 12:00,Deutschland,d,one,1,EUR,bob
o5,01.03.2026 12:00,Deutschland,d,1.5,1,EUR,bob
,01.03.2026 12:00,Deutschland,d,1,1.2345,BHD,bob
"""


def test_rows_become_facts_of_several_kinds_with_local_times_and_exact_money():
    rows = list(csv.DictReader(LINES.splitlines()))
    mapper = Mapper(parse_mapping(ORDERS), "day")
    (orders, numbers, facts), (_, _, steps) = mapper.facts(rows)
    assert mapper.left_out == 2  # the one whose quantity is a word, and the one without an id
    assert numbers == [1, 2, 3, 5, 7]
    read = read_rows(orders, facts, NOW)
    assert read.table.select(["id", "line", "market", "amount", "quantity", "shopper"]).to_pylist() == [
        {"id": "day/o1", "line": 1, "market": "DE", "amount": 510, "quantity": 2, "shopper": "ann"},
        {"id": "day/o1", "line": 2, "market": "DE", "amount": 0, "quantity": 1, "shopper": "ann"},
        {"id": "day/o2", "line": 1, "market": "AT", "amount": 3000, "quantity": 3, "shopper": None},
    ]
    assert read.table["at"].to_pylist() == [
        datetime(2026, 3, 29, 0, 59, tzinfo=UTC),  # a minute before clocks go forward
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # of the two, the first
    ]
    assert [(one.row, one.error.place.field, one.error.code.name) for one in read.refused] == [
        (4, "at", "AED-DATA-075"), (5, "quantity", "AED-DATA-075"),
    ]  # fmt: skip
    assert read_rows(kind_of("order_steps"), steps, NOW).table["quantity"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("fact: []", "AED-DATA-092", "did you mean `facts`"),
        ("facts: []", "AED-DATA-095", ""),
        ("facts: [{kind: order, fields: {}}]", "AED-DATA-095", "did you mean `orders`"),
        ("facts: [{kind: orders, fields: {id: a}}]", "AED-DATA-093", ""),
        (ORDERS.replace("quantity: qty", "quantty: qty"), "AED-DATA-092", "did you mean `quantity`"),
        (ORDERS.replace("Europe/Berlin", "Europe/Berln"), "AED-DATA-095", "Europe/Berlin"),
        (ORDERS.replace("{file}/{id}", "{file}/{id"), "AED-DATA-095", ""),
        (ORDERS.replace("{file}/{id}", "{id!r:>50}"), "AED-DATA-095", ""),
        (ORDERS.replace("{column: qty, above: 0}", "qty > 0"), "AED-DATA-094", ""),
        (ORDERS.replace("{column: qty, above: 0}", "{column: qty}"), "AED-DATA-093", ""),
        (ORDERS.replace(", currency_column: cur", ""), "AED-DATA-093", "minor units"),
        (ORDERS.replace("{column: qty, negate: true}", "{colum: qty}"), "AED-DATA-093", ""),
    ],
)
def test_a_mapping_that_is_wrong_says_where_and_how_to_mend_it(text, code, hint):
    with pytest.raises(DataError) as caught:
        parse_mapping(text)
    assert caught.value.code.name == code, caught.value
    assert hint in (caught.value.hint or ""), caught.value
    assert caught.value.place.line


@pytest.fixture
def day(tmp_path):
    (tmp_path / "day.csv").write_text(LINES, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(ORDERS, encoding="utf-8")
    return tmp_path


def test_a_dry_run_counts_what_would_be_refused_and_changes_nothing(day):
    told = run(day / "home", "import", "all", day / "day.csv", "--mapping", day / "map.yaml", "--dry-run")
    assert (told["rows"], told["left_out"], told["accepted"]) == (8, 2, {"orders": 3, "order_steps": 1})
    assert [(one["kind"], one["column"], one["count"]) for one in told["refused"]] == [
        ("orders", "at", 1), ("orders", "quantity", 1),
    ]  # fmt: skip
    assert told["refused"][0]["samples"][0]["row"] == 5
    assert not (day / "home").exists()


def test_what_is_imported_is_sealed_and_the_same_file_again_changes_nothing(day):
    words = ("import", "orders", day / "day.csv", "--mapping", day / "map.yaml")
    assert run(day / "home", *words)["accepted"] == {"orders": 3}
    home = Home(day / "home")
    before = sealed(home, "orders")
    assert Counter(before["id"].to_pylist()) == {"day/o1": 1, "day/o2": 1}  # of two with one id the first counts
    assert before["shopper"].to_pylist()[0].startswith("2026-03.")
    run(day / "home", *words)
    assert sealed(home, "orders").equals(before)
    letters = run(day / "home", "facts", "dead", "list")
    assert {(one["code"], one["count"]) for one in letters["counts"]} == {("AED-DATA-075", 4), ("AED-DATA-089", 2)}
    assert "مريم" not in json.dumps(letters, ensure_ascii=False)


def test_dead_letters_are_mended_replayed_and_dropped(day):
    run(day / "home", "import", "orders", day / "day.csv", "--mapping", day / "map.yaml")
    letters = run(day / "home", "facts", "dead", "list")["letters"]
    wrong = next(one for one in letters if one["row"].get("quantity") == 1.5)
    assert run(day / "home", "facts", "dead", "replay", wrong["number"])["refused"] == [wrong["number"]]
    bad = {**wrong["row"], "quantity": 0}
    assert run(day / "home", "facts", "dead", "mend", wrong["number"], "--json", json.dumps(bad))["wrong"]
    good = {**wrong["row"], "quantity": 2}
    assert run(day / "home", "facts", "dead", "mend", wrong["number"], "--json", json.dumps(good))["wrong"] == []
    assert run(day / "home", "facts", "dead", "replay", wrong["number"])["accepted"] == [wrong["number"]]
    kept = {row["id"]: row for row in sealed(Home(day / "home"), "orders").to_pylist()}
    assert kept["day/o5"]["quantity"] == 2
    assert kept["day/o5"]["shopper"] == wrong["row"]["shopper"]  # a pseudonym stays one
    assert run(day / "home", "facts", "dead", "drop", "--all")["dropped"] == len(letters) - 1
    assert run(day / "home", "facts", "dead", "list")["letters"] == []


def test_files_of_every_format_and_without_a_mapping_come_in(tmp_path):
    rows = [exposure(f"e{number}") for number in range(3)]
    (tmp_path / "a.ndjson").write_bytes(ndjson(rows[:1]) + b"\n\n")
    pq.write_table(pa.Table.from_pylist(rows[1:2]), tmp_path / "b.parquet")
    with open(tmp_path / "c.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[2])
        writer.writeheader()
        writer.writerow(rows[2])
    files = [tmp_path / name for name in ("a.ndjson", "b.parquet", "c.csv")]
    assert run(tmp_path / "home", "import", "exposures", *files)["accepted"] == {"exposures": 3}
    assert ids_of(Home(tmp_path / "home")) == {"e0": 1, "e1": 1, "e2": 1}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.txt", b"x", "AED-DATA-097"),
        ("a.csv", b"id,at\n1,2,3\n", "AED-DATA-097"),
        ("a.csv", b"id,at\n\xff,2\n", "AED-DATA-097"),
        ("a.parquet", b"PAR1", "AED-DATA-097"),
        ("a.ndjson", b"{}\n[1]\n", "AED-DATA-097"),
        ("none.csv", None, "AED-DATA-001"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path, name, data, code):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [*AEDILE, "import", "exposures", str(tmp_path / name), "--home", str(tmp_path / "home"), "--format", "json"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert code in done.stdout + done.stderr


def test_a_wrong_mapping_stops_early(day):
    done = subprocess.run(
        [*AEDILE, "import", "orders", str(day / "day.csv"), "--mapping", str(day / "map.yaml"), "--home",
         str(day / "home"), "--most-refused", "1"], capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "AED-DATA-098" in done.stderr


@pytest.mark.skipif(not RETAIL.exists(), reason="the retail data are not here")
def test_the_retail_orders_come_in_and_counts_and_sums_are_the_sources(tmp_path):
    run(tmp_path / "home", "import", "all", RETAIL, "--mapping", MAPPING)
    with open(tmp_path / "source.csv", "w+", newline="", encoding="utf-8") as file:
        pa.csv.write_csv(pq.read_table(RETAIL), tmp_path / "source.csv")
        source = list(csv.DictReader(file))
    home = Home(tmp_path / "home")
    markets = read_mapping(MAPPING).parts[0].fields["market"].map
    orders, steps = sealed(home, "orders").to_pylist(), sealed(home, "order_steps").to_pylist()
    for facts, rows in (
        (orders, [row for row in source if int(row["Quantity"]) > 0]),
        (steps, [row for row in source if row["InvoiceNo"].startswith("C")]),
    ):
        assert len(facts) == len(rows) == len({fact["id"] for fact in facts})
        assert sum(fact["quantity"] for fact in facts) == sum(abs(int(row["Quantity"])) for row in rows)
        assert sum(fact["amount"] for fact in facts) == sum(map(pence, rows))
        assert Counter(fact["market"] for fact in facts) == Counter(markets[row["Country"]] for row in rows)
        assert Counter(fact["order_id"] for fact in facts) == Counter(row["InvoiceNo"] for row in rows)
        assert {fact["local_date"] for fact in facts} >= {datetime(2010, 12, 1).date()}
    assert Counter(fact["item"] for fact in orders) == Counter(
        row["StockCode"] for row in source if int(row["Quantity"]) > 0
    )
    shoppers = {fact["shopper"] for fact in orders} - {None}
    assert len(shoppers) > 0
    assert not shoppers & {row["CustomerID"] for row in source}
    assert run(tmp_path / "home", "facts", "verify")["damage"] == []


def pence(row) -> int:
    exact = Decimal(row["UnitPrice"]) * abs(int(row["Quantity"])) * 100
    return int(exact.to_integral_value(ROUND_HALF_EVEN))
