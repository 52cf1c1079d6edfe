"""DuckDB: one `SELECT count(*) … WHERE …` a strategy, over a table in memory."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from bench.conditions import Value
from bench.dialect import Dialect
from bench.features import TYPES
from bench.peers.base import Clock, Counts, Peer, columns_of
from bench.strategies import BenchStrategy
from bench.workload import BenchRequest, Catalogue


class DuckDbText(Dialect):
    """SQL's own three values are Kleene's, so that nothing has to be guarded."""

    and_ = " AND "
    or_ = " OR "
    not_ = "NOT "

    def __init__(self, market: str, request: BenchRequest) -> None:
        super().__init__(market)
        self.values = request.values()

    def to_guard(self, literal: object) -> list[str]:  # noqa: ARG002 - the base class's signature
        return []

    def name(self, feature: str) -> str:
        if not feature.startswith("request."):
            return f'"{feature}"'
        value: Value | None = self.values[feature]
        return "NULL" if value is None else self.constant(TYPES[feature], value)

    def quoted(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    def member(self, feature: str, values: tuple[str, ...], negated: bool) -> str:
        listed = ", ".join(self.quoted(value) for value in values)
        return f"{self.name(feature)} {'NOT IN' if negated else 'IN'} ({listed})"

    def present(self, feature: str, wanted: bool) -> str:
        return f"{self.name(feature)} IS {'NOT NULL' if wanted else 'NULL'}"

    def prefix(self, feature: str, prefix: str) -> str:
        return f"starts_with({self.name(feature)}, {self.quoted(prefix)})"

    def holds(self, feature: str, text: str) -> str:
        return f"list_contains({self.name(feature)}, {self.quoted(text)})"


Program = tuple[Sequence[BenchStrategy], str]


class DuckDbPeer(Peer[Program]):
    """The request's features stand in the text as constants: each request is planned anew."""

    name = "DuckDB"

    def compile(self, cases: Sequence[BenchStrategy], market: str) -> Program:
        return cases, market

    def batch(self, program: Program, catalogue: Catalogue, request: BenchRequest, clock: Clock) -> Counts:
        cases, market = program
        rows = len(catalogue["id"])
        dialect = DuckDbText(market, request)
        counts: list[int] = []
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.register("catalogue", pa.table(columns_of(catalogue, slice(0, rows))))
            connection.execute("CREATE TABLE items AS FROM catalogue")
            for case in cases:
                query = f"SELECT count(*) FROM items WHERE {dialect.condition(case.terms)}"
                with clock.running():
                    counts.append(connection.execute(query).fetchall()[0][0])
                if clock.is_over:
                    break
        return Counts(np.array(counts, np.int64), rows)
