"""Are numbers exact where they can be, and unknown where they cannot?"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.language import arithmetic, comparison
from aedile.language.columns import column_from_python
from aedile.language.types import DOUBLE, INT
from tests.language.evaluate.samples import worth

MAX, MIN = 2**63 - 1, -(2**63)
ints = st.integers(MIN, MAX) | st.sampled_from([MIN, MIN + 1, -1, 0, 1, MAX, 2**31, 2**32, 3037000500, -3037000500])
pairs = st.lists(st.tuples(ints, ints), min_size=1, max_size=30)
mixed_pairs = st.lists(st.tuples(ints, st.floats() | ints.map(float)), min_size=1, max_size=30)


def fits(value: int) -> int | None:
    return value if MIN <= value <= MAX else None


@given(pairs)
def test_int_arithmetic_is_exact_or_unknown(numbers: list[tuple[int, int]]) -> None:
    a, b = (column_from_python(INT, list(side)) for side in zip(*numbers, strict=True))
    with np.errstate(all="ignore"):
        assert arithmetic.add(a, b).to_python() == [fits(x + y) for x, y in numbers]
        assert arithmetic.subtract(a, b).to_python() == [fits(x - y) for x, y in numbers]
        assert arithmetic.multiply(a, b).to_python() == [fits(x * y) for x, y in numbers]
        assert arithmetic.negate(a).to_python() == [fits(-x) for x, _ in numbers]
        quotients = [None if y == 0 else fits(int(Fraction(x, y))) for x, y in numbers]
        assert arithmetic.divide(a, b).to_python() == quotients
        rests = [None if q is None else x - q * y for q, (x, y) in zip(quotients, numbers, strict=True)]
        assert arithmetic.modulo(a, b).to_python() == rests


@given(mixed_pairs)
def test_an_int_and_a_double_compare_by_mathematical_value(numbers: list[tuple[int, float]]) -> None:
    a = column_from_python(INT, [x for x, _ in numbers])
    b = column_from_python(DOUBLE, [y for _, y in numbers])
    with np.errstate(all="ignore"):
        assert comparison.equals(a, b).to_python() == [x == y for x, y in numbers]
        assert comparison.differs(b, a).to_python() == [x != y for x, y in numbers]
        assert comparison.ordering("<")(a, b).to_python() == [x < y for x, y in numbers]
        assert comparison.ordering("<=")(b, a).to_python() == [y <= x for x, y in numbers]
        assert comparison.ordering(">")(a, b).to_python() == [x > y for x, y in numbers]
        assert comparison.ordering(">=")(b, a).to_python() == [y >= x for x, y in numbers]


@pytest.mark.parametrize("double", [2.0**53, 2.0**63, -(2.0**63), 9223372036854774784.0, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("integer", [2**53, 2**53 + 1, MAX, MIN, 0])
def test_a_constant_double_compares_like_a_column_of_it(integer: int, double: float) -> None:
    column = ("double", [double, double])
    for symbol in ("==", "!=", "<", "<=", ">", ">="):
        truth = {"==": integer == double, "!=": integer != double, "<": integer < double, "<=": integer <= double,
                 ">": integer > double, ">=": integer >= double}[symbol]  # fmt: skip
        assert worth(f"x {symbol} y", x=("int", [integer, integer]), y=column) == [truth, truth]
        assert worth(f"x {symbol} y", x=("int", [integer]), y=column) == [truth, truth]


def test_an_int_in_a_list_of_doubles_is_found_by_mathematical_value() -> None:
    x = ("int", [2**53 + 1, 2**53, 3, None])
    assert worth("x in [9007199254740992.0, 3.0, 0.5]", x=x) == [False, True, True, None]
    y = ("double", [2.0**63, 3.0, 3.5, math.nan])
    assert worth("y in [9223372036854775807, 3]", y=y) == [False, True, False, False]


def test_nan_is_in_no_list_and_equals_no_list_with_itself() -> None:
    assert worth("y in [0.0 / 0.0, 1.0]", y=("double", [math.nan, 1.0])) == [False, True]
    assert worth("[y] == [y]", y=("double", [math.nan, 1.0])) == [False, True]


def test_doubles_divide_by_zero_as_ieee_says_and_ints_are_unknown() -> None:
    assert worth("x / y", x=("double", [1.0, -1.0]), y=("double", [0.0, 0.0])) == [math.inf, -math.inf]
    assert worth("x / y == 1 || true", x=("int", [1]), y=("int", [0])) == [True]
    assert worth("x % y == 1 && true", x=("int", [1]), y=("int", [0])) == [None]


def test_a_missing_feature_makes_its_comparison_unknown_and_logic_decides_over_it() -> None:
    x = ("double", [None, 1.0])
    assert worth("x > 0.5", x=x) == [None, True]
    assert worth("x > 0.5 || true", x=x) == [True, True]
    assert worth("x > 0.5 && false", x=x) == [False, False]
    assert worth("!(x > 0.5)", x=x) == [None, False]
    assert worth("has(x)", x=x) == [False, True]
    assert worth("has(x) ? x > 0.5 : true", x=x) == [True, True]
    assert worth("x > 0.5 ? 1 : 2", x=x) == [None, 1]
