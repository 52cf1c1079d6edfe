"""What does written SQL say at the edges, value by value? Expected answers are written out, not computed."""

from __future__ import annotations

import math
from hashlib import sha256
from typing import Any

import pytest
from sqlglot import exp

from aedile.errors import LanguageError
from aedile.language import ir
from aedile.language.check import Environment, compile_condition
from aedile.language.sql_spark import UnlikeJavaError, java_pattern
from aedile.language.sql_write import to_sql
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, list_of
from tests.language.faces.warehouse import Warehouse

TYPES = {
    "b": BOOL,
    "i": INT,
    "j": INT,
    "d": DOUBLE,
    "e": DOUBLE,
    "s": STRING,
    "t": TIMESTAMP,
    "u": DURATION,
    "tags": list_of(STRING),
    "reals": list_of(DOUBLE),
    "request.time": TIMESTAMP,
}
ENVIRONMENT = Environment(TYPES)
LOW, HIGH = -(2**63), 2**63 - 1


def answers(condition: str, **columns: list[Any]) -> list[Any]:
    node = compile_condition(condition, ENVIRONMENT)
    return Warehouse(TYPES, columns).values(node)


@pytest.mark.parametrize(
    ("condition", "d", "answer"),
    [
        ("d == d", math.nan, False),
        ("d != d", math.nan, True),
        ("d > 5.0", math.nan, False),
        ("d >= 5.0", math.nan, False),
        ("d < 5.0", math.nan, False),
        ("!(d > 5.0)", math.nan, True),
        ("d in [1.0, 2.0]", math.nan, False),
        ("d == 0.0", -0.0, True),
        ("1.0 / d < 0.0", -0.0, True),
        ("d / 0.0 > 1e308", 1.0, True),
        ("d == 9007199254740993", 9007199254740992.0, False),
        ("d < 9007199254740993", 9007199254740992.0, True),
        ("d > 5.0", None, None),
        ("int(d) == -7", -7.9, True),
        ("int(d) == 0", 2.0**63, None),
        ("int(d) == 0", math.nan, None),
    ],
)
def test_a_double_follows_ieee_754(condition: str, d: float | None, answer: bool | None):
    assert answers(condition, d=[d]) == [answer]


@pytest.mark.parametrize(
    ("condition", "i", "d", "answer"),
    [
        ("i == d", 2**53 + 1, 2.0**53, False),
        ("i > d", 2**53 + 1, 2.0**53, True),
        ("i < d", HIGH, 2.0**63, True),
        ("i >= d", LOW, -(2.0**63), True),
        ("i < d", LOW, -(2.0**63), False),
        ("i > d", 1, math.nan, False),
        ("i != d", 1, math.nan, True),
        ("i < d", 1, math.inf, True),
        ("i <= d", 1, -math.inf, False),
        ("i < d", 1, 1.5, True),
        ("i < d", -1, -1.5, False),
        ("i == d", None, math.nan, None),
        ("i == d", 1, None, None),
        ("i in [d]", 2**53 + 1, 2.0**53, False),
    ],
)
def test_an_int_and_a_double_compare_by_mathematical_value(condition: str, i: int, d: float, answer: bool | None):
    assert answers(condition, i=[i], d=[d]) == [answer]


@pytest.mark.parametrize(
    ("condition", "i", "j", "answer"),
    [
        ("i + j == 0", HIGH, 1, None),
        ("i - j == 0", LOW, 1, None),
        ("i * j == 0", 2**62, 2, None),
        ("i * j == 9223372036854775807", HIGH, 1, True),
        ("i / j == -3", -7, 2, True),
        ("i % j == -1", -7, 2, True),
        ("i / j == 0", 1, 0, None),
        ("i % j == 0", 1, 0, None),
        ("i / j == 0", LOW, -1, None),
        ("i % j == 0", LOW, -1, None),
        ("-i == 0", LOW, 0, None),
        ("i / 0 == 0 || true", 1, 0, True),
        ("timestamp(i) < timestamp(0)", HIGH, 0, None),
    ],
)
def test_what_overflows_or_divides_by_zero_is_null(condition: str, i: int, j: int, answer: bool | None):
    assert answers(condition, i=[i], j=[j]) == [answer]


def test_the_branch_not_taken_does_not_matter_and_an_unknown_condition_is_null():
    assert answers("b ? i / j == 1 : true", b=[True, False, None], i=[1, 1, 1], j=[1, 0, 1]) == [True, True, None]


def test_and_within_a_membership_is_one_operand():
    assert answers("(b && i > 5) in [false]", b=[False], i=[1]) == [True]


def test_a_comprehension_decides_over_unknown_elements_as_kleene_does():
    data = {"tags": [["7"], ["7", "x"], ["x"], [], None]}
    assert answers("tags.exists(t, int(t) == 7)", **data) == [True, True, None, False, None]
    assert answers("tags.all(t, int(t) == 7)", **data) == [True, None, None, True, None]
    assert answers("tags.exists_one(t, int(t) == 7)", **data) == [True, None, None, False, None]
    assert answers("tags.filter(t, int(t) == 7) == ['7']", **data) == [True, None, None, False, None]


def test_a_nan_in_a_list_equals_nothing():
    data = {"reals": [[math.nan], [1.0]], "d": [math.nan, 1.0]}
    assert answers("reals == reals", **data) == [False, True]
    assert answers("d in reals", **data) == [False, True]


def test_texts_compare_by_code_point_and_are_counted_in_code_points():
    data = {"s": ["\uffff", "\U0001f600", "é", "a\0b"]}
    assert answers('s < "\\U0001F600"', **data) == [True, False, True, True]
    assert answers("s.size()", **data) == [1, 1, 1, 3]
    assert answers('s == "a\\u0000b"', **data) == [False, False, False, True]


def test_lower_ascii_leaves_other_letters():
    assert answers("s.lowerAscii()", s=["ÀBC İ"]) == ["Àbc İ"]


def test_a_text_is_read_as_a_number_only_in_the_languages_own_form():
    texts = ["42", "+7", "-0", " 1", "1e5", "0x10", "1_000", "9223372036854775808", ""]
    assert answers("int(s)", s=texts) == [42, 7, 0, None, None, None, None, None, None]


def test_clocks_change_as_the_zone_says_and_not_as_the_engine_believes():
    # 2024-03-10 06:59:59.999999Z and 07:00Z: New York goes from 1:59 to 3:00. Morocco keeps summer time but in Ramadan.
    moments = [1_710_053_999_999_999, 1_710_054_000_000_000]
    assert answers('t.getHours("America/New_York")', t=moments) == [1, 3]
    assert answers('t.getMinutes("+05:30")', t=moments) == [29, 30]
    assert answers('t.getFullYear("Asia/Tokyo")', t=[253_402_300_799_999_999]) == [10000]


def test_durations_lie_in_microseconds_and_their_sum_has_the_range_of_the_language():
    data = {"u": [5_400_000_000, -1_500_000, (2**63 - 1) // 1000]}
    assert answers("u.getMinutes()", **data) == [90, 0, 153_722_867]
    assert answers("string(u)", **data) == ["5400s", "-1.5s", "9223372036.854775s"]
    assert answers('u + duration("1s") > u', **data) == [True, True, None]


def test_an_entry_of_a_list_holds_until_it_expires():
    node = compile_condition('in_list(s, "recalled")', ENVIRONMENT)
    data = {"s": ["a", "b", "b", "b", "c", None], "request.time": [None, 1, 3, None, None, 1]}
    warehouse = Warehouse(TYPES, data, {"recalled": {"a": None, "b": 2}, "other": {"c": None}})
    assert warehouse.values(node) == [True, True, False, None, False, None]


def test_bucket_is_the_published_hash():
    assert answers('bucket(s, "spring", 100)', s=["item-1", None]) == [
        int.from_bytes(sha256(b"spring\0item-1").digest()[:8], "big") % 100,
        None,
    ]


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ('normalized(s) == "a"', "normalized()"),
        ('string(d) == "1"', "string() of a double"),
        ("timestamp(s) < t", "timestamp() of a string"),
        ("duration(s) < u", "duration() of a string"),
        ("t.getHours(s) == 1", "a getter with a zone"),
        ('tags.exists(x, in_list(x, "l"))', "in_list() inside"),
    ],
)
def test_what_has_no_exact_sql_is_refused_by_name(condition: str, what: str):
    for dialect in ("duckdb", "spark"):
        with pytest.raises(LanguageError) as caught:
            to_sql(compile_condition(condition, ENVIRONMENT), dialect)
        assert caught.value.code.name == "AED-LANG-090"
        assert what in caught.value.message


def test_an_unknown_engine_and_an_unbound_parameter_are_refused():
    with pytest.raises(LanguageError, match='"sqlite" is not an engine'):
        to_sql(ir.TRUE, "sqlite")
    with pytest.raises(LanguageError, match=r"param\.x has no value"):
        to_sql(ir.Param(BOOL, "x"))


def test_a_feature_lies_in_the_column_the_caller_says():
    node = compile_condition("i > 5", ENVIRONMENT)
    assert to_sql(node, column=lambda name: exp.column(name, table="items")) == "items.i > 5"


def test_a_condition_nested_91_deep_is_written():
    condition = "b"
    for i in range(91):
        condition = f"({condition} {'&&' if i % 2 else '||'} i == {i})"
    assert answers(condition, b=[True, True], i=[90, 91]) == [True, False]


def test_arithmetic_nested_too_deeply_for_sql_is_refused_in_words():
    condition = "i"
    for _ in range(48):
        condition = f"({condition} * 3 + 1)"
    with pytest.raises(LanguageError, match="nested too deeply to be written as SQL"):
        to_sql(compile_condition(f"{condition} > 1", ENVIRONMENT))


@pytest.mark.parametrize(
    ("pattern", "java"),
    [
        ("^a.b$", r"^a[^\n]b\z"),
        (r"\d{2,3}|\w+", "[0-9]{2,3}|[0-9A-Za-z_]+"),
        (r"[^]x&&[y]", r"[^\]x\&\&\[y]"),
        (r"\s\S", r"[\t\n\f\r ][^\t\n\f\r ]"),
        (r"(?:a|b)*\.", r"(?:a|b)*\."),
        ("#}]", r"\#\}\]"),
    ],
)
def test_a_pattern_is_rewritten_so_that_java_reads_what_re2_reads(pattern: str, java: str):
    assert java_pattern(pattern) == java


@pytest.mark.parametrize("pattern", ["(?i)a", r"\bair", r"\pL", "a{,3}", "[[:alpha:]]", r"\Qa\E", "(?P<n>a)", r"\x41"])
def test_a_pattern_java_might_read_otherwise_is_refused(pattern: str):
    with pytest.raises(UnlikeJavaError):
        java_pattern(pattern)
