"""Which facts are taken, which are refused, and is each refused one told by its row, its column, and what is wrong?"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aedile.errors import DataError
from aedile.facts import KINDS, kind_of
from aedile.facts.kinds import FLAG, MOMENT, REAL, TEXTS, WHOLE
from aedile.facts.reading import read_arrow, read_json, read_ndjson, read_rows, read_table
from tests.intake.made import NOW, arrow_stream, exposure, ndjson

EXPOSURES = kind_of("exposures")
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC)
QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def moments():
    return st.integers(0, int((LAST - FIRST) / timedelta(microseconds=1))).map(
        lambda n: FIRST + timedelta(microseconds=n)
    )


def value_of(field):
    """What a column may hold, as Python has it."""
    names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
        lambda text: len(text.encode()) <= 128
    )
    if field.name == "market":
        return st.sampled_from(["ID", "US", "BR", "KI"])
    if field.name == "channel":
        return st.sampled_from(["search", "live"])
    if field.name == "currency":
        return st.sampled_from(["IDR", "USD"])
    if field.values:
        return st.sampled_from(field.values)
    if field.name in ("query_attributes", "event_attributes"):
        return st.dictionaries(
            st.text(st.characters(exclude_categories=("Cs",)), max_size=5), st.integers(), max_size=2
        ).map(json.dumps)
    if field.name == "value":
        return st.sampled_from(["1.5", '"مرحبا"', "[1, 2]", "true"])
    if field.name in ("stars", "score"):
        return st.integers(1, 5)
    special = {
        WHOLE: st.integers(int(field.least or 1), 2**63 - 1),
        REAL: st.floats(0, 1),
        FLAG: st.booleans(),
        MOMENT: moments(),
        TEXTS: st.lists(names, max_size=4),
    }
    return special.get(field.type, names)


def facts_of(kind):
    fields = {
        field.name: value_of(field) if field.required or field.name == "currency" else st.none() | value_of(field)
        for field in kind.sent
    }
    return st.fixed_dictionaries(fields)


def plain(row):
    """As JSON has it: times as RFC 3339, nothing for what is not known."""
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items() if v is not None}


@QUICK
@given(data=st.data(), kind=st.sampled_from(list(KINDS.values())))
def test_the_same_facts_are_read_from_every_format(data, kind):
    rows = data.draw(st.lists(facts_of(kind), min_size=1, max_size=4))
    read = read_rows(kind, rows, NOW)
    assert [one.error for one in read.refused] == []
    sent = [plain(row) for row in rows]
    table = pa.Table.from_pylist(rows, pa.schema([pa.field(f.name, f.type) for f in kind.sent]))
    for other in (
        read_ndjson(kind, ndjson(sent), NOW),
        read_json(kind, json.dumps(sent, ensure_ascii=False).encode(), NOW),
        read_json(kind, json.dumps({"facts": sent}).encode(), NOW),
        read_table(kind, table, NOW),
        read_arrow(kind, arrow_stream(table), NOW),
    ):
        assert other.refused == []
        assert other.table.equals(read.table)
    assert read.table.to_pylist() == rows


@QUICK
@given(kind=st.sampled_from(list(KINDS.values())), data=st.data(), bad=st.binary(max_size=60))
def test_what_is_wrong_keeps_nothing_right_out(kind, data, bad):
    good = plain(data.draw(facts_of(kind)))
    line = bad.replace(b"\n", b" ")
    read = read_ndjson(kind, ndjson([good]) + b"\n" + line + b"\n" + ndjson([good]), NOW)
    assert len(read.table) + len(read.refused) == 2 + bool(line.strip())
    assert [one.row for one in read.refused] in ([], [2])


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_read_or_refused(body):
    for read in (read_json, read_ndjson, read_arrow):
        with suppress(DataError):
            assert len(read(EXPOSURES, body, NOW).table) == 0


WRONG = {
    "a column that is not known": ({"shoper": "ann"}, "AED-DATA-074", "did you mean `shopper`"),
    "a column that is added on arrival": ({"received_at": "2026-11-28T00:00:00Z"}, "AED-DATA-074", ""),
    "a word for a number": ({"position": "third"}, "AED-DATA-075", ""),
    "a number for a text": ({"entity": 7}, "AED-DATA-075", ""),
    "a fraction of a place": ({"position": 1.5}, "AED-DATA-075", ""),
    "a number beyond 64 bits": ({"position": 2**63}, "AED-DATA-075", ""),
    "a time without a zone": ({"at": "2026-11-28T08:00:00"}, "AED-DATA-075", ""),
    "a day that is none": ({"at": "2026-02-30T08:00:00Z"}, "AED-DATA-075", ""),
    "nothing where there must be something": ({"entity": None}, "AED-DATA-076", ""),
    "a place below the first": ({"position": 0}, "AED-DATA-077", ""),
    "a word that is none of those": ({"kind": "itm"}, "AED-DATA-077", "did you mean `item`"),
    "more than sure": ({"examined": 1.01}, "AED-DATA-077", ""),
    "an empty id": ({"id": ""}, "AED-DATA-078", ""),
    "an id of 129 bytes": ({"id": "é" * 64 + "x"}, "AED-DATA-078", ""),
    "an id with a line feed": ({"id": "a\nb"}, "AED-DATA-078", ""),
    "a shopper with a NUL": ({"shopper": "a\0b"}, "AED-DATA-078", ""),
    "two days from now": ({"at": "2026-11-30T08:30:00Z"}, "AED-DATA-079", "future"),
    "milliseconds taken for seconds": ({"at": "9999-12-31T23:59:59Z"}, "AED-DATA-079", "future"),
    "before 2000": ({"at": "1999-12-31T23:59:59Z"}, "AED-DATA-079", "before 2000"),
    "a market by its other name": ({"market": "UK"}, "AED-DATA-071", "did you mean `GB`"),
    "a market in small letters": ({"market": "id"}, "AED-DATA-071", "did you mean `ID`"),
    "a channel that is none": ({"channel": "serch"}, "AED-DATA-087", "did you mean `search`"),
}


@pytest.mark.parametrize(("changed", "code", "hint"), WRONG.values(), ids=WRONG)
def test_a_row_that_is_wrong_is_refused_by_its_number_with_a_hint(changed, code, hint):
    rows = [exposure("first"), exposure("second", **changed), exposure("third")]
    for read in (read_ndjson(EXPOSURES, ndjson(rows), NOW), read_rows(EXPOSURES, rows, NOW)):
        assert read.table["id"].to_pylist() == ["first", "third"]
        (refused,) = read.refused
        assert (refused.row, refused.error.code.name, refused.error.place.line) == (2, code, 2)
        assert refused.error.place.field in changed
        assert hint in (refused.error.hint or "")
        assert refused.error.fix
        for name, value in changed.items():
            assert name not in refused.raw or refused.raw[name] == value or name == "at"


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("carts", {"item": "i", "quantity": 1, "amount": 5}),  # of which currency?
        ("orders", {"order_id": "o", "line": 1, "item": "i", "quantity": 1, "amount": 5, "currency": "Rp"}),
        ("reviews", {"kind": "item", "entity": "i", "stars": 6}),
        ("survey_answers", {"survey": "s-1", "measure": "csat", "score": 6}),
        ("survey_answers", {"survey": "s-1", "measure": "ces", "score": 0}),
        ("searches", {"query_id": "q", "user_query": "x", "query_attributes": "[1]"}),
        ("searches", {"query_id": "q", "user_query": "x", "query_attributes": '{"a": NaN}'}),
        ("searches", {"query_id": "q", "user_query": "x", "query_attributes": '{"a":' * 9_000}),
        ("searches", {"query_id": "q", "user_query": "x", "query_response_hit_ids": ["a", ""]}),
        ("searches", {"query_id": "q", "user_query": "x" * 65_537}),
        ("feature_updates", {"kind": "item", "entity": "i", "feature": "price", "value": "3,5"}),
    ],
)
def test_what_no_column_shows_by_itself_is_seen_as_well(kind, row):
    read = read_rows(kind_of(kind), [{"id": "a", "at": "2026-11-28T08:00:00Z", "market": "ID", **row}], NOW)
    assert len(read.refused) == 1
    assert read.refused[0].error.place.field in kind_of(kind).fields


@pytest.mark.parametrize("text", ["مرحبا بالعالم", "שלום", "ไทย", "👩‍👩‍👧", "İstanbul", "a\u202eb", "e\u0301"])
def test_texts_of_any_script_stay_as_they_were_written(text):
    read = read_rows(kind_of("reviews"), [
        {"id": text, "at": "2026-11-28T08:00:00Z", "market": "ID", "kind": "item", "entity": text,
         "stars": 5, "text": text}
    ], NOW)  # fmt: skip
    assert read.table.select(["id", "entity", "text"]).to_pylist() == [{"id": text, "entity": text, "text": text}]


def test_half_of_a_surrogate_pair_is_refused():
    body = (
        b'{"id": "\\ud800", "at": "2026-11-28T08:00:00Z", "market": "ID", "kind": "item", "entity": "i", "position": 1}'
    )
    assert len(read_ndjson(EXPOSURES, body, NOW).refused) == 1


def test_a_line_that_is_no_json_is_named_and_not_kept():
    read = read_ndjson(EXPOSURES, b'\n{"id": "shopper-17", oops}\n\n[]\n', NOW)
    assert [(one.row, one.raw) for one in read.refused] == [(2, None), (4, None)]


def test_lines_are_counted_as_an_editor_does():
    rows = ndjson([exposure("a")]) + b"\r\n\r\n  \n" + ndjson([exposure("b", position=0)]) + b"\n"
    read = read_ndjson(EXPOSURES, rows, NOW)
    assert read.table["id"].to_pylist() == ["a"]
    assert [one.row for one in read.refused] == [4]


def test_more_than_may_come_at_once_is_refused_as_a_whole():
    for read, body in ((read_ndjson, ndjson([exposure("a")] * 11)), (read_json, b"[" + b",".join([b"{}"] * 11) + b"]")):
        with pytest.raises(DataError) as caught:
            read(EXPOSURES, body, NOW, 10)
        assert caught.value.code.name == "AED-DATA-088"
        assert len(read(EXPOSURES, body, NOW, 11).refused) in (0, 11)


def table_of(**columns):
    base = {
        "id": pa.array(["a", "b"]), "at": pa.array([NOW, NOW], pa.timestamp("us", "UTC")),
        "market": pa.array(["ID", "ID"]), "kind": pa.array(["item", "item"]), "entity": pa.array(["x", "y"]),
        "position": pa.array([1, 2]),
    }  # fmt: skip
    return pa.table({**base, **columns})


def test_a_table_may_have_types_that_hold_the_same():
    read = read_table(
        EXPOSURES,
        table_of(
            id=pa.array(["a", "b"], pa.large_string()), kind=pa.array(["item", "item"]).dictionary_encode(),
            at=pa.array([NOW * 1000, NOW * 1000 + 999], pa.timestamp("ns", "Asia/Jakarta")),
            position=pa.array([1, 2], pa.uint8()), shopper=pa.nulls(2), examined=pa.array([1, 0], pa.int32()),
        ),
        NOW,
    )  # fmt: skip
    assert read.refused == []
    assert read.table["at"].cast(pa.int64()).to_pylist() == [NOW, NOW]
    assert read.table["examined"].to_pylist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("columns", "code", "field"),
    [
        ({"entitty": pa.array(["x", "y"])}, "AED-DATA-074", "entitty"),
        ({"position": pa.array(["1", "2"])}, "AED-DATA-075", "position"),
        ({"position": pa.array([1.0, 2.0])}, "AED-DATA-075", "position"),
        ({"at": pa.array([NOW, NOW], pa.timestamp("us"))}, "AED-DATA-075", "at"),
        ({"at": pa.array([NOW, NOW])}, "AED-DATA-075", "at"),
        ({"position": pa.array([1, 2**63], pa.uint64())}, "AED-DATA-073", None),
    ],
)
def test_a_column_that_is_wrong_refuses_the_table(columns, code, field):
    with pytest.raises(DataError) as caught:
        read_table(EXPOSURES, table_of(**columns), NOW)
    assert (caught.value.code.name, caught.value.place.field) == (code, field)


def test_a_table_without_a_column_that_must_be_there_is_refused():
    with pytest.raises(DataError, match="`entity` is missing"):
        read_table(EXPOSURES, table_of().drop_columns(["entity"]), NOW)


def test_rows_of_a_table_are_refused_one_by_one():
    examined = pa.array([np.nan, 0.5])
    read = read_table(EXPOSURES, table_of(examined=examined, kind=pa.array([None, "item"])), NOW)
    assert [(one.row, one.error.place.field) for one in read.refused] == [(1, "kind")]
    assert read.refused[0].raw["examined"] == "nan"
    assert read.table["id"].to_pylist() == ["b"]


def test_a_time_in_any_zone_is_the_same_instant():
    jakarta = datetime(2026, 11, 28, 15, 0, tzinfo=timezone(timedelta(hours=7)))
    rows = [
        exposure("a", at=jakarta),
        exposure("b", at="2026-11-28T15:00:00+07:00"),
        exposure("c", at="2026-11-28T08:00:00Z"),
    ]
    assert len(set(read_rows(EXPOSURES, rows, NOW).table["at"].to_pylist())) == 1
