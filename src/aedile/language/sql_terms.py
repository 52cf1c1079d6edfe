"""How are the smallest pieces of SQL put together, and how does each warehouse engine spell them?

`Dialect` names what the writers of `sql_compare.py`, `sql_calls.py` and `sql_write.py` need; `sql_duckdb.py` and
`sql_spark.py` spell it. Every piece is NULL where its meaning is unknown and never fails at run time.

How values lie in the warehouse: bool BOOLEAN, int BIGINT, double DOUBLE, string VARCHAR (STRING), timestamp TIMESTAMP
in UTC (Spark: in a session whose zone is UTC), duration BIGINT microseconds, list(T) an array of those without NULLs.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlglot import exp

from aedile.language.types import INT_MIN, Type

SQL = exp.Expr
ATOMS = (exp.Column, exp.Literal, exp.Boolean, exp.Null, exp.Identifier)
#: What needs no parentheses around it, whatever stands beside it.
CLOSED = (*ATOMS, exp.Paren, exp.Func, exp.Case, exp.Array)


def is_atom(term: SQL) -> bool:
    """Whether the term is a column or a constant, cheap to repeat."""
    inner = term.this if isinstance(term, (exp.Paren, exp.Neg, exp.Cast)) else term
    return is_atom(inner) if inner is not term else isinstance(term, ATOMS)


def own(term: SQL) -> SQL:
    """The term, or a copy of it where it already stands in a tree: a syntax tree must not share its nodes."""
    return term.copy() if term.parent is not None else term


def group(term: SQL) -> SQL:
    """The term, in parentheses unless it needs none."""
    negative = isinstance(term, exp.Neg) and isinstance(term.this, exp.Literal)
    closed = negative or (isinstance(term, CLOSED) and not isinstance(term, (exp.And, exp.Or)))
    return own(term) if closed else exp.Paren(this=own(term))


def binary(kind: type[exp.Binary], left: SQL, right: SQL) -> SQL:
    return kind(this=group(left), expression=group(right))


def call(name: str, *args: SQL) -> SQL:
    return exp.Anonymous(this=name, expressions=[own(arg) for arg in args])


def negate(term: SQL) -> SQL:
    return exp.Not(this=group(term))


def is_null(term: SQL) -> SQL:
    return exp.Is(this=group(term), expression=exp.Null())


def integer(value: int) -> SQL:
    """An int literal as SQL reads it, of the smallest SQL type that holds it."""
    if value == INT_MIN:  # its digits without the sign are no BIGINT
        return cast(exp.Literal.string(str(value)), "BIGINT")
    number = exp.Literal.number(str(abs(value)))
    return exp.Neg(this=number) if value < 0 else number


def bigint(value: int) -> SQL:
    """An int constant of type BIGINT: a bare literal would be 32 bits wide and overflow early."""
    return cast(exp.Literal.string(str(value)) if value == INT_MIN else integer(value), "BIGINT")


def double(value: float) -> SQL:
    """A double constant to the bit: an exponent keeps it from being read as a decimal."""
    if not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0):
        name = "NaN" if math.isnan(value) else str(value).replace("inf", "Infinity")
        return cast(exp.Literal.string(name), "DOUBLE")
    text = repr(abs(value))
    number = exp.Literal.number(text if "e" in text else f"{text}e0")
    return exp.Neg(this=number) if value < 0 else number


def boolean(value: bool) -> SQL:
    return exp.Boolean(this=value)


def null(type_name: str) -> SQL:
    return cast(exp.Null(), type_name)


def timestamp(micros: int) -> SQL:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    text = moment.replace(tzinfo=None).isoformat(" ")
    return cast(exp.Literal.string(text), "TIMESTAMP")


def cast(term: SQL, type_name: str) -> SQL:
    return exp.Cast(this=own(term), to=exp.DataType.build(type_name, dialect="duckdb"))


def case(*branches: tuple[SQL, SQL], otherwise: SQL | None = None) -> SQL:
    """`CASE WHEN … THEN … ELSE … END`; without `otherwise` the rest is NULL."""
    ifs = [exp.If(this=own(condition), true=own(value)) for condition, value in branches]
    return exp.Case(ifs=ifs, default=own(otherwise) if otherwise is not None else None)


def when_true_false(condition: SQL, then: SQL, otherwise: SQL) -> SQL:
    """`then` where the condition is true, `otherwise` where it is false, NULL where it is NULL; writes it once."""
    ifs = [
        exp.If(this=boolean(True), true=own(then)),
        exp.If(this=boolean(False), true=own(otherwise)),
    ]
    return exp.Case(this=group(condition), ifs=ifs)


def known(terms: Sequence[SQL], value: bool) -> SQL:
    """A truth value that is NULL as soon as one of the terms is."""
    tests = [is_null(term) for term in terms]
    if not tests:
        return boolean(value)
    condition = tests[0] if len(tests) == 1 else exp.or_(*tests, copy=False)
    return case((condition, null("BOOLEAN")), otherwise=boolean(value))


def between(term: SQL, low: SQL, high: SQL) -> SQL:
    return exp.Between(this=group(term), low=own(low), high=own(high))


def type_name(type_: Type) -> str:
    """The warehouse's type, as sqlglot names it."""
    if type_.element is not None:
        return f"ARRAY<{type_name(type_.element)}>"
    return _TYPE_NAMES[type_.name]


_TYPE_NAMES = {
    "bool": "BOOLEAN",
    "int": "BIGINT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "duration": "BIGINT",
    "nothing": "VARCHAR",
}


class Dialect(ABC):
    """What the two engines spell differently. Terms may be used several times: they are copied where needed."""

    name: str
    sunday: int
    """What DAYOFWEEK gives for a Sunday."""

    def __init__(self) -> None:
        self._names = 0

    def variable(self) -> str:
        """A fresh name for a lambda's variable; no feature's column can have it."""
        self._names += 1
        return f"_v{self._names}"

    def function(self, names: Sequence[str], body: SQL) -> SQL:
        """A lambda, `LAMBDA _v1 : …` or `_v1 -> …`."""
        return exp.Lambda(this=own(body), expressions=[exp.to_identifier(name) for name in names])

    def let(self, term: SQL, body: Callable[[SQL], SQL]) -> SQL:
        """`body(term)`, computing the term once where it is more than a column or a constant."""
        if is_atom(term):
            return body(term)
        name = self.variable()
        return self.first(self.transform(exp.Array(expressions=[own(term)]), name, body(exp.column(name))))

    def string(self, text: str) -> SQL:
        """A text constant; a NUL cannot stand in the text of a query."""
        parts = [exp.Literal.string(part) for part in text.split("\0")]
        term: SQL = parts[0]
        for part in parts[1:]:
            term = binary(exp.DPipe, binary(exp.DPipe, term, self.nul()), part)
        return term

    def int_range(self, term: SQL, low: int, high: int, make: Callable[[SQL], SQL] = own) -> SQL:
        """`make(term)` where low ≤ term ≤ high, else NULL."""
        return self.let(term, lambda t: case((between(t, integer(low), integer(high)), make(t))))

    def is_nan(self, term: SQL) -> SQL:
        return exp.IsNan(this=own(term))

    def all_known(self, array: SQL) -> SQL:
        """The array, or NULL where one of its elements is."""
        return self.let(array, lambda a: case((negate(self.any_null(a)), a)))

    def length(self, text: SQL) -> SQL:
        """Code points."""
        return cast(call("LENGTH", text), "BIGINT")

    def lower_ascii(self, text: SQL) -> SQL:
        upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        return call("TRANSLATE", text, exp.Literal.string(upper), exp.Literal.string(upper.lower()))

    def reduce(self, array: SQL, start: SQL, step: Callable[[SQL, SQL], SQL]) -> SQL:
        """`start` carried through `step(carried, element)` over the elements in order."""
        carried, element = self.variable(), self.variable()
        body = step(exp.column(carried), exp.column(element))
        return self.fold(array, start, self.function([carried, element], body))

    @abstractmethod
    def fold(self, array: SQL, start: SQL, step: SQL) -> SQL: ...
    @abstractmethod
    def first(self, array: SQL) -> SQL: ...
    @abstractmethod
    def transform(self, array: SQL, name: str, body: SQL) -> SQL: ...
    @abstractmethod
    def nul(self) -> SQL: ...
    @abstractmethod
    def any_null(self, array: SQL) -> SQL: ...
    @abstractmethod
    def any_nan(self, array: SQL) -> SQL: ...
    @abstractmethod
    def array_size(self, array: SQL) -> SQL: ...
    @abstractmethod
    def array_contains(self, array: SQL, value: SQL) -> SQL: ...
    @abstractmethod
    def array_concat(self, left: SQL, right: SQL) -> SQL: ...
    @abstractmethod
    def element(self, array: SQL, index: SQL) -> SQL:
        """The element at a place counted from 0; NULL outside."""

    @abstractmethod
    def arithmetic(self, operator: str, left: SQL, right: SQL) -> SQL:
        """`+ - * / %` on ints: NULL on overflow and division by zero, truncating."""

    @abstractmethod
    def divide_doubles(self, left: SQL, right: SQL) -> SQL:
        """IEEE 754 division."""

    @abstractmethod
    def truncate(self, number: SQL) -> SQL:
        """A double inside the int64 range as BIGINT, its fraction dropped."""

    @abstractmethod
    def try_bigint(self, digits: SQL) -> SQL:
        """Decimal digits with an optional sign as BIGINT, NULL out of range."""

    @abstractmethod
    def quotient(self, number: SQL, divisor: int) -> SQL:
        """A BIGINT over a constant that is neither 0 nor -1, truncated."""

    @abstractmethod
    def micros(self, moment: SQL) -> SQL: ...
    @abstractmethod
    def moment(self, micros: SQL) -> SQL: ...
    @abstractmethod
    def to_microsecond(self, moment: SQL) -> SQL:
        """`2026-11-25T07:30:00.123456`, always with six digits."""

    @abstractmethod
    def bucket(self, text: SQL, n: SQL) -> SQL:
        """The first 8 bytes of the text's SHA-256, big-endian, modulo n > 0, as BIGINT."""

    @abstractmethod
    def starts_with(self, text: SQL, part: SQL) -> SQL: ...
    @abstractmethod
    def ends_with(self, text: SQL, part: SQL) -> SQL: ...
    @abstractmethod
    def matches(self, text: SQL, pattern: str) -> SQL: ...

    def contains(self, text: SQL, part: SQL) -> SQL:
        return call("CONTAINS", text, part)
