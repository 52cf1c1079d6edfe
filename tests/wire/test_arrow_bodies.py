"""Is a stream from a stranger read only where it takes no more memory than it brings?"""

from __future__ import annotations

import tracemalloc
from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.engine.arrow_bodies import read_arrow_body
from aedile.engine.request_place import Where
from aedile.errors import DataError


def stream(table: pa.Table, **options) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def read(body: bytes, most: int = 10_000) -> pa.Table:
    return read_arrow_body(body, most, Where(), "entities")


PLAIN = pa.table(
    {
        "id": ["a", "ü"],
        "price": pa.array([1, None], pa.int64()),
        "tags": [["x", "y"], []],
        "when": pa.array([0, 1], pa.timestamp("us", "UTC")),
        "brand": pa.array(["b", "b"]).dictionary_encode(),
        "nothing": pa.nulls(2),
    }
)


def test_plain_columns_lists_and_dictionaries_are_read():
    assert read(stream(PLAIN)).equals(PLAIN)


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_buffers_are_refused_before_they_are_opened(codec):
    bomb = stream(pa.table({"id": pa.array([0] * 50_000_000, pa.int8())}), compression=codec)
    assert len(bomb) < 2_000_000
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    with pytest.raises(DataError, match="compressed"):
        read(bomb)
    assert pa.total_allocated_bytes() - before < 1_000_000
    tracemalloc.stop()


def test_a_compressed_dictionary_is_refused():
    with pytest.raises(DataError, match="compressed"):
        read(stream(PLAIN, compression="zstd"))


def test_a_million_times_one_long_text_is_refused():
    indices = pa.array([0] * 9_000, pa.int32())
    table = pa.table({"id": pa.DictionaryArray.from_arrays(indices, ["x" * 1_000_000])})
    with pytest.raises(DataError, match="MiB"):
        read(stream(table))


@pytest.mark.parametrize(("claimed", "code"), [(2**40, "AED-DATA-106"), (-(2**40), "AED-DATA-101")])
def test_rows_of_nothing_are_counted_before_they_are_made(claimed, code):
    honest = stream(pa.table({"id": pa.nulls(777)}))
    body = honest.replace((777).to_bytes(8, "little"), claimed.to_bytes(8, "little", signed=True))
    with pytest.raises(DataError) as caught:
        read(body)
    assert caught.value.code.name == code


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[None] * 3], pa.list_(pa.null(), 3)),
        pa.array([[None]], pa.list_(pa.null())),
        pa.array([{"a": 1}]),
        pa.array([[["a"]]]),
        pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64())),
        pa.array([b"a"]),
        pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["a"])),
        pa.array([["a"]], pa.list_view(pa.string())),
    ],
    ids=lambda column: str(column.type)[:20],
)
def test_columns_that_may_be_larger_than_they_come_are_refused(column):
    with pytest.raises(DataError, match="of type"):
        read(stream(pa.table({"id": column})))


def test_more_rows_than_there_may_be_are_refused():
    with pytest.raises(DataError) as caught:
        read(stream(PLAIN), most=1)
    assert caught.value.code.name == "AED-DATA-106"


BODY = stream(PLAIN)


@given(st.integers(0, len(BODY) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_stream_is_read_or_refused_in_words(place, bytes_):
    damaged = BODY[:place] + bytes_ + BODY[place + len(bytes_) :]
    with suppress(DataError):
        assert read(damaged).num_rows <= 10_000


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_in_words(body):
    with pytest.raises(DataError):
        read(body)


@pytest.mark.parametrize("length", range(0, len(BODY), 97))
def test_a_stream_that_was_broken_off_is_refused(length):
    with pytest.raises(DataError):
        read(BODY[:length])
