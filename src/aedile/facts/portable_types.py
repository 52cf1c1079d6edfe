"""Do the types of a query fit, such that every engine computes the same from them?

Engines cast by rules of their own where types are mixed. So nothing is cast but what means the same everywhere; days
and times may be compared with texts that are written out, which then are days and times.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import pyarrow as pa
from sqlglot import exp

from aedile.facts.portable_rules import not_portable

_T = exp.DType
_WHOLE = frozenset((_T.TINYINT, _T.SMALLINT, _T.INT, _T.BIGINT))
_REAL = frozenset((_T.DOUBLE, _T.FLOAT))
_TEXT = frozenset((_T.TEXT, _T.VARCHAR, _T.CHAR))
_MOMENT = frozenset((_T.TIMESTAMPTZ, _T.TIMESTAMP, _T.TIMESTAMPLTZ))
_OPEN = frozenset((_T.UNKNOWN, _T.NULL))
#: From what to what a cast means the same everywhere.
_CASTS: Mapping[str, frozenset[str]] = {
    "whole": frozenset(("whole", "truth", "null")),
    "real": frozenset(("whole", "real", "null")),
    "text": frozenset(("text", "whole", "day", "truth", "null")),
    "day": frozenset(("day", "null")),
    "moment": frozenset(("moment", "day", "null")),
    "truth": frozenset(("truth", "null")),
}
_MENDS = {
    "whole": "round_down(x) or round_up(x): engines round differently",
    "real": "number_of(text)",
    "text": "the number or time itself, made a text where it is shown",
    "day": "utc_day(at), or local_date",
}


def group(node: exp.Expr) -> str:
    """Of which group of types a part is: whole, real, text, day, moment, truth, list, null, or unknown."""
    type_ = node.type
    if type_ is None or not isinstance(type_, exp.DataType):
        return "unknown"
    for name, kinds in (("whole", _WHOLE), ("real", _REAL), ("text", _TEXT), ("moment", _MOMENT)):
        if type_.this in kinds:
            return name
    return {
        _T.DATE: "day", _T.BOOLEAN: "truth", _T.ARRAY: "list", _T.LIST: "list", _T.NULL: "null", _T.DECIMAL: "decimal"
    }.get(type_.this, "unknown")  # fmt: skip


def check_types(tree: exp.Expr) -> None:
    """A `DataError` for the first part whose types do not fit. Texts beside days and times become days and times."""
    for node in list(tree.walk(bfs=False)):
        if isinstance(node, exp.Cast):
            _check_cast(node)
        elif isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Mod | exp.Neg):
            _check_numbers(node)
        elif isinstance(
            node, exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE | exp.NullSafeEQ | exp.NullSafeNEQ
        ):
            _check_alike(node, [node.this, node.expression])
        elif isinstance(node, exp.Between):
            _check_alike(node, [node.this, node.args["low"], node.args["high"]])
        elif isinstance(node, exp.In) and node.expressions:
            _check_alike(node, [node.this, *node.expressions])
        elif isinstance(node, exp.Sum | exp.Avg | exp.Variance | exp.StddevSamp | exp.Abs | exp.Sign):
            _check_summed(node)


def _check_cast(node: exp.Cast) -> None:
    to = node.to
    typed = exp.Expression()
    typed.type = to
    wanted, given = group(typed), group(node.this)
    literal = node.this.unnest()
    if wanted in ("day", "moment") and literal.is_string:
        if not _reads_as(literal.name, wanted):
            raise not_portable(node, "a day as '2026-01-31', a time as '2026-01-31 12:00:00+00:00'")
        return
    if wanted not in _CASTS:
        raise not_portable(node, "DOUBLE, BIGINT, TEXT, DATE, TIMESTAMP or BOOLEAN; money is whole minor units")
    if given not in _CASTS[wanted]:
        raise not_portable(node, _MENDS.get(wanted, "a value of that type"))


def _reads_as(text: str, wanted: str) -> bool:
    try:
        if wanted == "day":
            date.fromisoformat(text)
        else:
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_numbers(node: exp.Expr) -> None:
    for part in (node.this, node.args.get("expression")):
        if part is not None and group(part) in ("day", "moment"):
            raise not_portable(node, "add_days(day, n), days_between(from, to) or micros_between(from, to)")
        if part is not None and group(part) in ("text", "truth", "list"):
            raise not_portable(node, "numbers; number_of(text) makes one of a text")
    if isinstance(node, exp.Mod) and "real" in (group(node.this), group(node.expression)):
        raise not_portable(node, "whole numbers")


def _check_alike(node: exp.Expr, parts: list[exp.Expr]) -> None:
    groups = {"real" if group(part) == "whole" else group(part) for part in parts} - {"null", "unknown"}
    timed = groups & {"day", "moment"}
    if len(timed) == 1 and groups <= {*timed, "text"}:
        to = "DATE" if timed == {"day"} else "TIMESTAMPTZ"
        for part in parts:
            if group(part) == "text":
                made = exp.Cast(this=part.copy(), to=exp.DataType.build(to))
                _check_cast(made)
                part.replace(made)
    elif len(groups) > 1:
        raise not_portable(node, f"values of one type, not of {' and '.join(sorted(groups))}")


def _check_summed(node: exp.Expr) -> None:
    summed = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    if group(summed) == "truth":
        raise not_portable(node, "count_if(condition), or ratio(count_if(condition), count(*))")
    if group(summed) in ("text", "day", "moment", "list"):
        raise not_portable(node, "numbers")


def sql_type(type_: pa.DataType) -> str:
    """The SQL type of a column of facts."""
    if pa.types.is_dictionary(type_):
        return sql_type(type_.value_type)
    if pa.types.is_list(type_):
        return f"ARRAY<{sql_type(type_.value_type)}>"
    if pa.types.is_struct(type_):
        return f"STRUCT<{', '.join(f'{one.name} {sql_type(one.type)}' for one in type_)}>"
    for is_it, name in (
        (pa.types.is_string, "TEXT"), (pa.types.is_large_string, "TEXT"), (pa.types.is_integer, "BIGINT"),
        (pa.types.is_floating, "DOUBLE"), (pa.types.is_boolean, "BOOLEAN"), (pa.types.is_timestamp, "TIMESTAMPTZ"),
        (pa.types.is_date, "DATE"), (pa.types.is_null, "TEXT"),
    ):  # fmt: skip
        if is_it(type_):
            return name
    raise TypeError(f"a column of facts cannot be of the type {type_}")
