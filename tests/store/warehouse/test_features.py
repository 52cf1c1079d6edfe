"""Is a feature the same in the catalogue, at a point in time, and on every engine; and never made of the future?"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aedile.errors import Errors
from aedile.facts.as_of import as_of
from aedile.facts.definitions import read_definitions
from aedile.facts.portable import parse
from aedile.store.features import as_served, find_leaks, materialise, point_in_time, put_into
from aedile.store.home import Home
from aedile.store.warehouse_duckdb import DuckDBWarehouse
from tests.facts_data import START, fact, put_facts

DEFINITIONS = """
features:
  seller.orders_7d:
    facts: orders
    entity: seller
    value: count(*)
    window: 7d
    freshness: 1d
    type: int
    meaning: Lines of orders in seven days.
  seller.mean_amount:
    facts: orders
    entity: seller
    value: ratio(sum(amount), count(*))
    where: market <> 'JP'
    freshness: 2d
    type: double
    meaning: What a line costs, in all that is known.
  seller.last_item:
    facts: orders
    entity: seller
    value: latest(item, at)
    window: 48h
    freshness: 1d
    type: string
    meaning: What was bought last.
  item.stars:
    facts: reviews
    entity: entity
    value: avg(stars)
    window: 5d
    freshness: 1d
    type: double
    meaning: How it is judged.
"""
REQUESTS = parse(
    "SELECT id AS request_number, entity AS request_entity, at AS request_at FROM exposures WHERE kind = 'seller'"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Orders of three sellers over twelve days, a third of which arrived up to three days late; requests between."""
    home, chance = Home(tmp_path_factory.mktemp("features")).prepare(), random.Random(5)
    orders = []
    for n in range(300):
        at = START + timedelta(seconds=chance.randrange(12 * 86_400))
        late = timedelta(hours=chance.choice((0, 0, 30, 72)), seconds=5)
        orders.append(fact("orders", f"o{n}", at, ("DE", "JP")[n % 2], received_at=at + late, order_id=f"r{n}", line=1,
                           item=f"i{n % 9}", seller=("x", "y", "z", None)[n % 4], quantity=1, amount=n * 10,
                           currency="EUR"))  # fmt: skip
    put_facts(home, "orders", orders)
    put_facts(home, "reviews", [
        fact("reviews", f"v{n}", START + timedelta(hours=7 * n), kind=("item", "seller")[n % 2], entity=f"i{n % 3}",
             stars=n % 5 + 1) for n in range(30)])  # fmt: skip
    shows = [
        fact("exposures", f"e{n}", START + timedelta(hours=4 * n, minutes=1), kind="seller",
             entity=("x", "y", "z", "new")[n % 4], position=1) for n in range(70)
    ]  # fmt: skip
    shows.append(fact("exposures", "on-time", orders[0]["at"], kind="seller", entity="x", position=1))
    put_facts(home, "exposures", shows)
    return home


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    file = tmp_path_factory.mktemp("definitions") / "features.yaml"
    file.write_text(DEFINITIONS)
    return {one.name: one for one in read_definitions(file)}


@pytest.fixture(scope="module")
def warehouse(home):
    warehouse = DuckDBWarehouse(home, memory_mb=512, threads=1)
    yield warehouse
    warehouse.close()


def rows_of(home: Home, kind: str) -> list[dict]:
    tables = [pq.read_table(path, partitioning=None) for path in (home.facts / kind).rglob("*.parquet")]
    return pa.concat_tables(tables).to_pylist()


def known(home: Home, entity: str, at: datetime, window: timedelta | None) -> list[dict]:
    """Orders of a seller as they were known strictly before a time, looked for one by one."""
    return [
        row for row in rows_of(home, "orders")
        if row["seller"] == entity and row["at"] < at and row["received_at"] < at
        and (window is None or row["at"] >= at - window)
    ]  # fmt: skip


def test_a_materialised_value_is_made_of_what_was_known_strictly_before(home, warehouse, definitions) -> None:
    at = START + timedelta(days=8)
    tables = materialise(warehouse, list(definitions.values()), at)
    sellers = {row["id"]: row for row in tables["seller"].to_pylist()}
    assert sorted(sellers) == ["x", "y", "z"]
    for seller, row in sellers.items():
        assert row["orders_7d"] == len(known(home, seller, at, timedelta(days=7)))
        amounts = [one["amount"] for one in known(home, seller, at, None) if one["market"] != "JP"]
        assert row["mean_amount"] == (pytest.approx(sum(amounts) / len(amounts)) if amounts else None)
        assert row["as_of"] == at
    assert sorted(row["id"] for row in tables["item"].to_pylist()) == ["i0", "i1", "i2"]


def test_the_engine_reads_what_was_materialised(warehouse, definitions, tmp_path: Path) -> None:
    from aedile.engine.entities import read_entities
    from aedile.language.schema import load_schema

    (tmp_path / "schema.yaml").write_text(
        "entities:\n  seller:\n    meaning: Who sells.\n    features:\n"
        "      orders_7d: {type: int, meaning: Lines., unit: lines}\n"
        "      mean_amount: {type: double, meaning: Cost., unit: cents}\n"
        "      last_item: {type: string, meaning: Last.}\n"
    )
    table = materialise(warehouse, list(definitions.values()), START + timedelta(days=8))["seller"]
    pq.write_table(table, tmp_path / "seller.parquet")
    entities = read_entities(tmp_path / "seller.parquet", "seller", load_schema(tmp_path / "schema.yaml"))
    assert entities.ids.to_pylist() == ["x", "y", "z"]
    assert set(entities.columns) == {"seller.orders_7d", "seller.mean_amount", "seller.last_item", "seller.as_of"}
    assert entities.ignored == ()


def test_features_go_into_a_catalogue_by_id_and_leave_the_rest_of_it(warehouse, definitions) -> None:
    catalogue = pa.table({"id": ["z", "q", "x"], "name": ["Z", "Q", "X"], "orders_7d": [1, 2, 3]})
    table = materialise(warehouse, list(definitions.values()), START + timedelta(days=8))["seller"]
    made = put_into(catalogue, table)
    by_id = {row["id"]: row["orders_7d"] for row in table.to_pylist()}
    assert made["orders_7d"].to_pylist() == [by_id["z"], None, by_id["x"]]
    assert made["name"].to_pylist() == ["Z", "Q", "X"]


def test_at_a_point_in_time_each_request_sees_what_was_known_strictly_before_it(home, warehouse, definitions) -> None:
    answer = dict(zip(*point_in_time(warehouse, definitions["seller.orders_7d"], REQUESTS).columns, strict=True))
    found = {key.as_py(): value.as_py() for key, value in answer.items()}
    for row in rows_of(home, "exposures"):
        assert found.get(row["id"], 0) == len(known(home, row["entity"], row["at"], timedelta(days=7))), row["id"]
    assert "e3" not in found  # of a seller of whom nothing is known


def test_both_engines_answer_features_alike(home, warehouse, definitions, spark) -> None:
    from aedile.store.warehouse_spark import SparkWarehouse
    from tests.store.warehouse.test_conformance import alike, rows

    moment = START + timedelta(days=6, hours=1)
    other = SparkWarehouse(home, spark)
    some = [definitions[name] for name in ("seller.mean_amount", "seller.last_item")]
    here, there = (materialise(engine, some, moment)["seller"] for engine in (warehouse, other))
    assert here.schema == there.schema
    assert alike(rows(here), rows(there))
    here, there = (point_in_time(engine, definitions["seller.orders_7d"], REQUESTS) for engine in (warehouse, other))
    assert len(here) > 30
    assert alike(rows(here), rows(there))
    limited = SparkWarehouse(home, spark, known_before=moment)
    count = parse("SELECT count(*) n FROM orders")
    assert limited.query(count).to_pylist() == before(home, moment).query(count).to_pylist()


def before(home: Home, moment: datetime) -> DuckDBWarehouse:
    return DuckDBWarehouse(home, memory_mb=256, threads=1, known_before=moment)


MOMENTS = [START + timedelta(days=day, hours=5) for day in (2, 5, 9)]


def leaks_of(home: Home, warehouse: DuckDBWarehouse, computed) -> list:
    made = []

    def limited(moment: datetime) -> DuckDBWarehouse:
        made.append(before(home, moment))
        return made[-1]

    try:
        return find_leaks(computed, warehouse, limited, MOMENTS)
    finally:
        for one in made:
            one.close()


@pytest.mark.parametrize("name", ["seller.orders_7d", "seller.mean_amount", "seller.last_item", "item.stars"])
def test_no_definition_is_made_of_the_future(home, warehouse, definitions, name: str) -> None:
    definition = definitions[name]

    def computed(engine, moment):
        return materialise(engine, [definition], moment)[definition.kind].select(["id", definition.own])

    assert leaks_of(home, warehouse, computed) == []


@pytest.mark.parametrize(
    ("planted", "condition"),
    [
        ("the whole future", "TRUE"),
        ("what happened before and arrived later", "at < :asked"),
        ("the very moment", "received_at < :asked AND at <= :asked OR at < :asked"),
    ],
)
def test_a_planted_leak_is_found(home, warehouse, planted: str, condition: str) -> None:
    sql = f"SELECT seller AS id, count(*) AS value FROM orders WHERE {condition} GROUP BY seller"

    def computed(engine, moment):
        return engine.query(parse(sql), {"asked": moment} if ":asked" in sql else {})

    leaks = leaks_of(home, warehouse, computed)
    assert {leak.at for leak in leaks} == set(MOMENTS), planted
    assert all(leak.seen > (leak.known or 0) for leak in leaks)


def test_a_join_that_looks_into_the_future_is_found(home, warehouse, definitions) -> None:
    """A join as of the time of facts alone forgets that they arrive late."""

    def joined(engine, moment, *, late: bool):
        column = "at" if late else "received_at"
        sql = f"SELECT seller, {column} AS since, amount FROM orders WHERE seller IS NOT NULL ORDER BY {column}, id"
        known_rows = engine.query(parse(sql))
        ids = pa.array(["x", "y", "z"])
        found = as_of(ids, pa.array([moment] * 3), known_rows["seller"], known_rows["since"])
        return pa.table(
            {"id": ids, "value": known_rows["amount"].combine_chunks().take(pa.array(found, mask=found < 0))}
        )

    assert leaks_of(home, warehouse, lambda engine, moment: joined(engine, moment, late=True))
    assert not leaks_of(home, warehouse, lambda engine, moment: joined(engine, moment, late=False))


def test_a_value_counts_from_the_moment_after_it_was_known_until_it_is_too_old() -> None:
    def at(*hours: float) -> pa.Array:
        return pa.array([START + timedelta(hours=hour) for hour in hours], pa.timestamp("us", "UTC"))

    ids, times = pa.array(["a", "b", "a", "a"]), at(1, 1, 3, 3)
    asked = pa.array(["a", "a", "a", "a", "b", "c", None, "a"])
    moments = at(1, 1.5, 3, 3.5, 2, 2, 2, 30)
    assert as_of(asked, moments, ids, times).tolist() == [-1, 0, 0, 3, 1, -1, -1, 3]
    fresh = as_of(asked, moments, ids, times, freshness=timedelta(hours=24))
    assert fresh.tolist() == [-1, 0, 0, 3, 1, -1, -1, -1]
    nothing = pa.array([], pa.string())
    assert as_of(asked, moments, nothing, at()).tolist() == [-1] * 8
    assert as_of(nothing, at(), ids, times).tolist() == []


def test_joins_as_of_a_time_agree_with_looking_one_by_one() -> None:
    chance = random.Random(7)
    known_rows = [(f"k{chance.randrange(5)}", chance.randrange(200)) for _ in range(400)]
    asked = [(f"k{chance.randrange(6)}", chance.randrange(220)) for _ in range(300)]

    def table(rows):
        return pa.array([id_ for id_, _ in rows]), pa.array([START + timedelta(minutes=m) for _, m in rows])

    found = as_of(*table(asked), *table(known_rows), freshness=timedelta(minutes=30))
    for (id_, at), row in zip(asked, found.tolist(), strict=True):
        rows = [(m, n) for n, (one, m) in enumerate(known_rows) if one == id_ and m < at and at - m <= 30]
        best = max((m for m, _ in rows), default=None)
        assert row == (max(n for m, n in rows if m == best) if rows else -1)


def test_a_request_is_served_the_last_value_of_the_catalogue(home, warehouse, definitions) -> None:
    nightly = [START + timedelta(days=day) for day in range(4, 8)]
    asked = pa.array(["x", "x", "x", "new"])
    times = [START + timedelta(days=4), START + timedelta(days=4, hours=3), START + timedelta(days=9), nightly[-1]]
    served = as_served(warehouse, definitions["seller.orders_7d"], nightly, asked, pa.array(times))
    expected = len(known(home, "x", START + timedelta(days=4), timedelta(days=7)))
    assert served.to_pylist() == [None, expected, None, None]


WRONG = (
    ("value: count(*)", "value: amount", "no aggregate"),
    ("value: count(*)", "value: count(*) FROM clicks", "not one expression"),
    ("value: count(*)", "value: (SELECT count(*) FROM clicks)", "holds another query"),
    ("value: count(*)", "value: sum(amount) OVER (ORDER BY at)", "holds a window function"),
    ("value: count(*)", "value: median(amount)", "quantile(x, 0.5)"),
    ("value: count(*)", "value: sum(amonut)", "did you mean `amount`?"),
    ("value: count(*)", "value: 'count('", "cannot be read"),
    ("type: int", "type: string", "the value is whole, not string"),
    ("window: 7d", "window: 7 weeks", "no length of time"),
    ("entity: seller", "entity: item", "does not name a seller"),
    ("facts: orders", "facts: order", "did you mean `orders`?"),
    ("where: market <> 'JP'", "where: count(*) > 1", "the condition holds an aggregate"),
    ("where: market <> 'JP'", "where: at < :now", "holds a value"),
    ("seller.last_item:", "seller.Last:", "no name of a feature"),
    ("seller.last_item:", "seller.orders_7d:", "twice"),
    ("freshness: 2d\n", "freshnes: 2d\n", "did you mean `freshness`?"),
    ("    meaning: How it is judged.\n", "", "`meaning` is missing"),
)


@pytest.mark.parametrize(("old", "new", "told"), WRONG, ids=lambda value: value[:40])
def test_a_definition_that_cannot_be_is_refused_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in DEFINITIONS
    file = tmp_path / "features.yaml"
    file.write_text(DEFINITIONS.replace(old, new, 1))
    with pytest.raises(Errors) as caught:
        read_definitions(file)
    assert any(told in str(error) and error.place.line for error in caught.value.errors), str(caught.value.errors[0])
