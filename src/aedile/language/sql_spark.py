"""How does Spark spell the pieces of `sql_terms.py`?

For Spark 3.5 and later, with ANSI mode on or off, and a session whose zone is UTC. `isnan(NULL)` is false there,
division of doubles by zero fails, and regular expressions are Java's: a pattern is rewritten so that Java reads it as
RE2 does, or refused.
"""

from __future__ import annotations

import math
import re

from sqlglot import exp

from aedile.language.sql_terms import (
    SQL,
    Dialect,
    bigint,
    binary,
    call,
    case,
    cast,
    double,
    integer,
    is_null,
    null,
)
from aedile.language.types import INT_MAX, INT_MIN


class Spark(Dialect):
    name = "spark"
    sunday = 1

    def fold(self, array: SQL, start: SQL, step: SQL) -> SQL:
        return call("AGGREGATE", array, start, step)

    def first(self, array: SQL) -> SQL:
        return call("GET", array, integer(0))

    def transform(self, array: SQL, name: str, body: SQL) -> SQL:
        return call("TRANSFORM", array, self.function([name], body))

    def nul(self) -> SQL:
        return call("CHR", integer(0))

    def any_null(self, array: SQL) -> SQL:
        name = self.variable()
        return call("EXISTS", array, self.function([name], is_null(exp.column(name))))

    def any_nan(self, array: SQL) -> SQL:
        name = self.variable()
        return call("EXISTS", array, self.function([name], self.is_nan(exp.column(name))))

    def array_size(self, array: SQL) -> SQL:
        return cast(call("ARRAY_SIZE", array), "BIGINT")

    def array_contains(self, array: SQL, value: SQL) -> SQL:
        return call("ARRAY_CONTAINS", array, value)

    def array_concat(self, left: SQL, right: SQL) -> SQL:
        return call("CONCAT", left, right)

    def element(self, array: SQL, index: SQL) -> SQL:
        return call("GET", array, self.int_range(index, 0, 2**31 - 1, lambda i: cast(i, "INT")))

    def arithmetic(self, operator: str, left: SQL, right: SQL) -> SQL:
        names = {"+": "TRY_ADD", "-": "TRY_SUBTRACT", "*": "TRY_MULTIPLY"}
        if operator in names:
            return call(names[operator], left, right)
        return self.let(right, lambda r: self.let(left, lambda dividend: self._divide(operator, dividend, r)))

    def _divide(self, operator: str, left: SQL, right: SQL) -> SQL:
        divisor = call("NULLIF", right, integer(0))
        if operator == "/":
            # The only quotient that overflows is -2^63 / -1.
            minus = call("TRY_SUBTRACT", bigint(0), left)
            by_minus_one = binary(exp.EQ, right, integer(-1))
            return case((by_minus_one, minus), otherwise=binary(exp.IntDiv, left, divisor))
        whole = exp.And(this=binary(exp.EQ, left, bigint(INT_MIN)), expression=binary(exp.EQ, right, integer(-1)))
        return case((whole, null("BIGINT")), otherwise=binary(exp.Mod, left, divisor))

    def divide_doubles(self, left: SQL, right: SQL) -> SQL:
        return self.let(left, lambda dividend: self.let(right, lambda divisor: self._ieee(dividend, divisor)))

    def _ieee(self, left: SQL, right: SQL) -> SQL:
        zero = integer(0)
        no_sign = exp.or_(self.is_nan(left), binary(exp.EQ, left, zero), copy=False)
        positive = binary(exp.EQ, cast(right, "VARCHAR"), exp.Literal.string("0.0"))
        same_sign = binary(exp.EQ, exp.Paren(this=binary(exp.GT, left, zero)), exp.Paren(this=positive))
        infinite = case((same_sign, double(math.inf)), otherwise=double(-math.inf))
        by_zero = case((is_null(left), null("DOUBLE")), (no_sign, double(math.nan)), otherwise=infinite)
        return case((binary(exp.EQ, right, zero), by_zero), otherwise=binary(exp.Div, left, right))

    def truncate(self, number: SQL) -> SQL:
        return cast(number, "BIGINT")

    def try_bigint(self, digits: SQL) -> SQL:
        # Twenty digits hold whatever is asked for, so this cast cannot fail; the range is tested after it.
        wide = cast(digits, "DECIMAL(20, 0)")
        return self.int_range(wide, INT_MIN, INT_MAX, lambda d: cast(d, "BIGINT"))

    def quotient(self, number: SQL, divisor: int) -> SQL:
        return binary(exp.IntDiv, number, integer(divisor))

    def micros(self, moment: SQL) -> SQL:
        return call("UNIX_MICROS", moment)

    def moment(self, micros: SQL) -> SQL:
        return call("TIMESTAMP_MICROS", micros)

    def to_microsecond(self, moment: SQL) -> SQL:
        return call("DATE_FORMAT", moment, exp.Literal.string("yyyy-MM-dd'T'HH:mm:ss.SSSSSS"))

    def bucket(self, text: SQL, n: SQL) -> SQL:
        head = call("LEFT", call("SHA2", text, integer(256)), integer(16))
        number = cast(call("CONV", head, integer(16), integer(10)), "DECIMAL(20, 0)")
        return cast(binary(exp.Mod, number, n), "BIGINT")

    def starts_with(self, text: SQL, part: SQL) -> SQL:
        return call("STARTSWITH", text, part)

    def ends_with(self, text: SQL, part: SQL) -> SQL:
        return call("ENDSWITH", text, part)

    def matches(self, text: SQL, pattern: str) -> SQL:
        return call("REGEXP_LIKE", text, self.string(java_pattern(pattern)))


class UnlikeJavaError(ValueError):
    """A pattern Java would read otherwise than RE2, or might; its text names the part."""


_REPEAT = re.compile(r"\{\d+(,\d*)?\}")
_LITERAL_ESCAPES = set("\\.+*?()|[]{}^$-/\"'&~@#%_=:;,<>! ")
_SPACES = r"\t\n\f\r "


def java_pattern(pattern: str) -> str:
    r"""The pattern as Java must be given it to match what RE2 matches, unanchored.

    `$` is the very end in RE2 (Java: also before a last line break), `.` all but `\n` (Java: other line breaks too),
    `\s` leaves out the vertical tab. UnlikeJavaError for flags, named groups, `\b`, `\p{…}` and what else may differ.
    """
    out: list[str] = []
    at = 0
    while at < len(pattern):
        here = pattern[at]
        if here == "[":
            text, at = _java_class(pattern, at)
            out.append(text)
            continue
        if here == "\\":
            out.append(_java_escape(pattern[at : at + 2], _SPACES, "[{}]"))
            at += 2
            continue
        if here == "(" and pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
            raise UnlikeJavaError(pattern[at : at + 4])
        if here == "{":
            repeat = _REPEAT.match(pattern, at)
            if repeat is None:
                raise UnlikeJavaError("{")
            out.append(repeat.group())
            at = repeat.end()
            continue
        out.append({"$": r"\z", ".": r"[^\n]", "}": r"\}", "]": r"\]", "#": r"\#"}.get(here, here))
        at += 1
    return "".join(out)


def _java_escape(escape: str, spaces: str, frame: str) -> str:
    kind = escape[1:]
    if kind in ("d", "w"):
        inside = {"d": "0-9", "w": "0-9A-Za-z_"}[kind]
        return frame.format(inside)
    if kind == "s":
        return frame.format(spaces)
    if kind in ("D", "W", "S") and frame == "[{}]":
        inside = {"D": "0-9", "W": "0-9A-Za-z_", "S": spaces}[kind]
        return f"[^{inside}]"
    if kind in ("n", "t", "r", "f", "z") and not (kind == "z" and frame == "{}"):
        return escape
    if kind == "A":
        return r"\A"
    if kind in _LITERAL_ESCAPES and kind:
        return escape
    raise UnlikeJavaError(escape)


def _java_class(pattern: str, start: int) -> tuple[str, int]:
    """The class `[…]` at `start` and where it ends."""
    at = start + 1
    out = ["["]
    if pattern.startswith("^", at):
        out.append("^")
        at += 1
    first = True
    while at < len(pattern):
        here = pattern[at]
        if here == "]" and not first:
            return "".join([*out, "]"]), at + 1
        first = False
        if here == "\\":
            out.append(_java_escape(pattern[at : at + 2], _SPACES, "{}"))
            at += 2
            continue
        if here == "[" and pattern.startswith("[:", at):
            raise UnlikeJavaError("[:")
        out.append("\\" + here if here in "[]&^" else here)  # Java nests classes and intersects them with &&
        at += 1
    raise UnlikeJavaError("[")
