"""Does DuckDB reach nothing but the facts, read no more of them than is asked for, and keep within its bounds?"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aedile.errors import StoreError
from aedile.facts import KINDS
from aedile.facts.portable import parse
from aedile.store.home import Home
from aedile.store.warehouse_at import warehouse_at
from aedile.store.warehouse_duckdb import DuckDBWarehouse
from tests.facts_data import fact, put_facts


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "it's home").prepare()
    for day in (1, 2, 3):
        for market in ("DE", "JP"):
            put_facts(home, "clicks", [fact("clicks", f"{day}{market}", f"2026-01-0{day}T10:00:00", market,
                                            kind="item", entity="i")])  # fmt: skip
    return home


def asked(home: Home, sql: str, **values) -> list[dict]:
    with warehouse_at(home, memory_mb=128, threads=1) as warehouse:
        return warehouse.query(parse(sql), values).to_pylist()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/aedile-escaped.csv'", "INSTALL httpfs",
        "LOAD httpfs", "ATTACH '/tmp/aedile-escaped.db' AS x", "SET memory_limit = '1TB'", "SET threads = 64",
        "SET enable_external_access = true", "SET allowed_directories = ['/']", "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
    ],
)  # fmt: skip
def test_even_sql_of_its_own_reaches_nothing_but_the_facts(home, sql: str) -> None:
    """No such text gets so far: only portable queries do. This is the wall behind."""
    warehouse = DuckDBWarehouse(home, memory_mb=128, threads=1)
    try:
        with pytest.raises(duckdb.Error):
            warehouse._db.execute(sql).fetchall()
    finally:
        warehouse.close()
    assert not Path("/tmp/aedile-escaped.csv").exists()
    assert not Path("/tmp/aedile-escaped.db").exists()


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("market = 'DE'", 3), ("market IN ('DE', 'BR')", 3), ("local_date = '2026-01-03'", 2),
        ("local_date > '2026-01-02'", 2), ("local_date BETWEEN '2026-01-03' AND '2026-02-01'", 2),
        ("(market = 'DE' AND (id <> 'x')) AND local_date <= '2026-01-02'", 2), ("local_date IN (:days)", 4),
    ],
)  # fmt: skip
def test_files_of_other_days_and_markets_are_not_opened(home, where: str, count: int) -> None:
    """A file that cannot be read is no trouble to whoever does not ask for it."""
    damaged = home.facts / "clicks/date=2026-01-02/market=JP/t-0-1.parquet"
    whole = damaged.read_bytes()
    values = {"days": [date(2026, 1, 1), date(2026, 1, 3)]} if ":days" in where else {}
    sql = f"SELECT count(*) AS n FROM clicks WHERE {where}"
    assert asked(home, sql, **values) == [{"n": count}]
    damaged.write_bytes(b"damaged")
    if ":days" not in where:  # the day in between is looked at, and left out
        assert asked(home, sql) == [{"n": count}]
    with pytest.raises(StoreError, match=r"t-0-1\.parquet"):
        asked(home, "SELECT count(*) AS n FROM clicks")
    damaged.write_bytes(whole)
    assert asked(home, "SELECT count(*) AS n FROM clicks") == [{"n": 6}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) AS n FROM clicks WHERE market = 'DE' OR local_date = '2026-01-01'",
        "SELECT count(*) AS n FROM clicks WHERE NOT market = 'DE'",
        "SELECT count(*) AS n FROM clicks WHERE market < 'K'",
        "SELECT count(*) AS n FROM clicks a JOIN clicks b ON a.id = b.id WHERE a.market = 'DE'",
        "SELECT count(b.id) AS n FROM clicks a LEFT JOIN clicks b ON a.id = b.id AND b.market = 'DE'",
        "SELECT count(*) AS n FROM (SELECT id, market FROM clicks) t WHERE market = 'JP'",
        "SELECT count(*) AS n FROM clicks WHERE market = 'DE' UNION ALL SELECT count(*) AS n FROM clicks ORDER BY n",
        "SELECT count(*) AS n FROM clicks WHERE id IN (SELECT id FROM clicks WHERE market = 'JP')",
        "SELECT count(*) AS n FROM clicks WHERE market = surface OR surface IS NULL",
    ],
)
def test_what_is_not_understood_is_read_whole(home, sql: str, monkeypatch) -> None:
    from aedile.store import warehouse_duckdb

    pruned = asked(home, sql)
    monkeypatch.setattr(warehouse_duckdb, "asked_for", lambda files, parts: list(files))
    assert asked(home, sql) == pruned


def test_columns_that_were_added_later_are_null_in_files_of_before(home) -> None:
    path = home.facts / "clicks/date=2026-01-01/market=DE/t-0-1.parquet"
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["position", "query_id"]), path)
    sql = "SELECT count(*) AS n, count(position) AS p, count(query_id) AS q FROM clicks"
    assert asked(home, sql) == [{"n": 6, "p": 0, "q": 0}]


def test_all_files_may_be_of_before(tmp_path) -> None:
    home = Home(tmp_path / "home").prepare()
    (path,) = put_facts(home, "clicks", [fact("clicks", "a", "2026-01-01T10:00:00", kind="item", entity="i")])
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["position"]), path)
    assert asked(home, "SELECT id, position FROM clicks") == [{"id": "a", "position": None}]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_without_facts_is_an_empty_table_with_its_columns(tmp_path, kind: str) -> None:
    with warehouse_at(Home(tmp_path / "home").prepare()) as warehouse:
        answer = warehouse.query(parse(f"SELECT * FROM {kind}"))
    assert len(answer) == 0
    assert [(one.name, one.type) for one in answer.schema] == [(one.name, one.type) for one in KINDS[kind].schema]


def test_what_needs_more_memory_than_it_may_have_says_so(home) -> None:
    tables = ", ".join(f"clicks c{n}" for n in range(9))
    query = parse(f"SELECT sorted_list(c0.id || c1.id || c2.id) AS l FROM {tables}")
    with warehouse_at(home, memory_mb=64, threads=1) as warehouse, pytest.raises(StoreError) as caught:
        warehouse.query(query)
    assert caught.value.code.name == "AED-STORE-122", str(caught.value)


def test_batches_come_in_constant_size_and_an_error_of_the_function_is_its_own(home) -> None:
    def failing(batches):
        raise ValueError("mine")
        yield from batches

    with warehouse_at(home) as warehouse, pytest.raises(ValueError, match="mine"):
        warehouse.map_batches(parse("SELECT id FROM clicks"), failing, pa.schema([("id", pa.string())]))


def test_facts_known_before_a_moment_leave_out_what_arrived_later(home) -> None:
    from tests.facts_data import moment

    with warehouse_at(home, known_before=moment("2026-01-02T10:00:05")) as warehouse:
        assert warehouse.query(parse("SELECT count(*) AS n FROM clicks")).to_pylist() == [{"n": 2}]
    with warehouse_at(home, known_before=moment("2026-01-02T10:00:11")) as warehouse:
        assert warehouse.query(parse("SELECT count(*) AS n FROM clicks")).to_pylist() == [{"n": 4}]
