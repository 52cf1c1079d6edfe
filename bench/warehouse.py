"""What does the leaf aggregation of facts cost? `python -m bench.warehouse` makes exposures and asks DuckDB.

The leaves are what reports roll up: day, market, channel, kind, position. With `--warehouse` the same on Spark.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aedile.facts import KINDS
from aedile.facts.portable import parse
from aedile.store.fact_compact import compact
from aedile.store.home import Home
from aedile.store.warehouse_at import warehouse_at

MARKETS, CHANNELS, DAYS = ("BR", "DE", "ID", "JP"), ("search", "home", "feed", "ads"), 14
FIRST = date(2026, 11, 1)
LEAVES = parse(
    "SELECT local_date, market, channel, kind, position, count(*) AS shown, count(shopper) AS known, "
    "sum(examined) AS examined FROM exposures GROUP BY local_date, market, channel, kind, position"
)
ONE_DAY = parse(
    "SELECT channel, count(*) AS shown, count(DISTINCT entity) AS entities FROM exposures "
    "WHERE local_date = '2026-11-03' AND market = 'DE' GROUP BY channel"
)
DISTINCT = parse("SELECT market, count(DISTINCT shopper) AS shoppers FROM exposures GROUP BY market")
QUANTILE = parse("SELECT channel, quantile(examined, 0.9) AS q FROM exposures GROUP BY channel")
QUERIES = {"leaves": LEAVES, "one day": ONE_DAY, "distinct": DISTINCT, "quantile": QUANTILE}


def make_exposures(home: Home, rows: int, files: int) -> None:
    """Exposures of two weeks and four markets, so many files a day and market."""
    chance = np.random.Generator(np.random.PCG64(1))
    each = rows // (DAYS * len(MARKETS) * files)
    for day in range(DAYS):
        for market in MARKETS:
            for number in range(files):
                table = _exposures(chance, FIRST + timedelta(days=day), market, each, number)
                folder = home.facts / "exposures" / f"date={FIRST + timedelta(days=day)}" / f"market={market}"
                folder.mkdir(parents=True, exist_ok=True)
                pq.write_table(
                    table, folder / f"sim-{number}.parquet", compression="zstd", compression_level=1,
                    row_group_size=128 << 10,
                )  # fmt: skip


def _exposures(chance: np.random.Generator, day: date, market: str, rows: int, number: int) -> pa.Table:
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1e6)
    at = np.sort(chance.integers(start, start + 86_400_000_000, rows))

    def texts(prefix: str, most: int) -> pa.Array:
        names = pa.array([f"{prefix}{n}" for n in range(most)])
        return names.take(pa.array(chance.integers(0, most, rows)))

    columns = {
        "id": pa.array([f"{day}{market}{number}-{n}" for n in range(rows)]),
        "at": pa.array(at, pa.int64()).cast(KINDS["exposures"].schema.field("at").type),
        "market": pa.array([market]).take(pa.array(np.zeros(rows, np.int8))),
        "channel": pa.array(CHANNELS).take(pa.array(chance.integers(0, len(CHANNELS), rows))),
        "shopper": texts("2026-11.", 50_000),
        "kind": pa.array(["item", "content"]).take(pa.array((chance.random(rows) < 0.1).astype(np.int8))),
        "entity": texts("i", 200_000),
        "position": pa.array(chance.integers(1, 41, rows)),
        "examined": pa.array(chance.random(rows)),
        "local_date": pa.array([day]).take(pa.array(np.zeros(rows, np.int8))),
    }
    columns["received_at"] = columns["at"]
    schema = KINDS["exposures"].schema
    return pa.Table.from_arrays(
        [columns.get(field.name, pa.nulls(rows, field.type)).cast(field.type) for field in schema], schema=schema
    )


@contextmanager
def told(what: str) -> Iterator[None]:
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    yield
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:<32} {time.perf_counter() - begin:8.2f} s {cpu:8.2f} CPU s {after.ru_maxrss / 1024:8.0f} MiB at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--files", type=int, default=8, help="files a day and market, before compaction")
    parser.add_argument("--warehouse", help="a Spark in place of DuckDB")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aedile-bench-") as folder:
        home = Home(Path(folder)).prepare()
        with told(f"making {options.rows:,} exposures"):
            make_exposures(home, options.rows, options.files)
        for state in ("small files", "compacted"):
            if state == "compacted":
                with told("compacting"):
                    list(compact(home, ["exposures"]))
            paths = list(home.facts.rglob("[!.]*.parquet"))
            print(f"{state}: {len(paths):,} files, {sum(one.stat().st_size for one in paths) / 2**20:,.0f} MiB")
            with warehouse_at(home, options.warehouse, memory_mb=4096, threads=options.threads) as warehouse:
                for name, query in QUERIES.items():
                    for turn in ("first", "again"):
                        with told(f"  {name}, {turn}"):
                            answer = warehouse.query(query)
                    print(f"    {len(answer):,} rows")


if __name__ == "__main__":
    main()
