"""The values tried: texts for patterns, and one value for each bucket."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from aedile.engine.axes import OrderedAxis, build_axes
from aedile.engine.conflicts.points import ordered_points
from aedile.engine.conflicts.regex_samples import regex_samples
from aedile.language.check import Environment, compile_condition
from aedile.language.normal import canonical_atom
from aedile.language.types import DOUBLE, INT, INT_MAX, INT_MIN, TIMESTAMP, TIMESTAMP_MAX, TIMESTAMP_MIN, Type


@pytest.mark.parametrize(
    "pattern",
    ["abc", "^a+b*c?$", "(?i)nike", "[0-9]{3}-[a-f]{2}", "a|b|c", "(foo|bar)+baz", r"\d{1,3}\.\d", r"\bair\b",
     "[^a-z]x", "(?P<name>ab){2}", "^.{3}$", r"[\w.]+@[\w.]+", "x{0}y", "[]a]", "a{2,}"],
)  # fmt: skip
def test_samples_of_plain_patterns_match_them(pattern: str) -> None:
    samples = regex_samples(pattern)
    assert samples
    matched = pc.match_substring_regex(pa.array(samples, pa.large_string()), pattern)
    assert pc.any(matched).as_py()


@pytest.mark.parametrize("pattern", [r"\pL+", "(", "[", "a{", "a{99999}", "(?=x)", "\\", "(" * 200, "[[:alpha:]]"])
def test_patterns_that_are_not_understood_have_no_samples_and_do_no_harm(pattern: str) -> None:
    assert all(len(sample) < 10_000 for sample in regex_samples(pattern))


def axis(type_: Type, condition: str) -> OrderedAxis:
    node = compile_condition(condition, Environment({"item.x": type_}))
    (made,) = build_axes({canonical_atom(atom)[0]: [(0, False)] for atom in node.children()}, {"item.x": type_}, 1, {})
    assert isinstance(made, OrderedAxis)
    return made


@pytest.mark.parametrize(
    ("type_", "condition"),
    [
        (DOUBLE, "item.x < 10.0 || item.x == 3.5 || item.x > -2.0"),
        (DOUBLE, "item.x < 1e308 || item.x == 0.0 || item.x > -1e308"),
        (DOUBLE, "item.x == double('Infinity') || item.x == double('-Infinity')"),
        (INT, "item.x < 10 || item.x == 3 || item.x > -2"),
        (INT, f"item.x > {INT_MAX - 1} || item.x < {INT_MIN + 1}"),
        (TIMESTAMP, "item.x < timestamp('2026-01-01T00:00:00Z') || item.x > timestamp('2026-01-01T00:00:01Z')"),
        (TIMESTAMP, "item.x <= timestamp('9999-12-31T23:59:59.999999Z') || item.x < timestamp('0001-01-01T00:00:00Z')"),
    ],
)
def test_every_bucket_that_holds_a_value_has_a_point_of_its_own(type_: Type, condition: str) -> None:
    table = axis(type_, condition)
    points = [p.value for p in ordered_points(table) if p.value == p.value]
    buckets = [table.row_of(value) for value in points]
    assert len(set(buckets)) == len(buckets)
    low, high = {DOUBLE: (-math.inf, math.inf), INT: (INT_MIN, INT_MAX), TIMESTAMP: (TIMESTAMP_MIN, TIMESTAMP_MAX)}[
        type_
    ]
    edges = [low, high, *(b for b in table.boundaries.tolist() if low <= b <= high)]
    assert {table.row_of(edge) for edge in edges} == set(buckets)


def test_a_point_is_closed_only_where_its_bucket_holds_nothing_else() -> None:
    points = {p.value: p.closed for p in ordered_points(axis(INT, "item.x < 3 || item.x == 3 || item.x > 9"))}
    assert points[3]
    assert sum(points.values()) == 1
    assert not np.any(
        [p.closed for p in ordered_points(axis(DOUBLE, "item.x == 0.0 || item.x < -1.0")) if p.value == 0.0]
    )
