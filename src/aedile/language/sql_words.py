"""Which words of SQL are the language's under another name, and which are refused with which advice?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from aedile.errors import define
from aedile.language.faults import closest
from aedile.language.functions import FUNCTIONS
from aedile.language.types import BOOL, DOUBLE, INT, STRING, Type

NOT_READ = define("AED-LANG-083", "A part of SQL is not read as a condition.", "item.id IN (SELECT id FROM items)")
BAD_LIKE = define("AED-LANG-084", "A LIKE pattern is more than a start, an end or a part.", "item.title LIKE 'a%b_c'")
NULL_VALUE = define("AED-LANG-085", "NULL is used as a value.", "item.brand = NULL")
LOOSE_CASE = define(
    "AED-LANG-086",
    "A CASE would give a value where its condition is unknown, which a condition cannot.",
    "CASE WHEN item.new THEN 1 ELSE 2 END > 1",
)
OTHER_MEANING = define("AED-LANG-087", "SQL means something else here than the language can say.", "item.stock / 2 > 1")
BAD_LITERAL = define("AED-LANG-088", "An SQL literal has no value in the language.", "request.time > TIMESTAMP 'noon'")
BAD_CEL = define("AED-LANG-089", "cel() is not given one quoted CEL text.", "cel(item.price)")

FUNCTIONS_BY_NAME = {
    name.lower(): function for name, function in FUNCTIONS.items() if name[0].isalpha() and name != "neg"
}
ALIASES = {
    "prefix": "startsWith",
    "suffix": "endsWith",
    "array_length": "size",
    "list_length": "size",
    "lower_ascii": "lowerAscii",
}
COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "==",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Mod: "%"}
#: sqlglot's own functions that are ours under another name.
KNOWN: dict[type[exp.Expr], str] = {
    exp.StartsWith: "startsWith",
    exp.EndsWith: "endsWith",
    exp.Contains: "contains",
    exp.RegexpLike: "matches",
    exp.Length: "size",
    exp.ArraySize: "size",
    exp.Timestamp: "timestamp",
    exp.String: "string",
}
PARTS = {
    "YEAR": ("getFullYear", 0),
    "MONTH": ("getMonth", 1),
    "DAY": ("getDate", 0),
    "HOUR": ("getHours", 0),
    "MINUTE": ("getMinutes", 0),
    "SECOND": ("getSeconds", 0),
    "DOW": ("getDayOfWeek", 0),
    "DOY": ("getDayOfYear", 1),
}
PART_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.Year: "YEAR",
    exp.Month: "MONTH",
    exp.Day: "DAY",
    exp.Hour: "HOUR",
    exp.Minute: "MINUTE",
    exp.Second: "SECOND",
}
TIMES = ("TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMPTZ", "DATE", "DATETIME")
CASTS: dict[str, tuple[str, tuple[Type, ...]]] = {
    **dict.fromkeys(("BIGINT", "INT", "SMALLINT", "TINYINT"), ("int", (INT,))),
    "DOUBLE": ("double", (INT, DOUBLE)),
    **dict.fromkeys(("TEXT", "VARCHAR", "CHAR"), ("string", (INT, BOOL, STRING))),
    "BOOLEAN": ("bool", (BOOL,)),
}
#: Arguments that only tell sqlglot how to write the node for other engines.
IDLE = frozenset(("typed", "safe", "value_constructor"))


def cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:39] + "…"


_QUERY = "Lists of values live in a named list: in_list(item.id, 'recalled')."
DESCRIPTIONS: Mapping[type[exp.Expr], tuple[str, str | None]] = {
    exp.Select: ("A query", _QUERY),
    exp.Subquery: ("A query", _QUERY),
    exp.Exists: ("EXISTS", _QUERY),
    exp.Union: ("UNION", _QUERY),
    exp.Lower: ("LOWER", "Write lowerAscii(text) for A–Z, or normalized(text) for the text as a reader sees it."),
    exp.Upper: ("UPPER", "Write lowerAscii(text) and compare with small letters."),
    exp.Coalesce: ("COALESCE", "Ask item.price IS NULL OR item.price < 5: what is missing stays unknown here."),
    exp.NullSafeEQ: ("IS NOT DISTINCT FROM", "Write a = b, and a IS NULL where that is meant."),
    exp.NullSafeNEQ: ("IS DISTINCT FROM", "Write a <> b, and a IS NULL where that is meant."),
    exp.Concat: ("CONCAT", "Write a || b, which is unknown where a part is."),
    exp.CurrentTimestamp: ("The present time", "The time of a request is request.time."),
    exp.CurrentDate: ("The present date", "The time of a request is request.time."),
    exp.Bracket: ("An index", "SQL counts from 1, conditions from 0: write cel('item.tags[0]')."),
    exp.Escape: ("ESCAPE", "Write regexp_matches(text, 'pattern') or contains(text, 'part')."),
    exp.RegexpFullMatch: ("regexp_full_match", "Write regexp_matches(text, '^(pattern)$')."),
    exp.RegexpLike: ("A flag of regexp_matches", "Put it into the pattern: '(?i)pattern'."),
    exp.AtTimeZone: ("AT TIME ZONE", "Give the zone to the getter: getHours(request.time, 'Asia/Jakarta')."),
    exp.Lambda: ("A lambda", "Write the comprehension as cel('item.tags.exists(t, t.startsWith(\"x\"))')."),
    exp.Rand: ("RANDOM", "A draw that stays the same for each id is bucket(item.id, 'salt', 100) < 5."),
    exp.Star: ("A *", "Name the feature."),
    exp.Placeholder: ("A ? without a name", "Write param.threshold, or :threshold."),
    exp.Between: ("BETWEEN SYMMETRIC", "Write a >= low AND a <= high."),
}


def describe(node: exp.Expr) -> tuple[str, str | None]:
    known = DESCRIPTIONS.get(type(node))
    if known is not None:
        return known
    if isinstance(node, exp.In):
        return DESCRIPTIONS[exp.Select]
    if isinstance(node, exp.Anonymous):
        name = str(node.this)
        if name.lower() in ("now", "today", "get_current_timestamp"):
            return DESCRIPTIONS[exp.CurrentTimestamp]
        near = _near(name)
        return (
            f"The function {cut(name)}()",
            f"Did you mean {near}()?" if near else "Write cel('…') for what SQL has no word for.",
        )
    if isinstance(node, exp.Func):
        return node.sql_name(), "Write cel('…') for what SQL has no word for."
    name = re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).upper()
    return name, "Write cel('…') for what SQL has no word for."


def _near(name: str) -> str | None:
    return closest(name, [function.name for function in FUNCTIONS_BY_NAME.values()])
