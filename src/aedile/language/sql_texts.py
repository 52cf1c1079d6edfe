"""How are texts read as values, and values written as texts, in SQL that knows the language's forms alone?

SQL's own casts take more (blanks, `0x10`, `yes`) and write otherwise; each form is tested before the cast.
"""

from __future__ import annotations

import math

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from aedile.language.sql_terms import SQL, Dialect, binary, boolean, call, case, cast, double, integer

_SECOND = 1_000_000
_INT = "^[+-]?0*[0-9]{1,19}$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_NAMED = (
    (("inf", "+inf", "infinity", "+infinity"), math.inf),
    (("-inf", "-infinity"), -math.inf),
    (("nan", "+nan", "-nan"), math.nan),
)
_TRUE = ("true", "True", "TRUE", "t", "1")
_FALSE = ("false", "False", "FALSE", "f", "0")


def read_int(dialect: Dialect, term: SQL) -> SQL:
    """Decimal digits with an optional sign; more than 19 after leading zeros cannot be in range."""
    return dialect.let(term, lambda t: case((dialect.matches(t, _INT), dialect.try_bigint(t))))


def read_double(dialect: Dialect, term: SQL) -> SQL:
    def read(text: SQL) -> SQL:
        small = dialect.lower_ascii(text)
        named = [(_one_of(small, names), double(value)) for names, value in _NAMED]
        return case((dialect.matches(text, _NUMBER), cast(text, "DOUBLE")), *named)

    return dialect.let(term, read)


def read_bool(dialect: Dialect, term: SQL) -> SQL:
    return dialect.let(term, lambda t: case((_one_of(t, _TRUE), boolean(True)), (_one_of(t, _FALSE), boolean(False))))


def _one_of(text: SQL, words: tuple[str, ...]) -> SQL:
    return exp.In(this=text.copy(), expressions=[exp.Literal.string(word) for word in words])


def write_timestamp(dialect: Dialect, term: SQL) -> SQL:
    """RFC 3339 in UTC."""
    return binary(exp.DPipe, _without_zeros(dialect.to_microsecond(term)), exp.Literal.string("Z"))


def write_duration(dialect: Dialect, term: SQL) -> SQL:
    """Seconds, with as much of a fraction as there is, and `s`."""

    def write(micros: SQL) -> SQL:
        size = call("ABS", micros)
        whole = cast(dialect.quotient(size, _SECOND), "VARCHAR")
        rest = cast(binary(exp.Mod, size, integer(_SECOND)), "VARCHAR")
        padded = call("LPAD", rest, integer(6), exp.Literal.string("0"))
        number = _without_zeros(_joined(whole, exp.Literal.string("."), padded))
        sign = case((binary(exp.LT, micros, integer(0)), exp.Literal.string("-")), otherwise=exp.Literal.string(""))
        return _joined(sign, number, exp.Literal.string("s"))

    return dialect.let(term, write)


def _joined(*parts: SQL) -> SQL:
    joined = parts[0]
    for part in parts[1:]:
        joined = binary(exp.DPipe, joined, part)
    return joined


def _without_zeros(text: SQL) -> SQL:
    """A number's text without zeros at the end of its fraction, and without a point that ends it."""
    return _trimmed(_trimmed(text, "0"), ".")


def _trimmed(text: SQL, character: str) -> SQL:
    return exp.Trim(this=text, expression=exp.Literal.string(character), position="TRAILING")


def is_pattern(pattern: str) -> bool:
    """Whether RE2 reads the pattern."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern=pattern)
    except pa.ArrowInvalid:
        return False
    return True
