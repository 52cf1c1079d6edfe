"""Is everything refused that engines answer differently, each with what takes its place?"""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from aedile.errors import DataError
from aedile.facts import KINDS
from aedile.facts.portable import ENGINES, parse, render
from aedile.facts.portable_functions import OWN

TABLES = {name: kind.schema for name, kind in KINDS.items()}

#: What is written; a part of what is told to take its place.
REFUSED = (
    ("SELECT 1 / position FROM exposures", "ratio(a, b)"),
    ("SELECT amount / 0 FROM orders", "ratio(a, b)"),
    ("SELECT amount % quantity FROM orders", "NULLIF"),
    ("SELECT amount // 2 FROM orders", ""),
    ("SELECT CAST(examined AS BIGINT) FROM exposures", "round_down(x)"),
    ("SELECT CAST(amount AS DECIMAL(10, 2)) FROM orders", "minor units"),
    ("SELECT CAST(shopper AS BIGINT) FROM orders", "round_down"),
    ("SELECT CAST(examined AS TEXT) FROM exposures", "shown"),
    ("SELECT CAST(at AS DATE) FROM exposures", "utc_day(at)"),
    ("SELECT CAST('soon' AS DATE)", "'2026-01-31'"),
    ("SELECT local_date FROM orders WHERE local_date > 'soon'", "'2026-01-31'"),
    ("SELECT months_between(at, received_at) FROM orders", "days_between"),
    ("SELECT week(local_date) FROM orders", "date_bucket"),
    ("SELECT date_trunc('week', local_date) FROM orders", "date_bucket"),
    ("SELECT EXTRACT(month FROM at) FROM orders", "date_bucket"),
    ("SELECT quantile_cont(amount, 0.5) FROM orders", "quantile(x, 0.5)"),
    ("SELECT median(amount) FROM orders", "quantile(x, 0.5)"),
    ("SELECT sum(is_verified) FROM reviews", "count_if"),
    ("SELECT sum(stars = 5) FROM reviews", "count_if"),
    ("SELECT at AT TIME ZONE 'Asia/Tokyo' FROM orders", "local_date"),
    ("SELECT local_date + 1 FROM orders", "add_days"),
    ("SELECT at - received_at FROM orders", "micros_between"),
    ("SELECT at + INTERVAL '1 day' FROM orders", "add_days"),
    ("SELECT collect_list(seller) FROM orders", "sorted_list(x)"),
    ("SELECT array_agg(seller) FROM orders", "sorted_list(x)"),
    ("SELECT lower(user_query) FROM searches", "ascii_lower(text)"),
    ("SELECT round(examined, 1) FROM exposures", "shown"),
    ("SELECT floor(examined) FROM exposures", "round_down(x)"),
    ("SELECT approx_count_distinct(shopper) FROM orders", "count(DISTINCT x)"),
    ("SELECT count(DISTINCT seller, item) FROM orders", "one column"),
    ("SELECT any_value(seller) FROM orders", "latest(x, at)"),
    ("SELECT count(*) FILTER (WHERE amount > 1) FROM orders", "count_if"),
    ("SELECT now()", ":now"),
    ("SELECT current_date", ":now"),
    ("SELECT concat(seller, item) FROM orders", "a || b"),
    ("SELECT seller FROM orders WHERE seller LIKE item", "starts_with"),
    ("SELECT seller FROM orders WHERE seller LIKE 'a!%' ESCAPE '!'", "starts_with"),
    ("SELECT market, count(*) FROM orders GROUP BY ROLLUP (market)", "leaves"),
    ("SELECT market, count(*) FROM orders GROUP BY ALL", "name the columns"),
    ("SELECT * FROM orders NATURAL JOIN reviews", "name the columns"),
    ("SELECT * FROM orders TABLESAMPLE (10 PERCENT)", ""),
    ("WITH RECURSIVE a AS (SELECT 1 x) SELECT x FROM a", "without recursion"),
    ("SELECT row_number() OVER (PARTITION BY market) FROM orders", "ORDER BY"),
    ("SELECT id FROM orders WHERE amount = seller", "one type"),
    ("SELECT id FROM orders WHERE quantity IN ('a', 'b')", "one type"),
    ("SELECT seller + 1 FROM orders", "number_of"),
    ("SELECT date_bucket(local_date, 'decade') FROM orders", "date_bucket(day, unit)"),
    ("SELECT ratio(amount) FROM orders", "ratio(a, b)"),
    ("SELECT quantile(amount, quantity) FROM orders", "quantile(x, share)"),
    ("SELECT summ(amount) FROM orders", "did you mean `sum`?"),
    ("SELECT * FROM read_csv('/etc/passwd')", "kind of facts"),
    ("SELECT * FROM main.orders", "kind of facts"),
    ("SELECT * FROM '/etc/passwd'", ""),
    ("SELECT getenv('HOME')", ""),
    ("SELECT * FROM pg_settings", "name one of them"),
    ("SELECT amonut FROM orders", "did you mean `amount`?"),
    ("SELECT id FROM orders LIMIT quantity", "whole number"),
    ("SELECT id INTO elsewhere FROM orders", ""),
)  # fmt: skip


@pytest.mark.parametrize(("sql", "mend"), REFUSED, ids=lambda value: value[:60])
def test_what_engines_answer_differently_is_refused_with_its_mend(sql: str, mend: str) -> None:
    with pytest.raises(DataError) as caught:
        render(parse(sql), "duckdb", TABLES)
    assert mend in f"{caught.value.fix} {caught.value.hint}", str(caught.value)
    assert caught.value.code.name.startswith("AED-DATA-14")


@pytest.mark.parametrize(
    "sql",
    ["", "SELECT", "DROP TABLE orders", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE x", "COPY orders TO 'x'",
     "ATTACH 'x'", "SET threads = 1", "INSTALL httpfs", "SELECT (" * 300, "(" * 5_000,
     "SELECT 1" + "+1" * 40_000, "SELECT 1" + " " * 100_000],
    ids=lambda sql: sql[:20].strip() or "nothing",
)  # fmt: skip
def test_only_one_select_is_a_query(sql: str) -> None:
    with pytest.raises(DataError):
        render(parse(sql), "duckdb", TABLES)


def test_every_function_of_the_subset_is_spelt_for_every_engine() -> None:
    for own in OWN.values():
        assert own.standard is not None or set(own.spellings) == set(ENGINES), own.name
        assert own.meaning.endswith("."), own.name


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_is_quoted_by_the_rules_of_the_engine(engine: str) -> None:
    query = parse("SELECT :text t")
    for text in ("'", "\\", "\\'", "'' OR 1=1 --", "/*", "\n"):
        written = render(query, engine, TABLES, {"text": text})
        assert sqlglot_reads(written, engine) == text


def sqlglot_reads(sql: str, engine: str) -> str:
    import sqlglot

    return sqlglot.parse_one(sql, read=engine).selects[0].unalias().name


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "no value is given"),
        ({"market": "DE", "markt": "JP"}, "did you mean `market`?"),
        ({"market": float("nan")}, "nan"),
        ({"market": 2**63}, "64 bits"),
        ({"market": "a\0b"}, "NUL"),
        ({"market": datetime(2026, 1, 1)}, "no zone"),
        ({"market": ["DE"]}, "list"),
        ({"market": {"a": 1}}, "mapping"),
    ],
    ids=str,
)
def test_values_that_cannot_be_are_refused(values: dict, told: str) -> None:
    with pytest.raises(DataError, match=r"market|markt") as caught:
        render(parse("SELECT count(*) n FROM orders WHERE market = :market"), "duckdb", TABLES, values)
    assert told in str(caught.value)


def test_an_empty_list_of_values_is_refused() -> None:
    with pytest.raises(DataError, match="the list is empty"):
        render(parse("SELECT id FROM orders WHERE market IN (:m)"), "duckdb", TABLES, {"m": []})


def test_a_tree_that_was_built_is_held_to_the_same_rules_as_a_text() -> None:
    from sqlglot import exp

    tree = exp.select(exp.func("LOWER", exp.column("seller"))).from_("orders")
    with pytest.raises(DataError, match="portable"):
        render(tree, "duckdb", TABLES)


def test_the_query_that_is_given_is_left_as_it_is() -> None:
    query = parse("SELECT ratio(sum(amount), count(*)) r FROM orders WHERE at < :now")
    before = repr(query)
    render(query, "spark", TABLES, {"now": datetime(2026, 1, 1, tzinfo=UTC)})
    assert repr(query) == before


def test_a_column_that_no_engine_types_alike_is_no_column_of_facts() -> None:
    from aedile.facts.portable_types import sql_type

    with pytest.raises(TypeError, match="decimal"):
        sql_type(pa.decimal128(10, 2))
