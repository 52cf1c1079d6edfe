"""Which operators, functions and macros are there, for which types, and what do they mean?

One table, `FUNCTIONS`, from which the checker chooses overloads and the reference is written; tests run all examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aedile.language.types import BOOL, DOUBLE, DURATION, INT, NOTHING, STRING, TIMESTAMP, Type, list_of

#: Stands for any one type, the same throughout an overload.
ANY = Type("T")
LIST = list_of(ANY)


@dataclass(frozen=True, slots=True)
class Overload:
    arguments: tuple[Type, ...]
    result: Type


@dataclass(frozen=True, slots=True)
class Example:
    """A condition and its value as JSON; `given` are features by name, each with its type and value."""

    condition: str
    value: Any
    given: Mapping[str, tuple[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """An operator, function or macro.

    name: as in `ir.Call.function`. form: infix, prefix, index, conditional, function, method, either (function or
    method) or macro. written: how it looks in a condition.
    """

    name: str
    form: str
    written: str
    overloads: tuple[Overload, ...]
    meaning: str
    examples: tuple[Example, ...]


def _o(result: Type, *arguments: Type) -> Overload:
    return Overload(arguments, result)


def _f(name: str, form: str, written: str, overloads: list[Overload], meaning: str, *examples: Example) -> Function:
    return Function(name, form, written, tuple(overloads), meaning, examples)


_E = Example
_SCALAR_TYPES = (BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION)
_MIXED = [_o(BOOL, INT, DOUBLE), _o(BOOL, DOUBLE, INT)]
_EQUAL = [_o(BOOL, ANY, ANY), *_MIXED, _o(BOOL, list_of(INT), list_of(DOUBLE)), _o(BOOL, list_of(DOUBLE), list_of(INT))]
_ORDER = [*(_o(BOOL, t, t) for t in _SCALAR_TYPES), *_MIXED]
_TEXT_TEST = [_o(BOOL, STRING, STRING)]
_PART = [_o(INT, TIMESTAMP), _o(INT, TIMESTAMP, STRING)]
_PREDICATE = [_o(BOOL, LIST, BOOL)]
_NIKE = {"item.title": ("string", "Nike Air")}
_TAGS = {"item.tags": ("list(string)", ["new", "sale"])}
_NOON = 'timestamp("2026-11-25T12:30:15.250Z")'
_ZONE = "a zone is an IANA name or an offset such as +07:00; without it, UTC"

_TABLE = [
    # -- logic
    _f("||", "infix", "a || b", [_o(BOOL, BOOL, BOOL)],
       "True if either side is; an unknown side does not matter if the other is true.",
       _E("false || true", True), _E("1 / 0 == 1 || true", True)),
    _f("&&", "infix", "a && b", [_o(BOOL, BOOL, BOOL)],
       "True if both sides are; an unknown side does not matter if the other is false.",
       _E("true && false", False), _E("1 / 0 == 1 && false", False)),
    _f("!", "prefix", "!a", [_o(BOOL, BOOL)], "True if a is false; unknown stays unknown.", _E("!(1 > 2)", True)),
    _f("?:", "conditional", "a ? b : c", [_o(ANY, BOOL, ANY, ANY)],
       "b if a is true, c if a is false; the branch not taken does not matter.",
       _E('2 > 1 ? "yes" : "no"', "yes"), _E("true ? 1 : 1 / 0", 1)),
    # -- comparison
    _f("==", "infix", "a == b", _EQUAL,
       "Whether two values are the same. Int and double compare by their mathematical value; NaN equals nothing.",
       _E("1 == 1.0", True), _E('["a"] == ["a"]', True), _E("0.0 == -0.0", True)),
    _f("!=", "infix", "a != b", _EQUAL, "Whether two values differ.", _E('"a" != "b"', True)),
    _f("<", "infix", "a < b", _ORDER,
       "Whether a comes before b. Strings compare by code point, false comes before true.",
       _E("1 < 2.5", True), _E('"Z" < "a"', True)),
    _f("<=", "infix", "a <= b", _ORDER, "Whether a comes before b or equals it.", _E("2 <= 2", True)),
    _f(">", "infix", "a > b", _ORDER, "Whether a comes after b.", _E('duration("2h") > duration("90m")', True)),
    _f(">=", "infix", "a >= b", _ORDER, "Whether a comes after b or equals it.", _E("2.0 >= 3", False)),
    _f("in", "infix", "a in list",
       [_o(BOOL, ANY, LIST), _o(BOOL, INT, list_of(DOUBLE)), _o(BOOL, DOUBLE, list_of(INT))],
       "Whether some element of the list equals a.",
       _E('"sale" in item.tags', True, _TAGS), _E("2 in [1.0, 2.0]", True)),
    # -- arithmetic
    _f("+", "infix", "a + b",
       [_o(INT, INT, INT), _o(DOUBLE, DOUBLE, DOUBLE), _o(STRING, STRING, STRING), _o(LIST, LIST, LIST),
        _o(TIMESTAMP, TIMESTAMP, DURATION), _o(TIMESTAMP, DURATION, TIMESTAMP), _o(DURATION, DURATION, DURATION)],
       "Sum; of strings and lists, one after the other. Beyond the range of its type it is unknown.",
       _E("1 + 2", 3), _E('"ab" + "c"', "abc"), _E('duration("1h") + duration("30m")', "5400s")),
    _f("-", "infix", "a - b",
       [_o(INT, INT, INT), _o(DOUBLE, DOUBLE, DOUBLE), _o(DURATION, TIMESTAMP, TIMESTAMP),
        _o(TIMESTAMP, TIMESTAMP, DURATION), _o(DURATION, DURATION, DURATION)],
       "Difference; of two timestamps, the duration between them.",
       _E("5 - 7", -2), _E('timestamp("2026-01-02T00:00:00Z") - timestamp("2026-01-01T00:00:00Z")', "86400s")),
    _f("*", "infix", "a * b", [_o(INT, INT, INT), _o(DOUBLE, DOUBLE, DOUBLE)], "Product.", _E("1.5 * 2", 3.0)),
    _f("/", "infix", "a / b", [_o(INT, INT, INT), _o(DOUBLE, DOUBLE, DOUBLE)],
       "Quotient. Of two ints it is cut towards zero, and unknown where b is 0; of doubles it follows IEEE 754.",
       _E("-7 / 2", -3), _E("7.0 / 2", 3.5), _E("1.0 / 0.0", "Infinity")),
    _f("%", "infix", "a % b", [_o(INT, INT, INT)],
       "Remainder of the quotient cut towards zero, with the sign of a; unknown where b is 0.", _E("-7 % 2", -1)),
    _f("neg", "prefix", "-a", [_o(INT, INT), _o(DOUBLE, DOUBLE)], "The number with its sign turned.", _E("-(3)", -3)),
    _f("[]", "index", "list[i]", [_o(ANY, LIST, INT)],
       "The element at place i, counted from 0; unknown where there is none.", _E('["a", "b"][1]', "b")),
    # -- text
    _f("size", "either", "x.size(), size(x)", [_o(INT, STRING), _o(INT, LIST)],
       "How many characters (code points) a string has, or elements a list.", _E('"añb".size()', 3), _E("size([])", 0)),
    _f("startsWith", "method", "text.startsWith(prefix)", _TEXT_TEST, "Whether the text begins so.",
       _E('item.title.startsWith("Nike")', True, _NIKE)),
    _f("endsWith", "method", "text.endsWith(suffix)", _TEXT_TEST, "Whether the text ends so.",
       _E('item.title.endsWith("Air")', True, _NIKE)),
    _f("contains", "method", "text.contains(part)", _TEXT_TEST, "Whether the part stands somewhere in the text.",
       _E('item.title.contains("ke A")', True, _NIKE)),
    _f("matches", "either", "text.matches(pattern)", _TEXT_TEST,
       "Whether the constant RE2 pattern is found anywhere in the text; ^ and $ bind it to the ends.",
       _E('item.title.matches("^N[a-z]+ ")', True, _NIKE), _E('"a1".matches("^[a-z]$")', False)),
    _f("lowerAscii", "method", "text.lowerAscii()", [_o(STRING, STRING)],
       "The text with A–Z made small; all other letters stay.", _E('"ÄB".lowerAscii()', "Äb")),
    _f("normalized", "function", "normalized(text)", [_o(STRING, STRING)],
       "The text as a reader sees it: case folded, invisible characters dropped, look-alike letters and digits in "
       "words made plain, white space single. Compare it with texts that are normalized themselves.",
       _E('normalized(" FR3E  ＳＨＩＰ ") == "free ship"', True)),
    # -- lists of values kept apart, buckets
    _f("in_list", "function", 'in_list(text, "list")', [_o(BOOL, STRING, STRING)],
       "Whether the text is, exactly, an entry of the named list that has not expired at request.time.",
       _E('in_list(item.gtin, "recalled-gtin")', False, {"item.gtin": ("string", "4006381333931")})),
    _f("bucket", "function", "bucket(id, salt, n)", [_o(INT, STRING, STRING, INT)],
       "A number from 0 to n - 1 that depends on id and salt alone: the first 8 bytes (big-endian) of SHA-256 over "
       "salt, NUL, id, modulo n. Unknown where n is not above 0.",
       _E('bucket("item-1", "spring", 100) < 100', True)),
    # -- conversions
    _f("int", "function", "int(x)", [_o(INT, INT), _o(INT, DOUBLE), _o(INT, STRING), _o(INT, TIMESTAMP)],
       "As int: a double is cut towards zero, a string read as decimal, a timestamp becomes seconds since 1970; "
       "unknown where that does not fit.",
       _E("int(-7.9)", -7), _E('int("42")', 42), _E('int(timestamp("1970-01-01T00:01:00Z"))', 60)),
    _f("double", "function", "double(x)", [_o(DOUBLE, DOUBLE), _o(DOUBLE, INT), _o(DOUBLE, STRING)],
       "As double; unknown where a string is no number.", _E("double(3)", 3.0), _E('double("1e3")', 1000.0)),
    _f("string", "function", "string(x)", [_o(STRING, t) for t in (STRING, INT, DOUBLE, BOOL, TIMESTAMP, DURATION)],
       "As text.", _E("string(42)", "42"), _E('string(duration("1m"))', "60s")),
    _f("bool", "function", "bool(x)", [_o(BOOL, BOOL), _o(BOOL, STRING)],
       "As bool: of 1, t, true, TRUE, True and 0, f, false, FALSE, False; else unknown.", _E('bool("true")', True)),
    _f("timestamp", "function", "timestamp(x)", [_o(TIMESTAMP, TIMESTAMP), _o(TIMESTAMP, STRING), _o(TIMESTAMP, INT)],
       "The instant of an RFC 3339 text, or of seconds since 1970. The resolution is a microsecond.",
       _E('timestamp("2026-11-25T07:00:00+07:00")', "2026-11-25T00:00:00Z"),
       _E("timestamp(0)", "1970-01-01T00:00:00Z")),
    _f("duration", "function", "duration(x)", [_o(DURATION, DURATION), _o(DURATION, STRING)],
       'The length of time of a text such as "90s", "1h30m" or "250ms"; hours are the largest unit.',
       _E('duration("1h30m")', "5400s")),
    # -- parts of times
    _f("getFullYear", "method", "t.getFullYear(zone)", _PART, f"The year; {_ZONE}.",
       _E(f"{_NOON}.getFullYear()", 2026)),
    _f("getMonth", "method", "t.getMonth(zone)", _PART, f"The month, January is 0; {_ZONE}.",
       _E(f"{_NOON}.getMonth()", 10)),
    _f("getDate", "method", "t.getDate(zone)", _PART, f"The day of the month from 1; {_ZONE}.",
       _E(f'{_NOON}.getDate("+12:00")', 26)),
    _f("getDayOfMonth", "method", "t.getDayOfMonth(zone)", _PART, f"The day of the month from 0; {_ZONE}.",
       _E(f"{_NOON}.getDayOfMonth()", 24)),
    _f("getDayOfWeek", "method", "t.getDayOfWeek(zone)", _PART, f"The day of the week, Sunday is 0; {_ZONE}.",
       _E(f"{_NOON}.getDayOfWeek()", 3)),
    _f("getDayOfYear", "method", "t.getDayOfYear(zone)", _PART, f"The day of the year from 0; {_ZONE}.",
       _E(f"{_NOON}.getDayOfYear()", 328)),
    _f("getHours", "method", "t.getHours(zone), d.getHours()", [*_PART, _o(INT, DURATION)],
       f"The hour of the day; of a duration, all its hours, cut towards zero; {_ZONE}.",
       _E(f'{_NOON}.getHours("Asia/Jakarta")', 19), _E('duration("90m").getHours()', 1)),
    _f("getMinutes", "method", "t.getMinutes(zone), d.getMinutes()", [*_PART, _o(INT, DURATION)],
       f"The minute of the hour; of a duration, all its minutes, cut towards zero; {_ZONE}.",
       _E(f"{_NOON}.getMinutes()", 30), _E('duration("1h30m").getMinutes()', 90)),
    _f("getSeconds", "method", "t.getSeconds(zone), d.getSeconds()", [*_PART, _o(INT, DURATION)],
       f"The second of the minute; of a duration, all its seconds, cut towards zero; {_ZONE}.",
       _E(f"{_NOON}.getSeconds()", 15), _E('duration("1m1s").getSeconds()', 61)),
    _f("getMilliseconds", "method", "t.getMilliseconds(zone), d.getMilliseconds()", [*_PART, _o(INT, DURATION)],
       f"The milliseconds within the second; {_ZONE}.",
       _E(f"{_NOON}.getMilliseconds()", 250), _E('duration("61.5s").getMilliseconds()', 500)),
    # -- macros
    _f("has", "macro", "has(feature)", [_o(BOOL, ANY)], "Whether the feature has a value. Never unknown.",
       _E("has(item.title)", True, _NIKE), _E("has(item.title)", False, {"item.title": ("string", None)})),
    _f("exists", "macro", "list.exists(x, test)", _PREDICATE, "Whether the test holds for some element x.",
       _E('item.tags.exists(t, t.startsWith("sa"))', True, _TAGS)),
    _f("all", "macro", "list.all(x, test)", _PREDICATE, "Whether the test holds for every element x; true for none.",
       _E("item.tags.all(t, t.size() == 3)", False, _TAGS)),
    _f("exists_one", "macro", "list.exists_one(x, test)", _PREDICATE,
       "Whether the test holds for exactly one element x.",
       _E("item.tags.exists_one(t, t.size() == 3)", True, _TAGS)),
    _f("filter", "macro", "list.filter(x, test)", [_o(LIST, LIST, BOOL)], "The elements x for which the test holds.",
       _E("[1, 2, 3].filter(x, x > 1)", [2, 3])),
    _f("map", "macro", "list.map(x, value), list.map(x, test, value)",
       [_o(list_of(Type("U")), LIST, Type("U")), _o(list_of(Type("U")), LIST, BOOL, Type("U"))],
       "The value for every element x, or for those alone for which the test holds.",
       _E("[1, 2].map(x, x * 10)", [10, 20]), _E("[1, 2].map(x, x > 1, x * 10)", [20])),
]  # fmt: skip

FUNCTIONS: dict[str, Function] = {function.name: function for function in _TABLE}
COMPREHENSIONS = frozenset(("exists", "all", "exists_one", "filter", "map"))


def join(a: Type, b: Type) -> Type | None:
    """The one type both are, where `[]` is a list of anything; None where they differ."""
    if a == b or b == NOTHING:
        return a
    if a == NOTHING:
        return b
    if a.element is None or b.element is None:
        return None
    element = join(a.element, b.element)
    return list_of(element) if element is not None else None


@lru_cache(maxsize=4096)
def resolve(name: str, arguments: tuple[Type, ...]) -> Overload | None:
    """The first overload that takes arguments of these types, with every type settled; None where none does."""
    for overload in FUNCTIONS[name].overloads:
        if len(overload.arguments) != len(arguments):
            continue
        bound: dict[str, Type] = {}
        if all(_fits(wanted, given, bound) for wanted, given in zip(overload.arguments, arguments, strict=True)):
            settled = tuple(_settle(wanted, bound) for wanted in overload.arguments)
            return Overload(settled, _settle(overload.result, bound))
    return None


def _fits(wanted: Type, given: Type, bound: dict[str, Type]) -> bool:
    if wanted.name in ("T", "U"):
        joined = join(bound.get(wanted.name, NOTHING), given)
        if joined is None:
            return False
        bound[wanted.name] = joined
        return True
    if given == NOTHING:
        return True
    if wanted.element is None or given.element is None:
        return wanted == given
    return _fits(wanted.element, given.element, bound)


def _settle(type_: Type, bound: dict[str, Type]) -> Type:
    if type_.element is not None:
        return list_of(_settle(type_.element, bound))
    return bound.get(type_.name, type_)
