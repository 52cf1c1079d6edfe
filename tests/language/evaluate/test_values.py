"""Are values written and read as CEL does, and refused where they are not of their type?"""

from __future__ import annotations

import math
from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import given
from hypothesis import strategies as st

from aedile.errors import DataError
from aedile.language import values
from aedile.language.types import DURATION_MAX, SCALARS, TIMESTAMP_MAX, TIMESTAMP_MIN, list_of
from tests.language.evaluate.samples import same, worth

CEL = cel.NewEnv(variables={"x": cel.Type.DOUBLE}).compile("string(x)")
timestamps = st.integers(TIMESTAMP_MIN, TIMESTAMP_MAX)
durations = st.integers(-DURATION_MAX, DURATION_MAX)


@given(st.floats(allow_nan=False) | st.sampled_from([-0.0045, 1e21, 1e-7, 123456789.0, 3.0, 999999.5, 1e6, 1e-4, 1e-5]))
def test_a_double_is_written_as_cel_in_cpp_does(value: float) -> None:
    assert values.format_double(value) == CEL.eval(data={"x": value}).value()


@given(st.floats())
def test_a_double_reads_back_to_the_bit(value: float) -> None:
    assert same(values.parse_double(values.format_double(value)), value)


@given(timestamps)
def test_a_timestamp_reads_back(value: int) -> None:
    assert values.parse_timestamp(values.format_timestamp(value)) == value


@given(durations)
def test_a_duration_reads_back(value: int) -> None:
    assert values.parse_duration(values.format_duration(value)) == value


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00.000001000z", 1),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1969-12-31T23:59:59.5-00:00", -500_000),
        ("0001-01-01T00:00:00Z", TIMESTAMP_MIN),
        ("9999-12-31T23:59:59.999999Z", TIMESTAMP_MAX),
        ("0001-01-01T00:00:00+00:01", None),
        ("1970-01-01T00:00:00.0000001Z", None),
        ("1970-01-01 00:00:00Z", None),
        ("1970-01-01T00:00:00", None),
        ("1970-01-01T24:00:00Z", None),
        ("1970-01-01T00:00:60Z", None),
        ("1970-02-29T00:00:00Z", None),
        ("1970-01-01T00:00:00+24:00", None),
        ("1970-01-01T00:00:00.Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("١٩٧٠-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_timestamps_are_rfc_3339_in_microseconds(text: str, micros: int | None) -> None:
    assert values.parse_timestamp(text) == micros


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1h30m", 5_400_000_000),
        ("-1.5s", -1_500_000),
        ("+1s", 1_000_000),
        ("0", 0),
        (".5s", 500_000),
        ("1.s", 1_000_000),
        ("1s1h", 3_601_000_000),
        ("500ns500ns", 1),
        ("1ns", None),
        ("0.1us", None),
        ("1d", None),
        ("1", None),
        ("", None),
        ("-", None),
        (".s", None),
        ("1h-30m", None),
        ("1h 30m", None),
        ("1e3s", None),
        ("315576000000s", DURATION_MAX),
        ("315576000000.000001s", None),
        ("9" * 5000 + "s", None),
        ("0." + "0" * 5000 + "s", 0),
    ],
)
def test_durations_have_hours_as_their_largest_unit(text: str, micros: int | None) -> None:
    assert values.parse_duration(text) == micros


def test_texts_become_numbers_only_where_all_of_them_is_one() -> None:
    x = (
        "string",
        ["42", "+42", "-0", "9223372036854775807", "9223372036854775808", " 1", "1_0", "٣", "", "1.0", "9" * 5000],
    )
    assert worth("int(x)", x=x) == [42, 42, 0, 2**63 - 1, None, None, None, None, None, None, None]
    y = ("string", ["1.5", ".5", "5.", "-1e3", "1e400", "Infinity", "nan", "0x10", "1e", " 1", "1_0"])
    assert same(worth("double(x)", x=y), [1.5, 0.5, 5.0, -1000.0, math.inf, math.inf, math.nan, None, None, None, None])
    z = ("string", ["true", "True", "TRUE", "t", "1", "false", "False", "FALSE", "f", "0", "tRUE", "T", "yes", ""])
    assert worth("bool(x)", x=z) == [True] * 5 + [False] * 5 + [None] * 4


def test_a_double_is_cut_towards_zero_strictly_inside_64_bits() -> None:
    x = ("double", [-7.9, 11.5, 2.0**63, -(2.0**63), 9223372036854774784.0, math.nan, math.inf, None])
    assert worth("int(x)", x=x) == [-7, 11, None, None, 9223372036854774784, None, None, None]


def test_a_timestamp_is_seconds_as_int_rounded_down() -> None:
    assert worth("int(x)", x=("timestamp", [1_900_000, -1_900_000])) == [1, -2]
    x = ("int", [0, 253_402_300_799, 253_402_300_800, -62_135_596_801, 2**63 - 1])
    assert worth("timestamp(x)", x=x) == [0, 253_402_300_799_000_000, None, None, None]


def test_values_become_text_as_cel_writes_them() -> None:
    assert worth("string(x)", x=("bool", [True, False, None])) == ["true", "false", None]
    assert worth("string(x)", x=("int", [-(2**63), 0, None])) == ["-9223372036854775808", "0", None]
    assert worth("string(x)", x=("double", [0.0, -0.0, 1e21, None])) == ["0", "-0", "1e+21", None]
    assert worth("string(x)", x=("timestamp", [120_000])) == ["1970-01-01T00:00:00.12Z"]
    assert worth("string(x)", x=("duration", [10**12, -1_500_000])) == ["1000000s", "-1.5s"]


SAMPLES: dict[str, list[Any]] = {
    "bool": [True, False],
    "int": [0, 2**63 - 1, -(2**63)],
    "double": [0.5, -0.0, math.nan, math.inf, -math.inf],
    "string": ["", "a\0😀"],
    "timestamp": [0, TIMESTAMP_MIN, TIMESTAMP_MAX],
    "duration": [0, DURATION_MAX, -1],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_json_reads_back_to_the_bit(name: str) -> None:
    type_ = SCALARS[name]
    for value in [*SAMPLES[name], None]:
        assert same(values.from_json(values.to_json(value, type_), type_), value)
    whole = SAMPLES[name]
    assert same(values.from_json(values.to_json(whole, list_of(type_)), list_of(type_)), whole)


@pytest.mark.parametrize(
    ("value", "name"),
    [(1, "bool"), (True, "int"), (1.0, "int"), (2**63, "int"), ("1", "int"), (True, "double"), ("1.5", "double"),
     (2**64, "double"), (1, "string"), ("\ud800", "string"), (0, "timestamp"), ("2026-01-01", "timestamp"),
     (60, "duration"), ("1d", "duration"), ([], "string")],
)  # fmt: skip
def test_json_of_another_type_is_refused_with_the_value_and_its_form(value: Any, name: str) -> None:
    with pytest.raises(DataError) as caught:
        values.from_json(value, SCALARS[name])
    assert caught.value.code.name == "AED-DATA-050"
    assert repr(value) in caught.value.message
    assert name in caught.value.message
    assert caught.value.hint


def test_null_inside_a_list_is_refused_and_a_long_value_is_shortened() -> None:
    with pytest.raises(DataError) as caught:
        values.from_json(["a", None], list_of(SCALARS["string"]))
    assert "null" in str(caught.value)
    with pytest.raises(DataError) as caught:
        values.from_json("x" * 10_000, SCALARS["int"])
    assert len(caught.value.message) < 200
