"""What stands in the facts that contracts speak of? One query a kind and day, whichever engine is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlglot import exp

from aedile.facts.contracts import Contract, Finding, Measured, judge
from aedile.facts.portable import parse
from aedile.facts.portable_functions import own_call
from aedile.store.warehouse import Warehouse

#: Where a contract names no markets and nothing ever came, the promise is judged for this one.
ANY = "*"


def check_contracts(warehouse: Warehouse, contracts: Sequence[Contract], day: date, now: datetime) -> list[Finding]:
    """Judge each contract by the facts of a local day, and of the same weekdays before."""
    found = []
    for contract in contracts:
        for measured in _measured(warehouse, contract, day):
            found += judge(contract, measured, now)
    return found


def _measured(warehouse: Warehouse, contract: Contract, day: date) -> Iterator[Measured]:
    weeks = contract.volume.weeks if contract.volume is not None else 0
    days = [day - timedelta(days=7 * n) for n in range(1, weeks + 1)]
    counted = warehouse.query(
        parse(f"SELECT market, local_date, count(*) AS n FROM {contract.kind} "  # noqa: S608 - a kind's name
              "WHERE local_date IN (:days) GROUP BY market, local_date"), {"days": [day, *days]},
    ).to_pylist()  # fmt: skip
    counts = {(row["market"], row["local_date"]): row["n"] for row in counted}
    lasts = warehouse.query(
        parse(f"SELECT market, max(received_at) AS last FROM {contract.kind} GROUP BY market")  # noqa: S608
    ).to_pylist()
    last = {row["market"]: row["last"] for row in lasts}
    told = {row["market"]: row for row in _of_day(warehouse, contract, day)}
    for market in contract.markets or sorted(last) or (ANY,):
        row = told.get(market, {})
        yield Measured(
            contract.kind,
            market,
            last.get(market),
            counts.get((market, day), 0),
            [counts.get((market, one), 0) for one in days],
            {name: row.get(f"null_{name}", 0) for name in contract.max_null},
            {name: row.get(f"outside_{name}", 0) for name in contract.ranges},
            {name: row.get(f"strange_{name}", 0) for name in contract.values},
            {name: row.get(f"example_{name}") for name in (*contract.ranges, *contract.values)},
        )


def _of_day(warehouse: Warehouse, contract: Contract, day: date) -> list[dict[str, Any]]:
    """By market how many values of each column are not as promised."""
    columns: list[exp.Expr] = [exp.column("market")]
    columns += [exp.alias_(_count(_is_null(name)), f"null_{name}") for name in contract.max_null]
    for name, (low, high) in contract.ranges.items():
        ends = [(exp.LT, low), (exp.GT, high)]
        outside = exp.or_(
            *(kind(this=exp.column(name), expression=_number(end)) for kind, end in ends if end is not None)
        )
        columns += [exp.alias_(_count(outside), f"outside_{name}"), _example(name, outside)]
    for name, allowed in contract.values.items():
        known = exp.In(this=exp.column(name), expressions=[exp.Literal.string(one) for one in allowed])
        strange = exp.Not(this=exp.Paren(this=known))
        columns += [exp.alias_(_count(strange), f"strange_{name}"), _example(name, strange)]
    select = exp.select(*columns).from_(contract.kind).group_by("market")
    on_day = exp.EQ(this=exp.column("local_date"), expression=exp.Placeholder(this="day"))
    return list(warehouse.query(select.where(on_day), {"day": day}).to_pylist())


def _count(condition: exp.Expr) -> exp.Expr:
    return own_call("count_if", [condition.copy()])


def _is_null(name: str) -> exp.Expr:
    return exp.Is(this=exp.column(name), expression=exp.Null())


def _example(name: str, condition: exp.Expr) -> exp.Expr:
    case = exp.Case(ifs=[exp.If(this=condition.copy(), true=exp.column(name))])
    return exp.alias_(exp.Min(this=case), f"example_{name}")


def _number(value: float) -> exp.Expr:
    number = exp.Literal.number(abs(value))
    return exp.Paren(this=exp.Neg(this=number)) if value < 0 else number
