"""How does DuckDB spell the pieces of `sql_terms.py`?

Its arithmetic on BIGINT fails on overflow and its `TRY` does not reach into every function, so ints are widened to 128
bits and cast back with TRY_CAST. `regexp_matches` is RE2, as the language's `matches`. Strings compare by code point.
"""

from __future__ import annotations

import math

from sqlglot import exp

from aedile.language.sql_terms import (
    SQL,
    Dialect,
    between,
    bigint,
    binary,
    call,
    case,
    cast,
    double,
    integer,
    null,
    own,
)
from aedile.language.types import INT_MIN


class DuckDB(Dialect):
    name = "duckdb"
    sunday = 0

    def fold(self, array: SQL, start: SQL, step: SQL) -> SQL:
        return call("LIST_REDUCE", array, step, start)

    def first(self, array: SQL) -> SQL:
        return call("LIST_EXTRACT", array, exp.Literal.number("1"))

    def transform(self, array: SQL, name: str, body: SQL) -> SQL:
        return call("LIST_TRANSFORM", array, self.function([name], body))

    def nul(self) -> SQL:
        return call("CHR", exp.Literal.number("0"))

    def any_null(self, array: SQL) -> SQL:
        return self.let(array, lambda a: binary(exp.LT, call("LIST_COUNT", a), call("LEN", a)))

    def any_nan(self, array: SQL) -> SQL:
        return call("LIST_CONTAINS", array, double(math.nan))

    def array_size(self, array: SQL) -> SQL:
        return call("LEN", array)

    def array_contains(self, array: SQL, value: SQL) -> SQL:
        return call("LIST_CONTAINS", array, value)

    def array_concat(self, left: SQL, right: SQL) -> SQL:
        return binary(exp.DPipe, left, right)

    def element(self, array: SQL, index: SQL) -> SQL:
        # Places count from 1 here, and negative ones from the end.
        def place(items: SQL, i: SQL) -> SQL:
            last = binary(exp.Sub, call("LEN", items), integer(1))
            return case((between(i, integer(0), last), binary(exp.Add, i, integer(1))))

        return self.let(array, lambda items: call("LIST_EXTRACT", items, self.let(index, lambda i: place(items, i))))

    def arithmetic(self, operator: str, left: SQL, right: SQL) -> SQL:
        if operator in "/%":
            right = call("NULLIF", right, integer(0))
        kinds: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.IntDiv}
        wide = cast(left, "HUGEINT")  # 128 bits hold any product of two BIGINTs
        if operator != "%":
            return exp.TryCast(this=binary(kinds[operator], wide, right), to=exp.DataType.build("BIGINT"))
        return self.let(right, lambda r: self.let(left, lambda dividend: self._remainder(dividend, r)))

    def _remainder(self, left: SQL, right: SQL) -> SQL:
        # -2^63 % -1 is an overflow, as its quotient is.
        whole = exp.And(this=binary(exp.EQ, left, bigint(INT_MIN)), expression=binary(exp.EQ, right, integer(-1)))
        rest = cast(binary(exp.Mod, cast(left, "HUGEINT"), right), "BIGINT")
        return case((whole, null("BIGINT")), otherwise=rest)

    def divide_doubles(self, left: SQL, right: SQL) -> SQL:
        return binary(exp.Div, left, right)

    def truncate(self, number: SQL) -> SQL:
        return exp.TryCast(this=call("TRUNC", number), to=exp.DataType.build("BIGINT"))

    def try_bigint(self, digits: SQL) -> SQL:
        return exp.TryCast(this=own(digits), to=exp.DataType.build("BIGINT"))

    def quotient(self, number: SQL, divisor: int) -> SQL:
        return binary(exp.IntDiv, number, integer(divisor))

    def micros(self, moment: SQL) -> SQL:
        return call("EPOCH_US", moment)

    def moment(self, micros: SQL) -> SQL:
        return call("MAKE_TIMESTAMP", micros)

    def to_microsecond(self, moment: SQL) -> SQL:
        return call("STRFTIME", moment, exp.Literal.string("%Y-%m-%dT%H:%M:%S.%f"))

    def bucket(self, text: SQL, n: SQL) -> SQL:
        head = call("LEFT", call("SHA256", text), integer(16))
        number = cast(binary(exp.DPipe, exp.Literal.string("0x"), head), "UBIGINT")
        return cast(binary(exp.Mod, number, n), "BIGINT")

    def starts_with(self, text: SQL, part: SQL) -> SQL:
        return call("STARTS_WITH", text, part)

    def ends_with(self, text: SQL, part: SQL) -> SQL:
        return call("ENDS_WITH", text, part)

    def matches(self, text: SQL, pattern: str) -> SQL:
        return call("REGEXP_MATCHES", text, self.string(pattern))
