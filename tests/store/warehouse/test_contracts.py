"""Does a contract say what is wrong with a feed, and nothing of one that is right?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from aedile.errors import Errors
from aedile.facts.contracts import read_contracts
from aedile.store.contract_check import check_contracts
from aedile.store.home import Home
from aedile.store.warehouse_duckdb import DuckDBWarehouse
from tests.facts_data import fact, put_facts

CONTRACTS = """
contracts:
  orders:
    freshness: 2h
    volume: {low: 0.5, high: 2, weeks: 3}
    max_null: {shopper: 0.1, seller: 0}
    ranges:
      amount: [1, 10000]
      quantity: [null, 5]
    values:
      currency: [EUR, JPY]
  clicks:
    freshness: 1h
"""
DAY = date(2026, 1, 29)
NOW = datetime(2026, 1, 29, 12, tzinfo=UTC)


def orders(day: date, count: int, market: str = "DE", **own):
    usual = {"line": 1, "item": "i", "seller": "s", "shopper": "x", "quantity": 1, "amount": 100, "currency": "EUR"}
    return [
        fact(
            "orders",
            f"{market}{day}{n}{sorted(own)}",
            datetime(day.year, day.month, day.day, 11, n % 60, tzinfo=UTC),
            market,
            **{"order_id": f"r{n}", **usual, **own},
        )
        for n in range(count)
    ]


@pytest.fixture
def home(tmp_path):
    """Two markets over four weeks of the same weekday, ten orders a day each, all as promised."""
    home = Home(tmp_path / "home").prepare()
    for market in ("DE", "JP"):
        put_facts(home, "orders", [one for n in range(4) for one in orders(DAY - timedelta(days=7 * n), 10, market)])
    put_facts(home, "clicks", [fact("clicks", "c", NOW - timedelta(minutes=5), kind="item", entity="i")])
    return home


def findings(home: Home, tmp_path: Path, text: str = CONTRACTS, day: date = DAY) -> list:
    (tmp_path / "contracts.yaml").write_text(text)
    warehouse = DuckDBWarehouse(home, memory_mb=256, threads=1)
    try:
        return check_contracts(warehouse, read_contracts(tmp_path / "contracts.yaml"), day, NOW)
    finally:
        warehouse.close()


def broken(found: list) -> list[tuple]:
    return [(one.kind, one.market, one.rule, one.column) for one in found if not one.holds]


def test_a_feed_that_is_as_promised_has_no_findings(home, tmp_path) -> None:
    found = findings(home, tmp_path)
    assert broken(found) == []
    assert len(found) == 2 * 7 + 1
    assert all(one.is_known for one in found)
    assert "100% of 10, the mean of 3 such weekdays before" in next(one.told for one in found if one.rule == "volume")


@pytest.mark.parametrize(
    ("more", "expected", "told"),
    [
        (orders(DAY, 2, shopper=None), ("orders", "DE", "null", "shopper"), "16.67% are missing; at most 10.00%"),
        (orders(DAY, 1, seller=None), ("orders", "DE", "null", "seller"), "9.09% are missing"),
        (orders(DAY, 1, amount=0), ("orders", "DE", "range", "amount"), "1 are not from 1 to 10000, such as '0'"),
        (orders(DAY, 1, amount=10_001), ("orders", "DE", "range", "amount"), "10001"),
        (orders(DAY, 3, quantity=6), ("orders", "DE", "range", "quantity"), "3 are not from anything to 5"),
        (orders(DAY, 1, currency="eur"), ("orders", "DE", "values", "currency"), "one of EUR, JPY, such as 'eur'"),
        (orders(DAY, 11, line=2), ("orders", "DE", "volume", None), "21 are 210% of 10"),
    ],
)
def test_what_is_wrong_is_found_where_it_is(home, tmp_path, more, expected, told) -> None:
    put_facts(home, "orders", more, "t-more")
    found = findings(home, tmp_path)
    assert broken(found) == [expected]
    assert told in next(one.told for one in found if not one.holds)


def test_a_feed_that_stopped_is_late_and_too_small(home, tmp_path) -> None:
    found = findings(home, tmp_path, day=DAY + timedelta(days=1))
    volumes = [one for one in found if one.rule == "volume"]
    assert [one.is_known for one in volumes] == [False, False]
    put_facts(home, "orders", [one for n in (1, 2) for one in orders(DAY - timedelta(days=7 * n - 1), 9)], "t-other")
    found = findings(home, tmp_path, day=DAY + timedelta(days=1))
    assert broken(found) == [("orders", "DE", "volume", None)]
    late = CONTRACTS.replace("freshness: 2h", "freshness: 5m")
    assert broken(findings(home, tmp_path, late)) == [("orders", one, "freshness", None) for one in ("DE", "JP")]


def test_a_market_that_is_promised_and_never_came_is_missed(home, tmp_path) -> None:
    found = findings(home, tmp_path, CONTRACTS + "    markets: [DE, BR]\n")
    assert broken(found) == [("clicks", "BR", "freshness", None)]
    found = findings(home, tmp_path, "contracts:\n  carts:\n    freshness: 1h\n")
    assert broken(found) == [("carts", "*", "freshness", None)]
    assert found[0].told == "there is no fact at all"


def test_both_engines_measure_alike(home, tmp_path, spark) -> None:
    from aedile.store.warehouse_spark import SparkWarehouse

    put_facts(home, "orders", orders(DAY, 2, shopper=None, currency="x"), "t-more")
    here = findings(home, tmp_path)
    there = check_contracts(SparkWarehouse(home, spark), read_contracts(tmp_path / "contracts.yaml"), DAY, NOW)
    assert here == there
    assert len(broken(here)) == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("freshness: 2h", "freshness: soon", "no length of time"),
        ("low: 0.5, high: 2", "low: 2, high: 0.5", "there is nothing"),
        ("shopper: 0.1", "shopper: 5", "not a share"),
        ("shopper: 0.1", "shoper: 0.1", "did you mean `shopper`?"),
        ("amount: [1, 10000]", "amount: 5", "no range"),
        ("amount: [1, 10000]", "amount: [5, 1]", "no range"),
        ("amount: [1, 10000]", "seller: [5, 7]", "holds no numbers"),
        ("currency: [EUR, JPY]", "quantity: [EUR]", "holds no texts"),
        ("currency: [EUR, JPY]", "currency: []", "nothing is allowed"),
        ("  orders:", "  order:", "did you mean `orders`?"),
        ("freshness: 1h", "markets: [Germany]", "no market"),
    ],
)
def test_a_contract_that_cannot_be_is_refused_with_its_place(tmp_path, old, new, told) -> None:
    assert old in CONTRACTS
    (tmp_path / "c.yaml").write_text(CONTRACTS.replace(old, new, 1))
    with pytest.raises((Errors, Exception)) as caught:
        read_contracts(tmp_path / "c.yaml")
    errors = caught.value.errors if isinstance(caught.value, Errors) else [caught.value]
    assert any(told in str(error) and error.place.line for error in errors), str(caught.value)
