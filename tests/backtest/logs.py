"""Installations with logged decisions and facts, for backtests."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from aedile.backtest.plan import Side
from aedile.facts import KINDS
from aedile.store.home import Home
from aedile.store.seal import _OPTIONS, BRIEF, _write

DAYS = ("2026-11-24", "2026-11-25")


def seal(home: Home, table, day: str, number: int) -> None:
    """Decisions as they are sealed, by day and market."""
    for market in pc.unique(table["market"]).to_pylist():
        name = f"w-{number:010d}-{number:010d}.parquet"
        _write(
            table.filter(pc.equal(table["market"], market)),
            home.decisions / BRIEF / f"date={day}" / f"market={market}" / name, {**_OPTIONS, "row_group_size": 200},
        )  # fmt: skip


def put_facts(home: Home, kind: str, rows, day: str) -> None:
    """Facts as they are sealed: rows with what is sent, everything else null."""
    schema = KINDS[kind].schema
    for market in sorted({row["market"] for row in rows}):
        mine = [
            {"id": f"{kind}-{day}-{n}", "received_at": row["at"], "local_date": None, **row}
            for n, row in enumerate(rows)
            if row["market"] == market
        ]
        loose = pa.schema([field.with_nullable(True) for field in schema])
        table = pa.Table.from_pylist([{name: row.get(name) for name in loose.names} for row in mine], schema=loose)
        _write(table, home.facts / kind / f"date={day}" / f"market={market}" / "w-1.parquet", {})


def exposed(table, rng):
    """Exposures, clicks and orders of logged decisions."""
    seen, clicks, orders = [], [], []
    for row in table.to_pylist():
        base = {
            "request_id": row["request_id"],
            "at": row["decided_at"],
            "market": row["market"],
            "channel": row["channel"],
        }
        for place in row["page"]:
            candidate = row["candidates"][place]
            who = {"kind": candidate["kind"], "entity": candidate["id"]}
            if rng.random() < 0.8:
                seen.append(
                    {**base, **who, "position": candidate["rank_after"], "examined": 0.9 / candidate["rank_after"]}
                )
                if rng.random() < 0.3:
                    clicks.append({**base, **who})
                if rng.random() < 0.2 and candidate["kind"] == "item":
                    money = {"amount": rng.randint(100, 9000), "currency": "IDR" if row["market"] == "ID" else "USD"}
                    orders.append({**base, "item": candidate["id"], "order_id": "o", "line": 1, "quantity": 1, **money})
    return seen, clicks, orders


def sides(mall):
    """The mall's release, and a draft that lacks every second of its strategies."""
    before = Side("release 7", mall.schema, mall.engine.strategies, mall.lists, 7)
    return before, Side("draft", mall.schema, tuple(mall.engine.strategies[::2]), mall.lists)


def same_tables(one, other) -> None:
    """Two results say the same: whole numbers and texts exactly, doubles within 1e-9."""
    assert one.tables.keys() == other.tables.keys()
    for name, table in one.tables.items():
        there = other.tables[name]
        assert table.schema == there.schema
        assert len(table) == len(there)
        for field in table.schema:
            if pa.types.is_floating(field.type):
                near = [
                    abs(a - b) <= 1e-9 * max(1.0, abs(a))
                    for a, b in zip(table[field.name].to_pylist(), there[field.name].to_pylist(), strict=True)
                ]
                assert all(near), (name, field.name)
            else:
                assert table[field.name].to_pylist() == there[field.name].to_pylist(), (name, field.name)
