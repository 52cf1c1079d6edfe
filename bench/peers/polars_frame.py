"""Polars: one expression a strategy, many of them in one `select`."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bench.conditions import (
    Choice,
    Compare,
    Flag,
    Holds,
    Literal,
    Member,
    Mixed,
    Prefix,
    Present,
    Since,
    Term,
    value_in,
)
from bench.features import TYPES
from bench.peers.base import Clock, Counts, RequestPeer, columns_of
from bench.strategies import BenchStrategy
from bench.workload import BenchRequest, Catalogue

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
DTYPES = {
    "bool": pl.Boolean(),
    "int": pl.Int64(),
    "double": pl.Float64(),
    "string": pl.Categorical(),
    "timestamp": pl.Int64(),
}
CHUNK = 1_000
"""Expressions a `select`: more were not faster, and between two the clock is read."""


class PolarsPeer(RequestPeer[list[pl.Expr], pl.DataFrame]):
    """Texts are categoricals and `all_horizontal` joins the terms: the fastest of the forms tried.

    An eager `select` runs the same plan as a lazy frame with one `collect`, without searching 1,000 expressions for
    common parts first, which cost more here than it saved.
    """

    name = "Polars"

    def compile(self, cases: Sequence[BenchStrategy], market: str) -> list[pl.Expr]:
        return [
            pl.all_horizontal([_term(term, market) for term in case.terms]).alias(str(number))
            for number, case in enumerate(cases)
        ]

    def rows(self, catalogue: Catalogue, request: BenchRequest) -> pl.DataFrame:
        return _frame(columns_of(catalogue, request.rows), request)

    def request(self, program: list[pl.Expr], rows: pl.DataFrame, clock: Clock) -> npt.NDArray[np.bool_]:
        answers = []
        with clock.running():
            deadline = clock.deadline()
            for start in range(0, len(program), CHUNK):
                answers.append(rows.select(program[start : start + CHUNK]))
                if time.perf_counter() > deadline:
                    break
        return np.hstack([answer.select(pl.all().fill_null(value=False)).to_numpy() for answer in answers])

    def batch(self, program: list[pl.Expr], catalogue: Catalogue, request: BenchRequest, clock: Clock) -> Counts:
        rows = len(catalogue["id"])
        frame = _frame(columns_of(catalogue, slice(0, rows)), request)
        counts: list[int] = []
        for start in range(0, len(program), CHUNK // 10):
            sums = [expression.sum() for expression in program[start : start + CHUNK // 10]]
            with clock.running():
                counts += frame.select(sums).row(0)
            if clock.is_over:
                break
        return Counts(np.array(counts, np.int64), rows)


def _frame(columns: dict[str, pa.Array], request: BenchRequest) -> pl.DataFrame:
    frame = pl.DataFrame(pl.from_arrow(pa.table(columns)))
    shared = (pl.lit(value).cast(DTYPES[TYPES[name]]).alias(name) for name, value in request.values().items())
    return frame.with_columns(shared)


def _term(term: Term, market: str) -> pl.Expr:
    if isinstance(term, Choice):
        return pl.any_horizontal([_literal(literal, market) for literal in term.literals])
    return _literal(term, market)


def _literal(literal: Literal, market: str) -> pl.Expr:
    match literal:
        case Compare(feature, op, value):
            return _compared(op, pl.col(feature), value_in(value, market))
        case Member(feature, values, negated):
            inside = pl.col(feature).is_in(list(values))
            return ~inside if negated else inside
        case Flag(feature, wanted):
            return pl.col(feature) if wanted else ~pl.col(feature)
        case Present(feature, wanted):
            return pl.col(feature).is_not_null() if wanted else pl.col(feature).is_null()
        case Prefix(feature, prefix):
            return pl.col(feature).cat.starts_with(prefix)
        case Holds(feature, text):
            return pl.col(feature).list.contains(text)
        case Mixed(left, op, right, factor):
            comparand = pl.col(right) if factor is None else pl.col(right) * factor
            return _compared(op, pl.col(left), comparand)
        case Since(feature, op, span):
            return _compared(op, pl.col("request.time") - pl.col(feature), span)


def _compared(op: str, left: pl.Expr, right: Any) -> pl.Expr:
    compared: pl.Expr = OPERATORS[op](left, right)
    return compared
