"""Facts of tests, written as the software writes them: by day and market, sorted by time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aedile.facts import KINDS
from aedile.store.decision_batch import DECISIONS
from aedile.store.home import Home

START = datetime(2026, 1, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fact(table: str, id_: str, at: datetime | str, market: str = "DE", /, **own: Any) -> dict[str, Any]:
    """A fact with what every fact has; it arrived ten seconds after it happened."""
    at = moment(at) if isinstance(at, str) else at
    said = {"local_date": at.date(), "received_at": at + timedelta(seconds=10)} | own
    assert set(said) <= set(KINDS[table].fields), set(said) - set(KINDS[table].fields)
    return {"id": id_, "at": at, "market": market, **said}


def put_facts(home: Home, kind: str, rows: Iterable[Mapping[str, Any]], name: str = "t-0-1") -> list[Path]:
    """Write facts as sealed files, one a day and market; returns them."""
    return put_table(home, kind, pa.Table.from_pylist([dict(row) for row in rows], schema=KINDS[kind].schema), name)


def put_table(home: Home, kind: str, table: pa.Table, name: str = "t-0-1") -> list[Path]:
    written = []
    for day in pc.unique(table["local_date"]).to_pylist():
        of_day = table.filter(pc.equal(table["local_date"], day))
        for market in pc.unique(of_day["market"]).to_pylist():
            rows = of_day.filter(pc.equal(of_day["market"], market)).sort_by("at")
            written.append(_write(rows, home.facts / kind / f"date={day}" / f"market={market}" / f"{name}.parquet"))
    return written


def put_decisions(home: Home, rows: Iterable[Mapping[str, Any]], name: str = "t-0-1") -> list[Path]:
    """Write decisions as the decision server seals them."""
    written = []
    by_part: dict[tuple[date, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_part.setdefault((row["decided_at"].date(), row["market"]), []).append(row)
    for (day, market), part in by_part.items():
        table = pa.Table.from_pylist([dict(row) for row in part], schema=_undictionaried(DECISIONS)).cast(DECISIONS)
        path = home.decisions / "brief" / f"date={day}" / f"market={market}" / f"{name}.parquet"
        written.append(_write(table, path))
    return written


def candidate(id_: str, rank: int, **own: Any) -> dict[str, Any]:
    return {
        "kind": "item", "id": id_, "rank_before": rank, "rank_after": rank, "score": 1.0 / rank, "multiplier": 1.0,
        "capped_by": [], "relaxed": [], "badges": [], "refers": [], "fired": [], "exempted": [], "shadow_fired": [],
        **own,
    }  # fmt: skip


def decision(id_: str, at: datetime | str, market: str = "DE", **own: Any) -> dict[str, Any]:
    at = moment(at) if isinstance(at, str) else at
    return {
        "request_id": id_, "decided_at": at, "release": 1, "market": market, "channel": "search", "time": at,
        "page": [0], "candidates": [candidate("a", 1)], **own,
    }  # fmt: skip


def _undictionaried(schema: pa.Schema) -> pa.Schema:
    from aedile.store.tables import _plain_schema

    return _plain_schema(list(schema))


def _write(table: pa.Table, path: Path) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=1, row_group_size=128 * 1024)
    return path
