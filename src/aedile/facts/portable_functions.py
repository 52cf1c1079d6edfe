"""Which functions does the portable subset have of its own, and how does each engine spell them?

Where engines differ a function of our own takes the place of theirs; `spellings` names each engine's tree. Those
without spellings are put into standard SQL before anything is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

#: A tree of arguments becomes a tree of one engine.
Spelling = Callable[..., exp.Expr]
BUCKETS = ("day", "week", "month", "quarter", "year")
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call by exactly this name: sqlglot makes nothing else of it."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(value: exp.Expr, type_: str) -> exp.Expr:
    return exp.Cast(this=value, to=exp.DataType.build(type_))


def _when(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    """The value where the condition holds, else NULL."""
    return exp.Case(ifs=[exp.If(this=condition, true=value)])


def _binary(kind: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.Paren(this=kind(this=left, expression=right))


def _not_null(value: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _known(*values: exp.Expr) -> exp.Expr:
    return exp.and_(*map(_not_null, values))


def _number(value: int | str) -> exp.Expr:
    return exp.Literal.number(value)


@dataclass(frozen=True)
class Own:
    """A function: type, of what it gives; None: of its first argument; "list": a list of those."""

    name: str
    arguments: tuple[str, ...]
    type: str | None
    meaning: str
    standard: Spelling | None = None
    spellings: Mapping[str, Spelling] = field(default_factory=dict)
    is_aggregate: bool = False

    @property
    def called(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"


def _bigint(build: Spelling) -> Spelling:
    return lambda *a: cast(build(*a), "BIGINT")


def _trunc_spark(day: exp.Expr, unit: exp.Expr) -> exp.Expr:
    return _when(_not_null(day), day) if unit.name == "day" else call("TRUNC", day, exp.Literal.string(unit.name))


def _latest_duckdb(value: exp.Expr, at: exp.Expr) -> exp.Expr:
    largest = call("MAX", _when(_known(value, at), call("ROW", at, value)))
    return call("STRUCT_EXTRACT", largest, _number(2))


def _latest_spark(value: exp.Expr, at: exp.Expr) -> exp.Expr:
    pair = call("NAMED_STRUCT", exp.Literal.string("a"), at, exp.Literal.string("v"), value)
    largest = call("MAX", _when(_known(value, at), pair))
    return exp.Dot(this=largest, expression=exp.to_identifier("v"))


def _sorted_duckdb(value: exp.Expr) -> exp.Expr:
    known = exp.Filter(this=call("LIST", value), expression=exp.Where(this=_not_null(value)))
    return exp.Coalesce(this=call("LIST_SORT", known), expressions=[exp.Array(expressions=[])])


def _digits_only(text: exp.Expr) -> exp.Expr:
    left = call("TRANSLATE", text.copy(), exp.Literal.string("0123456789+-.eE"), exp.Literal.string(""))
    return exp.EQ(this=left, expression=exp.Literal.string(""))


def _as_double(text: exp.Expr) -> exp.Expr:
    return _when(_digits_only(text), exp.TryCast(this=text, to=exp.DataType.build("DOUBLE"), safe=True))


def _ascii_lower(text: exp.Expr) -> exp.Expr:
    return call("TRANSLATE", text, exp.Literal.string(_UPPER), exp.Literal.string(_LOWER))


def _has(name: str) -> Spelling:
    return lambda items, one: exp.Coalesce(this=call(name, items, one), expressions=[exp.false()])


def _both(spelling: Spelling) -> Mapping[str, Spelling]:
    return {"duckdb": spelling, "spark": spelling}


_ALL = (
    Own("iso_weekday", ("day",), "BIGINT", "Monday is 1, Sunday 7.", spellings={
        "duckdb": _bigint(lambda d: call("ISODOW", d)),
        "spark": _bigint(lambda d: _binary(exp.Add, call("WEEKDAY", d), _number(1)))}),
    Own("days_between", ("from", "to"), "BIGINT", "Days from one day to another; below 0 where it is before.",
        spellings={
            "duckdb": _bigint(lambda a, b: call("DATE_DIFF", exp.Literal.string("day"), a, b)),
            "spark": _bigint(lambda a, b: call("DATEDIFF", b, a))}),
    Own("add_days", ("day", "n"), "DATE", "The day so many days later.", spellings={
        "duckdb": lambda d, n: cast(_binary(exp.Add, d, cast(n, "INT")), "DATE"),
        "spark": lambda d, n: call("DATE_ADD", d, cast(n, "INT"))}),
    Own("date_bucket", ("day", "unit"), "DATE",
        "The first day of the `'week'` (from Monday), `'month'`, `'quarter'` or `'year'`; `'day'` is the day itself.",
        spellings={
            "duckdb": lambda d, unit: cast(call("DATE_TRUNC", unit, d), "DATE"), "spark": _trunc_spark}),
    Own("utc_day", ("at",), "DATE", "The day of a time, in UTC; a market's own day is `local_date`.",
        spellings=_both(lambda at: cast(at, "DATE"))),
    Own("utc_hour", ("at",), "BIGINT", "The hour of a time, from 0 to 23, in UTC.",
        spellings=_both(_bigint(lambda at: call("HOUR", at)))),
    Own("micros_between", ("from", "to"), "BIGINT", "Microseconds from one time to another.", spellings={
        "duckdb": lambda a, b: _binary(exp.Sub, call("EPOCH_US", b), call("EPOCH_US", a)),
        "spark": lambda a, b: _binary(exp.Sub, call("UNIX_MICROS", b), call("UNIX_MICROS", a))}),
    Own("ratio", ("a", "b"), "DOUBLE", "a / b as a real number; NULL where b is 0.",
        lambda a, b: exp.Div(
            this=cast(a, "DOUBLE"),
            expression=exp.Nullif(this=cast(b, "DOUBLE"), expression=_number("0e0")))),
    Own("sum_if", ("x", "condition"), None, "The sum where the condition holds.",
        lambda x, condition: exp.Sum(this=_when(condition, x)), is_aggregate=True),
    Own("count_if", ("condition",), "BIGINT", "How many rows the condition holds for.",
        lambda condition: exp.Count(this=_when(condition, _number(1))), is_aggregate=True),
    Own("quantile", ("x", "share"), "DOUBLE", "The exact quantile, between two values where it falls there.",
        spellings={
            "duckdb": lambda x, q: call("QUANTILE_CONT", cast(x, "DOUBLE"), q),
            "spark": lambda x, q: call("PERCENTILE", cast(x, "DOUBLE"), q)}, is_aggregate=True),
    Own("latest", ("x", "at"), None, "The value with the latest time; of several at the same time the greatest.",
        spellings={"duckdb": _latest_duckdb, "spark": _latest_spark}, is_aggregate=True),
    Own("sorted_list", ("x",), "list", "All values that are not NULL, the least first.", spellings={
        "duckdb": _sorted_duckdb,
        "spark": lambda x: call("SORT_ARRAY", call("COLLECT_LIST", x))}, is_aggregate=True),
    Own("list_has", ("list", "x"), "BOOLEAN", "Whether the list holds the value; false where either is NULL.",
        spellings={"duckdb": _has("LIST_CONTAINS"), "spark": _has("ARRAY_CONTAINS")}),
    Own("list_size", ("list",), "BIGINT", "How many the list holds; NULL where it is NULL.", spellings={
        "duckdb": _bigint(lambda x: call("LEN", x)),
        "spark": _bigint(lambda x: _when(_not_null(x), call("SIZE", x)))}),
    Own("ascii_lower", ("text",), "TEXT", "The letters A to Z as a to z; no other is changed.",
        spellings=_both(_ascii_lower)),
    Own("number_of", ("text",), "DOUBLE", "The number that a text in JSON's form of numbers says; else NULL.",
        spellings=_both(_as_double)),
    Own("round_down", ("x",), "BIGINT", "The greatest whole number that is not above.",
        spellings=_both(_bigint(lambda x: call("FLOOR", cast(x, "DOUBLE"))))),
    Own("round_up", ("x",), "BIGINT", "The least whole number that is not below.",
        spellings=_both(_bigint(lambda x: call("CEIL", cast(x, "DOUBLE"))))),
    Own("ln", ("x",), "DOUBLE", "The natural logarithm; NULL where there is none.",
        spellings=_both(lambda x: _when(exp.GT(this=x.copy(), expression=_number(0)), call("LN", cast(x, "DOUBLE"))))),
    Own("sqrt", ("x",), "DOUBLE", "The square root; NULL where there is none.",
        spellings=_both(
            lambda x: _when(exp.GTE(this=x.copy(), expression=_number(0)), call("SQRT", cast(x, "DOUBLE"))))),
    Own("starts_with", ("text", "part"), "BOOLEAN", "Whether the text begins so, letter by letter.",
        spellings={
            "duckdb": lambda text, part: call("STARTS_WITH", text, part),
            "spark": lambda text, part: call("STARTSWITH", text, part)}),
)  # fmt: skip
OWN: Mapping[str, Own] = {one.name: one for one in _ALL}


class OwnCall(exp.Expression, exp.Func):
    """A call of a function of our own: `this` is its name, in small letters."""

    arg_types = {"this": True, "expressions": False}  # noqa: RUF012
    is_var_len_args = True

    @property
    def own(self) -> Own:
        return OWN[self.this]


class OwnAggregate(OwnCall, exp.AggFunc):
    """One of many rows: it may not stand in WHERE, and what stands beside it is grouped by."""


def own_call(name: str, arguments: Sequence[exp.Expr]) -> OwnCall:
    kind: Any = OwnAggregate if OWN[name].is_aggregate else OwnCall
    made: OwnCall = kind(this=name, expressions=list(arguments))
    return made
