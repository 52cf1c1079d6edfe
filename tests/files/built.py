"""Malformed files that no text can show: wrong encodings, Parquet and Arrow, and what is large or deep."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aedile.documents import MAX_BYTES
from aedile.engine.entities import read_entities
from aedile.engine.list_files import read_lists
from aedile.engine.requests import MAX_LINE_BYTES, read_requests
from aedile.engine.strategy_read import read_strategies, read_strategy
from aedile.language.schema import Schema, load_schema

Act = Callable[[], object]
Builder = Callable[[Path, Schema], Act]
REQUEST = {"id": "r1", "market": "ID", "channel": "live", "time": "2026-11-25T00:00:00Z"}


def _strategy(data: bytes) -> Builder:
    def build(folder: Path, schema: Schema) -> Act:
        path = folder / "hold.yaml"
        path.write_bytes(data)
        return lambda: read_strategy(path, schema)

    return build


def _parquet(kind: str = "item", **columns: pa.Array) -> Builder:
    def build(folder: Path, schema: Schema) -> Act:
        path = folder / f"{kind}s.parquet"
        pq.write_table(pa.table(columns), path)
        return lambda: read_entities(path, kind, schema)

    return build


def _items(rows: int = 3, **columns: pa.Array) -> Builder:
    """Good ids and prices, and the columns that are not."""
    good = {"id": pa.array([f"i{row}" for row in range(rows)]), "price": pa.array([1.0] * rows)}
    return _parquet(**{**good, **columns})


def _bytes(name: str, data: bytes) -> Builder:
    def build(folder: Path, schema: Schema) -> Act:
        path = folder / name
        path.write_bytes(data)
        return lambda: read_entities(path, "item", schema)

    return build


def _request(text: str | bytes) -> Builder:
    def build(folder: Path, schema: Schema) -> Act:
        path = folder / "requests.ndjson"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return lambda: list(read_requests(path, schema))

    return build


def _candidates(count: int) -> str:
    return json.dumps({**REQUEST, "candidates": [{"id": f"i{number}"} for number in range(count)]})


def _absent(read: Callable[[Path, Schema], object]) -> Builder:
    return lambda folder, schema: lambda: read(folder / "absent", schema)


BUILDERS: dict[str, Builder] = {
    "a strategy in Latin-1": _strategy("id: hold\ntitle: Café\n".encode("latin-1")),
    "a strategy in UTF-16": _strategy("id: hold\n".encode("utf-16")),
    "a strategy with a NUL": _strategy(b"id: hold\ntitle: a\0b\n"),
    "a strategy of more than a megabyte": _strategy(b"why: " + b"x" * MAX_BYTES),
    "a strategy that nests ten thousand deep": _strategy(b"params: " + b"[" * 10_000),
    "a strategy of block lists that nest ten thousand deep": _strategy(b"- " * 10_000),
    "a number of five thousand digits": _strategy(b"rank: " + b"9" * 5_000),
    "no such strategy": _absent(read_strategy),
    "no such folder of strategies": _absent(read_strategies),
    "a folder in place of a schema": lambda folder, _: lambda: load_schema(folder),
    "no such schema": _absent(lambda path, _: load_schema(path)),
    "no such file of requests": _absent(lambda path, schema: list(read_requests(path, schema))),
    "no such folder of lists": _absent(lambda path, _: read_lists(path)),
    "no such file of entities": _absent(lambda path, schema: read_entities(path.with_suffix(".csv"), "item", schema)),
    "no such Parquet file": _absent(lambda path, schema: read_entities(path.with_suffix(".parquet"), "item", schema)),
    "an unknown format of entities": _bytes("items.xlsx", b"PK"),
    "an entity the schema does not have": lambda folder, schema: (
        lambda: read_entities(folder / "campaigns.csv", "campaign", schema)
    ),
    "a request of more than 16 MiB": _request("x" * (MAX_LINE_BYTES + 2)),
    "a request of 10,001 candidates": _request(_candidates(10_001)),
    "a request that nests a million deep": _request("[" * 1_000_000),
    "a request in Latin-1": _request('{"id": "é"}'.encode("latin-1")),
    "a request with a number of five thousand digits": _request('{"id": ' + "9" * 5_000 + "}"),
    "a CSV file called Parquet": _bytes("items.parquet", b"id,price\na,1\n"),
    "an empty file called Parquet": _bytes("items.parquet", b""),
    "a CSV file called Arrow": _bytes("items.arrow", b"id,price\na,1\n"),
    "a CSV file in Latin-1": _bytes("items.csv", "id,price,category\na,1,Café\n".encode("latin-1")),
    "an NDJSON file in Latin-1": _bytes("items.ndjson", '{"id": "é"}'.encode("latin-1")),
    "an NDJSON file that nests a million deep": _bytes("items.ndjson", b"[" * 1_000_000),
    "prices as text": _items(price=pa.array([None, "cheap", "9.5"])),
    "prices as decimals": _items(price=pa.array([Decimal("9.50")] * 3)),
    "prices as truth values": _items(price=pa.array([True, False, True])),
    "a whole price beyond 2^53": _items(price=pa.array([1, 2, 2**53 + 1])),
    "a price that is missing": _items(price=pa.array([1.0, None, 2.0])),
    "no column of prices": _parquet(id=pa.array(["a"]), prise=pa.array([1.0])),
    "no column of ids": _parquet(sku=pa.array(["a"]), price=pa.array([1.0])),
    "two columns of prices": _items(**{"item.price": pa.array([1.0, 2.0, 3.0])}),
    "ids as numbers": _items(id=pa.array([7, 8, 9])),
    "an id that is missing": _items(id=pa.array(["a", None, "c"])),
    "ids that are all missing": _items(id=pa.nulls(3)),
    "an id that is empty": _items(id=pa.array(["a", "b", ""])),
    "an id of 129 bytes": _items(id=pa.array(["a", "é" * 64 + "x", "c"])),
    "an id that stands twice": _items(id=pa.array(["a", "b", "a"])),
    "a stock with a fraction": _items(stock=pa.array([1.0, 2.5, None])),
    "a stock beyond 64 bits": _items(stock=pa.array([1, 2**63, 3], pa.uint64())),
    "a stock that is not a number": _items(stock=pa.array([1.0, float("nan"), 3.0])),
    "truth values as numbers": _items(adult=pa.array([0, 1, 0])),
    "a category as a number": _items(category=pa.array([None, 5, 6])),
    "a category as bytes": _items(category=pa.array([b"a", b"b", b"c"])),
    "a category that is not UTF-8": _items(
        category=pa.Array.from_buffers(
            pa.string(), 3, [None, pa.array([0, 1, 2, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xffc")]
        )
    ),
    "tags as one text": _items(tags=pa.array(["a,b", None, "c"])),
    "tags as numbers": _items(tags=pa.array([[1], [], [2]])),
    "a tag that is missing": _items(tags=pa.array([["a"], None, ["b", None]])),
    "a date in place of a timestamp": _items(listed=pa.array([datetime.date(2026, 11, 25)] * 3)),
    "a number in place of a timestamp": _items(listed=pa.array([1_700_000_000] * 3)),
    "a timestamp finer than a microsecond": _items(listed=pa.array([0, 1001, 2000], pa.timestamp("ns"))),
    "a timestamp beyond the year 9999": _items(listed=pa.array([0, 2**50, 0], pa.timestamp("s", "UTC"))),
    "a timestamp as a text without a zone": _items(listed=pa.array(["2026-11-25T00:00:00Z", "2026-11-25 00:00", None])),
    "a number in place of a duration": _items(returns_in=pa.array([30, 30, 30])),
    "a duration as a text that is none": _items(returns_in=pa.array(["720h", "30 days", None])),
    "a duration beyond ten thousand years": _items(returns_in=pa.array([0, 2**40, 0], pa.duration("s"))),
    "a freshness without as_of": _parquet("seller", id=pa.array(["s"]), late_rate=pa.array([0.1])),
    "an as_of that is a text without a zone": _parquet(
        "seller", id=pa.array(["s"]), late_rate=pa.array([0.1]), as_of=pa.array(["yesterday"])
    ),
}
