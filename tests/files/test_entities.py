"""The same entities come out of every format, to the last digit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.engine.arrow_columns import to_column
from aedile.engine.catalogue import Store
from aedile.engine.entities import Entities, read_entities
from aedile.engine.entity_layout import Target
from aedile.language.columns import column_from_python
from aedile.language.schema import load_schema, parse_schema
from aedile.language.types import DOUBLE
from tests.files.golden import HERE, refusal

SCHEMA = load_schema(HERE / "schema.yaml")
HOUR = 3600 * 10**6
NAMES = ("id", "category", "price", "stock", "adult", "tags", "listed", "returns_in")
ROWS: list[dict[str, Any]] = [
    dict(zip(NAMES, row, strict=True))
    for row in [
        ("a", "bags", 9.5, 3, True, ["x", ""], 0, HOUR),
        ("b", "", 0.1, -1, False, [], 1, -HOUR),
        ("ç", None, 1e300, None, None, None, None, None),
        ("d", 'a,"\nb', -0.0, 2**63 - 1, True, ["x"], 7, 0),
    ]
]
ARROW = {"tags": pa.list_(pa.string()), "listed": pa.timestamp("us", "UTC"), "returns_in": pa.duration("us")}
COLUMNS = [name for name in ROWS[0] if name != "id"]


def table() -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in ROWS], ARROW.get(name)) for name in ROWS[0]})


def as_text(row: dict[str, Any]) -> dict[str, Any]:
    listed, returns = row["listed"], row["returns_in"]
    return {
        **row,
        "listed": None if listed is None else f"1970-01-01T00:00:00.{listed:06}Z",
        "returns_in": None if returns is None else f"{returns // HOUR}h",
    }


def write_parquet(path: Path) -> None:
    pq.write_table(table(), path, row_group_size=2)


def write_arrow(path: Path) -> None:
    with pa.ipc.new_file(path, table().schema) as writer:
        writer.write_table(table(), max_chunksize=3)


def write_stream(path: Path) -> None:
    with pa.ipc.new_stream(path, table().schema) as writer:
        writer.write_table(table(), max_chunksize=3)


def write_ndjson(path: Path) -> None:
    rows = [{name: value for name, value in as_text(row).items() if value is not None} for row in ROWS]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")


def write_csv(path: Path) -> None:
    lines = [list(NAMES), *(cells(row) for row in ROWS)]
    path.write_text("".join(",".join(map(quoted, line)) + "\n" for line in lines), encoding="utf-8")


def quoted(cell: object) -> str:
    """A missing cell is empty, every other one in quotes, so that an empty text differs from it."""
    return "" if cell is None else '"' + str(cell).replace('"', '""') + '"'


def cells(row: dict[str, Any]) -> list[Any]:
    return [json.dumps(v) if isinstance(v, bool | list) else v for v in as_text(row).values()]


FORMATS = {
    "items.parquet": write_parquet,
    "items.arrow": write_arrow,
    "stream.arrow": write_stream,
    "items.ndjson": write_ndjson,
    "items.csv": write_csv,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_entities(name: str, tmp_path: Path) -> None:
    FORMATS[name](tmp_path / name)
    found = read_entities(tmp_path / name, "item", SCHEMA)
    assert found.ids.type == pa.large_string()
    assert found.ids.to_pylist() == ["a", "b", "ç", "d"]
    for column in COLUMNS:
        assert found.columns[f"item.{column}"].to_python() == [row[column] for row in ROWS], column
    assert np.signbit(found.columns["item.price"].values[3])
    assert found.columns["item.seller_id"].to_python() == [None] * 4
    assert found.columns["item.department"].to_python() == [None] * 4


def test_only_features_of_source_entity_are_columns_and_the_rest_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    more = {"colour": pa.array(["red"] * 4), "counterfeit_score": pa.array([0.5] * 4)}
    pq.write_table(pa.table({**dict(zip(table().column_names, table().columns, strict=True)), **more}), path)
    found = read_entities(path, "item", SCHEMA)
    assert found.ignored == ("colour", "counterfeit_score")
    assert list(found.columns) == [
        f"item.{name}" for name in SCHEMA_NAMES if SCHEMA.features[f"item.{name}"].source == "entity"
    ]


SCHEMA_NAMES = [spec.own_name for spec in SCHEMA.features_of("item")]


def read(tmp_path: Path, **columns: pa.Array) -> Entities:
    rows = len(next(iter(columns.values())))
    good = {"id": pa.array([f"i{row}" for row in range(rows)]), "price": pa.array([1.0] * rows)}
    path = tmp_path / "items.parquet"
    pq.write_table(pa.table({**good, **columns}), path)
    return read_entities(path, "item", SCHEMA)


@pytest.mark.parametrize("type_", [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint32(), pa.uint64()])
def test_whole_numbers_of_every_width_are_ints(type_: pa.DataType, tmp_path: Path) -> None:
    assert read(tmp_path, stock=pa.array([0, None, 100], type_)).columns["item.stock"].to_python() == [0, None, 100]


def test_whole_numbers_in_a_column_of_doubles_are_ints_as_pandas_writes_them(tmp_path: Path) -> None:
    assert read(tmp_path, stock=pa.array([2.0, None, -5.0])).columns["item.stock"].to_python() == [2, None, -5]


@pytest.mark.parametrize("type_", [pa.float32(), pa.float64(), pa.int32(), pa.int64(), pa.uint64()])
def test_numbers_that_fit_a_double_are_doubles(type_: pa.DataType, tmp_path: Path) -> None:
    assert read(tmp_path, price=pa.array([0, 7], type_)).columns["item.price"].to_python() == [0.0, 7.0]


def test_the_largest_exact_whole_number_is_a_double(tmp_path: Path) -> None:
    found = read(tmp_path, price=pa.array([2**53, -(2**53)]))
    assert found.columns["item.price"].to_python() == [2.0**53, -(2.0**53)]


def test_nan_and_infinity_are_values_and_not_missing(tmp_path: Path) -> None:
    column = read(tmp_path, price=pa.array([float("nan"), float("inf")])).columns["item.price"]
    assert column.known.all()
    assert np.isnan(column.values[0])


@pytest.mark.parametrize(("unit", "factor"), [("s", 10**6), ("ms", 10**3), ("us", 1)])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Jakarta"])
def test_timestamps_of_every_unit_and_zone_are_the_same_instant(
    unit: str, factor: int, zone: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "items.arrow"
    data = pa.table({"id": ["a", "b"], "price": [1.0, 1.0], "listed": pa.array([-3, None], pa.timestamp(unit, zone))})
    with pa.ipc.new_file(path, data.schema) as writer:
        writer.write_table(data)
    assert read_entities(path, "item", SCHEMA).columns["item.listed"].to_python() == [-3 * factor, None]


def test_nanoseconds_that_are_whole_microseconds_are_taken(tmp_path: Path) -> None:
    found = read(tmp_path, listed=pa.array([5000, -1000, None], pa.timestamp("ns")))
    assert found.columns["item.listed"].to_python() == [5, -1, None]


def test_texts_may_come_as_a_dictionary_with_doubles_and_nulls_in_it(tmp_path: Path) -> None:
    path = tmp_path / "items.arrow"
    category = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None, 0], pa.int8()), pa.array(["x", "x", None]))
    data = pa.table({"id": list("abcde"), "price": [1.0] * 5, "category": category})
    with pa.ipc.new_file(path, data.schema) as writer:
        writer.write_table(data)
    column = read_entities(path, "item", SCHEMA).columns["item.category"]
    assert column.to_python() == ["x", "x", None, None, "x"]
    assert column.dictionary is not None
    assert column.dictionary.null_count == 0
    assert len(set(column.dictionary.to_pylist())) == len(column.dictionary)


def test_a_sliced_column_of_lists_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "items.arrow"
    tags = pa.array([["z"], ["a"], None, [], ["b", "c"]]).slice(1)
    data = pa.table({"id": list("abcd"), "price": [1.0] * 4, "tags": tags})
    with pa.ipc.new_file(path, data.schema) as writer:
        writer.write_table(data)
    assert read_entities(path, "item", SCHEMA).columns["item.tags"].to_python() == [["a"], None, [], ["b", "c"]]


def test_a_file_without_rows_has_no_entities(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("id,price,tags\n", encoding="utf-8")
    found = read_entities(path, "item", SCHEMA)
    assert len(found) == 0
    assert all(len(column) == 0 for column in found.columns.values())
    pq.write_table(table().slice(0, 0), tmp_path / "items.parquet")
    assert len(read_entities(tmp_path / "items.parquet", "item", SCHEMA)) == 0


def test_the_time_a_row_is_of_comes_along(tmp_path: Path) -> None:
    path = tmp_path / "sellers.csv"
    path.write_text("id,late_rate,as_of\ns,0.5,2026-11-25T00:00:00Z\nt,0.5,\n", encoding="utf-8")
    columns = read_entities(path, "seller", SCHEMA).columns
    assert columns["seller.as_of"].to_python() == [1795564800000000, None]


@given(data=st.lists(st.binary(max_size=20) | st.sampled_from([b'{"id": "a"', b', "price": 1}', b"\n"]), max_size=6))
@pytest.mark.parametrize("suffix", ["ndjson", "csv", "parquet", "arrow"])
def test_any_bytes_are_read_or_refused_and_never_break(
    suffix: str, data: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{suffix}"
    path.write_bytes(b"".join(data))
    error = refusal(lambda: read_entities(path, "item", SCHEMA))
    assert error is None or error.fix


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_read_or_refused_and_never_breaks(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    FORMATS[name](path)
    good = path.read_bytes()
    rng = np.random.default_rng(7)
    for _ in range(60):
        damaged = bytearray(good)
        for at in rng.integers(0, len(good), 3):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(good) // 2, len(good) + 1)])
        error = refusal(lambda: read_entities(path, "item", SCHEMA))
        assert error is None or error.fix


@pytest.mark.parametrize("seed", range(40))
def test_random_columns_are_read_or_refused_and_never_break(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    makers = [
        lambda: pa.array(rng.normal(size=3)),
        lambda: pa.array(rng.integers(-(2**62), 2**62, 3)),
        lambda: pa.array(rng.integers(0, 2**62, 3), pa.timestamp("ns")),
        lambda: pa.array(rng.integers(0, 2**62, 3), pa.timestamp("s")),
        lambda: pa.array(rng.integers(0, 2**62, 3), pa.duration("ms")),
        lambda: pa.array(rng.integers(0, 2**31 - 1, 3).astype(np.int32), pa.date32()),
        lambda: pa.array([b"\xff", None, b""]),
        lambda: pa.array([{"a": 1}, None, {}]),
        lambda: pa.array([[1], None, []]),
        lambda: pa.array(["x", None, "2h"]),
        lambda: pa.nulls(3),
    ]
    columns = {name: makers[rng.integers(len(makers))]() for name in COLUMNS}
    path = tmp_path / "items.arrow"
    data = pa.table({"id": ["a", "b", "c"], **columns})
    with pa.ipc.new_file(path, data.schema) as writer:
        writer.write_table(data)
    error = refusal(lambda: read_entities(path, "item", SCHEMA))
    assert error is None or (error.fix and error.place.field)


def test_entities_taken_from_arrow_are_changed_without_changing_arrow() -> None:
    price = {"type": "double", "meaning": "What it costs."}
    item = {"meaning": "A listing.", "features": {"price": price}}
    schema = parse_schema(json.dumps({"entities": {"item": item}}), "schema.yaml")
    array = pa.array(np.array([1.0, 2.0]))
    target = Target("memory", "price", "item.price", schema.features["item.price"].type)
    store = Store(schema)
    column = to_column(pa.chunked_array([array]), target)
    store.load("item", pa.array(["a", "b"], pa.large_string()), {"item.price": column})
    store.put("item", pa.array(["a"], pa.large_string()), {"item.price": column_from_python(DOUBLE, [9.0])})
    assert store.catalogues["item"].column("item.price").to_python() == [9.0, 2.0]
    assert array.to_pylist() == [1.0, 2.0]
