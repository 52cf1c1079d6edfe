"""Facts to send: exposures of one shopper after the other, and whatever of them is to be different."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from aedile.facts import kind_of
from aedile.facts.reading import read_rows
from aedile.store.fact_arrival import Arrival
from aedile.store.fact_journal import Part
from aedile.store.home import Home
from aedile.store.pseudonyms import Pseudonyms

#: 2026-11-28T08:30:00Z, in microseconds.
NOW = 1_795_854_600_000_000


def exposure(id_: str, **others: Any) -> dict[str, Any]:
    """One that is right, but for what is said."""
    row = {
        "id": id_, "at": "2026-11-28T08:29:00Z", "market": "ID", "channel": "search", "shopper": "ann",
        "session_id": "s-1", "kind": "item", "entity": "item-1", "position": 1,
    }  # fmt: skip
    return {**row, **others}


def ndjson(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"\n".join(map(msgspec.json.encode, rows))


def arrow_stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def part_of(home: Home, kind: str, rows: list[dict[str, Any]], source: str = "test", now: int = NOW) -> Part:
    """What an intake makes of these rows."""
    return Arrival(Pseudonyms(home.secrets), {}).part(read_rows(kind_of(kind), rows, now), now, source)


def sealed(home: Home, kind: str = "exposures") -> pa.Table:
    """All facts of a kind that are in the files; each file is read whole."""
    files = sorted((home.facts / kind).rglob("*.parquet"))
    return (
        pa.concat_tables([pq.ParquetFile(file).read() for file in files])
        if files
        else kind_of(kind).schema.empty_table()
    )


def ids_of(home: Home, kind: str = "exposures") -> Counter[str]:
    return Counter(sealed(home, kind)["id"].to_pylist())


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
