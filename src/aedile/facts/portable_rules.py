"""What may stand in a portable query, and what takes the place of what may not?

A node is allowed only if it is listed: what an engine adds tomorrow is refused until it was tried on all of them. What
people are used to and engines differ in is named with its mend.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlglot import exp

from aedile.errors import DataError, Place, define
from aedile.facts.portable_dialect import STANDARD, PortableSubset
from aedile.facts.portable_functions import BUCKETS, OWN, OwnAggregate, OwnCall
from aedile.fields import listing, shorten, suggestion

NOT_PORTABLE = define("AED-DATA-142", "A query asks for what engines answer differently.", "SELECT 1 / position")
WRONG_CALL = define("AED-DATA-143", "A function is not called as it can be.", "date_bucket(local_date, 'decade')")

_ALLOWED = frozenset(
    (
        exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join,
        exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Table,
        exp.TableAlias, exp.Column, exp.Identifier, exp.Alias, exp.Star, exp.Paren, exp.Tuple,
        exp.Literal, exp.Boolean, exp.Null, exp.Cast, exp.DataType, exp.DataTypeParam, exp.Case, exp.If,
        exp.Coalesce, exp.Nullif,
        exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.Between,
        exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like, exp.Exists,
        exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe, exp.Abs, exp.Sign, exp.Length, exp.Least,
        exp.Greatest, exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Variance, exp.StddevSamp,
        exp.Window, exp.WindowSpec, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead,
        OwnCall, OwnAggregate,
    )
)  # fmt: skip
#: The parts that a SELECT, a join, a table and a grouping may have.
_PARTS: Mapping[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset(("with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "order",
                           "limit", "offset")),
    exp.SetOperation: frozenset(("with_", "this", "expression", "distinct", "order", "limit", "offset")),
    exp.Subquery: frozenset(("this", "alias", "with_")),
    exp.Join: frozenset(("this", "on", "side", "kind", "using")),
    exp.Group: frozenset(("expressions",)),
    exp.Distinct: frozenset(("expressions",)),
    exp.Table: frozenset(("this", "alias", "joins")),
    exp.With: frozenset(("expressions",)),
    exp.CTE: frozenset(("this", "alias")),
    exp.Limit: frozenset(("expression",)),
    exp.Offset: frozenset(("expression",)),
    exp.Star: frozenset(),
    exp.Like: frozenset(("this", "expression")),
    exp.Cast: frozenset(("this", "to")),
}  # fmt: skip
_JOINS = frozenset(("", "LEFT", "RIGHT", "FULL"))
_KINDS = frozenset(("", "INNER", "OUTER", "CROSS"))

_DAYS = "days_between(from, to), the same everywhere; months have no one length"
_TIME = "pass the time as a value, for example :now, and store days as local_date"
_BUCKET = f"date_bucket(day, unit) with {listing(BUCKETS)}, or iso_weekday(day)"
_CASE = "text is normalised when it arrives; ascii_lower(text) turns A to Z into a to z"
_QUANTILE = "quantile(x, 0.5), which is exact"
_LIST = "sorted_list(x), without NULL and in order"
_WHOLE = "round_down(x) or round_up(x)"
_ANY = "min(x), max(x) or latest(x, at): which row comes first is chance"
_ROUND = "round where it is shown: halves go up here and to even there"
_IF = "sum_if(x, condition) or count_if(condition)"
_EXACT = "count(DISTINCT x), which is exact"
_TREES: Mapping[type[exp.Expr], str] = {
    exp.IntDiv: "round_down(ratio(a, b))",
    exp.AtTimeZone: "local_date is the day in the market's zone; times are UTC",
    exp.Interval: "add_days(day, n), or micros_between(from, to) for times",
    exp.Extract: _BUCKET,
    exp.CurrentDate: _TIME, exp.CurrentTimestamp: _TIME, exp.CurrentTime: _TIME, exp.CurrentDatetime: _TIME,
    exp.Filter: _IF,
    exp.TryCast: "number_of(text)",
    exp.ILike: "ascii_lower(text) LIKE …",
    exp.Escape: "starts_with(text, part), or a pattern without letters to escape",
    exp.Placeholder: "give each placeholder its value by name",
    exp.Parameter: "name a placeholder :name",
    exp.PercentileCont: _QUANTILE, exp.WithinGroup: _QUANTILE,
    exp.Floor: _WHOLE, exp.Ceil: _WHOLE,
    exp.ArgMax: "latest(x, at)", exp.ArgMin: "latest(x, at)",
    exp.GroupConcat: _LIST,
    exp.Bracket: "list_has(list, x), or list_size(list)",
    exp.Unnest: "the table decision_candidates has a row for each candidate",
    exp.Substring: "starts_with(text, part), or LIKE",
    exp.Rollup: "group by the leaves, and roll up what comes back",
    exp.Cube: "group by the leaves, and roll up what comes back",
    exp.GroupingSets: "group by the leaves, and roll up what comes back",
    exp.IgnoreNulls: "leave NULL out in WHERE first",
}  # fmt: skip
#: By name what is called elsewhere, and what takes its place here.
MENDS: Mapping[str, str] = {
    **dict.fromkeys(("week", "weekofyear", "month", "year", "quarter", "dayofweek", "weekday", "isodow", "date_trunc",
                     "trunc", "date_part", "strftime", "date_format", "day", "last_day", "time_bucket"), _BUCKET),
    **dict.fromkeys(("months_between", "datediff", "date_diff", "age", "timestampdiff"), _DAYS),
    **dict.fromkeys(("now", "today", "current_date", "getdate"), _TIME),
    **dict.fromkeys(("lower", "upper", "lcase", "ucase", "initcap"), _CASE),
    **dict.fromkeys(("quantile_cont", "quantile_disc", "median", "percentile", "percentile_approx", "approx_quantile",
                     "percentile_cont"), _QUANTILE),
    **dict.fromkeys(("collect_list", "collect_set", "array_agg", "list", "group_concat", "string_agg"), _LIST),
    **dict.fromkeys(("floor", "ceil", "ceiling"), _WHOLE),
    **dict.fromkeys(("first", "last", "any_value", "first_value", "last_value", "arg_max", "max_by"), _ANY),
    **dict.fromkeys(("round", "bround", "format", "printf"), _ROUND),
    **dict.fromkeys(("approx_count_distinct", "approx_distinct", "hll"), _EXACT),
    **dict.fromkeys(("concat", "concat_ws"), "a || b, which is NULL where either is"),
    **dict.fromkeys(("date_add", "dateadd", "date_sub"), "add_days(day, n)"),
    **dict.fromkeys(("from_utc_timestamp", "to_utc_timestamp", "timezone"), "local_date; times are UTC"),
    **dict.fromkeys(("rand", "random", "uuid"), "chance is no fact; a sample is count_if over an id"),
    **dict.fromkeys(("substring", "substr", "left", "right", "regexp_matches", "rlike"),
                    "starts_with(text, part), or LIKE"),
}  # fmt: skip


def check_nodes(tree: exp.Expr) -> None:
    """A `DataError` for the first node that is not part of the subset."""
    for node in tree.walk():
        if type(node) is exp.Anonymous:
            raise _unknown_function(node)
        if type(node) not in _ALLOWED:
            mend = _TREES.get(type(node)) or MENDS.get(node.key.lower())
            raise not_portable(node, mend or "what docs/warehouse.md lists")
        _check_parts(node)
        _check_one(node)


def _check_parts(node: exp.Expr) -> None:
    for kind, allowed in _PARTS.items():
        if isinstance(node, kind):
            for name, value in node.args.items():
                if name not in allowed and value not in (None, False, [], ""):
                    raise not_portable(node, _part_mend(name), what=name.rstrip("_"))


def _part_mend(part: str) -> str:
    return {
        "recursive": "a query without recursion",
        "all": "name the columns",
        "qualify": "a subquery with the window function, and WHERE around it",
        "sample": "a condition on an id",
        "except": "name the columns",
        "exclude": "name the columns",
        "method": "name the columns to join on",
        "db": "name a kind of facts alone: nothing else can be read",
    }.get(part, "what docs/warehouse.md lists")


def _check_one(node: exp.Expr) -> None:
    if isinstance(node, OwnCall):
        _check_call(node)
    elif isinstance(node, exp.Count) and len(_counted(node)) > 1:
        raise not_portable(node, "count one column; NULL in one of several is counted differently")
    elif isinstance(node, exp.Div | exp.Mod) and not _is_safe(node.expression):
        raise not_portable(
            node, "ratio(a, b), or NULLIF(b, 0) as the divisor: by zero one engine gives infinity, another fails"
        )
    elif isinstance(node, exp.Join):
        if node.side.upper() not in _JOINS or node.kind.upper() not in _KINDS:
            raise not_portable(node, "an inner, left, right, full or cross join")
    elif isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        raise not_portable(node, "name a kind of facts: nothing else can be read")
    elif isinstance(node, exp.Limit | exp.Offset) and not _is_whole(node.expression):
        raise not_portable(node, "a whole number")
    elif isinstance(node, exp.Like) and not (node.expression.is_string and "\\" not in node.expression.name):
        raise not_portable(node, "a pattern that is written out, without `\\`; or starts_with(text, part)")
    elif isinstance(node, exp.Select) and not node.expressions:
        raise not_portable(node, "name the columns after SELECT")
    elif isinstance(node, exp.Window) and not node.args.get("order") and not isinstance(node.this, exp.AggFunc):
        raise not_portable(node, "say ORDER BY in OVER (…)")


def _counted(node: exp.Count) -> list[exp.Expr]:
    one = node.this
    inside = one.expressions if isinstance(one, exp.Distinct | exp.Tuple) else [one] if one is not None else []
    return [*inside, *node.expressions]


def _is_safe(divisor: exp.Expr) -> bool:
    inner = divisor.unnest()
    while isinstance(inner, exp.Cast | exp.Neg):
        inner = inner.this.unnest()
    if isinstance(inner, exp.Nullif):
        second = inner.expression.unnest()
        return isinstance(second, exp.Literal) and not second.is_string and float(second.name) == 0
    return isinstance(inner, exp.Literal) and not inner.is_string and float(inner.name) != 0


def _is_whole(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_int


def _check_call(node: OwnCall) -> None:
    own, given = node.own, node.expressions
    if len(given) != len(own.arguments):
        raise _wrong(node, f"it takes {len(own.arguments)} arguments, not {len(given)}")
    if own.name == "date_bucket" and not (given[1].is_string and given[1].name in BUCKETS):
        raise _wrong(node, f"the unit is one of {listing(BUCKETS)}")
    if own.name == "quantile" and not _is_share(given[1]):
        raise _wrong(node, "the share is a number from 0 to 1 that is written out")


def _is_share(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and 0 <= float(node.name) <= 1


def _wrong(node: OwnCall, what: str) -> DataError:
    said = node.own
    return DataError(
        WRONG_CALL,
        f"`{written(node)}` is not a call of {said.name}: {what}",
        place=Place(field="query"),
        hint=said.meaning,
        fix=f"write {said.called}",
    )


def _unknown_function(node: exp.Anonymous) -> DataError:
    name = str(node.this).lower()
    known: Collection[str] = {*OWN, *(one.lower() for one in STANDARD)}
    return not_portable(node, MENDS.get(name) or suggestion(name, known) or f"one of {listing(sorted(known), 50)}")


def written(node: exp.Expr) -> str:
    """A part of a query as it may have been written."""
    return shorten(node.sql(PortableSubset, comments=False).replace('"', ""), 90)[1:-1]


def not_portable(node: exp.Expr, mend: str, *, what: str = "") -> DataError:
    part = f" ({what.upper()})" if what else ""
    return DataError(
        NOT_PORTABLE,
        f"`{written(node)}`{part} is not part of the portable subset",
        place=Place(field="query"),
        hint="a query means the same on every engine, or is not run",
        fix=f"instead: {mend}",
    )
