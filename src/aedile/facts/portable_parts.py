"""Which days and markets can a query's rows be of? What it does not ask for need not even be opened.

Read from a checked query's WHERE: comparisons of the day and the market with values that are written out, joined by
AND. Whatever is said in another way is not understood, and then all is read: never too little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlglot import exp

#: The columns that go by days.
_DAYS = ("local_date", "date")


@dataclass(frozen=True, slots=True)
class Part:
    """Days from first to last, and markets; None for all."""

    first: date | None = None
    last: date | None = None
    markets: frozenset[str] | None = None

    def holds(self, day: date, market: str) -> bool:
        return (
            (self.first is None or day >= self.first)
            and (self.last is None or day <= self.last)
            and (self.markets is None or market in self.markets)
        )

    def and_(self, other: Part) -> Part:
        """What is in both."""
        firsts = [one for one in (self.first, other.first) if one is not None]
        lasts = [one for one in (self.last, other.last) if one is not None]
        sets = [one for one in (self.markets, other.markets) if one is not None]
        return Part(
            max(firsts, default=None), min(lasts, default=None), frozenset.intersection(*sets) if sets else None
        )


def parts_of(tree: exp.Expr) -> Mapping[str, list[Part]]:
    """For each table that a checked query names, the parts it is asked for, one for each place where it is named."""
    found: dict[str, list[Part]] = {}
    for table in tree.find_all(exp.Table):
        select = table.find_ancestor(exp.Select)
        part = Part()
        where = select.args.get("where") if select is not None else None
        if where is not None:
            for condition in _joined(where.this):
                part = part.and_(_said(condition, table.alias_or_name))
        found.setdefault(table.name.lower(), []).append(part)
    return found


def _joined(condition: exp.Expr) -> Iterator[exp.Expr]:
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        yield from _joined(inner.this)
        yield from _joined(inner.expression)
    else:
        yield inner


def _said(condition: exp.Expr, alias: str) -> Part:
    """What one comparison says of the day or the market of a table."""
    column = condition.this if isinstance(condition, exp.Binary | exp.In | exp.Between) else None
    if not isinstance(column, exp.Column) or column.table != alias:
        return Part()
    if column.name == "market":
        return Part(markets=_markets(condition))
    return _days(condition) if column.name in _DAYS else Part()


def _markets(condition: exp.Expr) -> frozenset[str] | None:
    if isinstance(condition, exp.EQ):
        values = [condition.expression]
    elif isinstance(condition, exp.In) and condition.expressions:
        values = condition.expressions
    else:
        return None
    return frozenset(one.name for one in values) if all(one.is_string for one in values) else None


def _days(condition: exp.Expr) -> Part:
    if isinstance(condition, exp.Between):
        return Part(_day(condition.args["low"]), _day(condition.args["high"]))
    if isinstance(condition, exp.In) and condition.expressions:
        days = [_day(one) for one in condition.expressions]
        known = [one for one in days if one is not None]
        return Part(min(known), max(known)) if len(known) == len(days) else Part()
    day = _day(condition.expression) if isinstance(condition, exp.Binary) else None
    if isinstance(condition, exp.EQ):
        return Part(day, day)
    if day is None:
        return Part()
    if isinstance(condition, exp.GTE | exp.GT):
        return Part(first=day + timedelta(days=isinstance(condition, exp.GT)))
    if isinstance(condition, exp.LTE | exp.LT):
        return Part(last=day - timedelta(days=isinstance(condition, exp.LT)))
    return Part()


def _day(node: exp.Expr) -> date | None:
    """The day that is written out here; None where it is anything else."""
    inner = node.this if isinstance(node, exp.Cast) and node.to.this is exp.DType.DATE else None
    return date.fromisoformat(inner.name) if inner is not None and inner.is_string else None


def only(parts: list[Part], day: date, market: str) -> bool:
    """Whether any of the parts holds the day of the market."""
    return any(part.holds(day, market) for part in parts)
