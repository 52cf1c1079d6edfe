"""Random conditions and rows that look for trouble: typed, seeded, and full of edge values.

`random_condition(rng, features)` gives a bool `ir.Node` as the checker would make it; `random_rows(rng, features, n)`
Python values by feature, None for missing. Both depend on `rng` and the features alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Any

from aedile.language import ir
from aedile.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    SCALARS,
    STRING,
    TIMESTAMP,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Type,
    list_of,
)

FEATURES: dict[str, Type] = {
    "item.price": DOUBLE,
    "item.score": DOUBLE,
    "item.stock": INT,
    "item.sold": INT,
    "item.title": STRING,
    "item.brand": STRING,
    "item.active": BOOL,
    "item.listed_at": TIMESTAMP,
    "item.tags": list_of(STRING),
    "item.sizes": list_of(INT),
    "item.ratings": list_of(DOUBLE),
    "seller.age": DURATION,
    "request.time": TIMESTAMP,
    "request.zone": STRING,
}
#: Entries and expiries (microseconds) of the named lists that conditions speak of.
LISTS: dict[str, dict[str, int | None]] = {
    "brands": {"nike": None, "ÀÉ": None, "": 1_700_000_000_000_000, "abc": 1_600_000_000_000_000},
    "nothing": {},
}

_SECOND, _DAY = 10**6, 86_400 * 10**6
INTS = (0, 1, -1, 2, 3, 7, -7, 10, 100, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, 2**63 - 1, -(2**63), -(2**63) + 1)
DOUBLES = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.7, -7.25, 1e-7, 1e6, 123456.789, 0.1, 1e21, 9007199254740992.0, 2.0**62,
           2.0**63, -(2.0**63), 9223372036854774784.0, 1e308, 5e-324, math.inf, -math.inf, math.nan)  # fmt: skip
STRINGS = ("", "a", "abc", "ABC", "Nike", "nike", "N1KE", "nike air", "  two  words ", "straße", "STRASSE", "ÀÉ",
           "e\u0301", "é", "किताब", "שלום", "مرحبا", "日本語", "😀", "👩\u200d👩\u200d👧", "\U0001f600\uffff", "\uffff",
           "G\u200bucci", "Аdidas", "a\0b", "a\nb", 'q"uo\'te\\', "1", "-42", "+7", "3.5", "1e3", "true", "f", "nan",
           "12a", "Infinity", "9223372036854775808", "2024-03-10T09:59:59.999Z", "2024-02-30T00:00:00Z", "90m", "1.5s",
           "-1h0.5s", "Asia/Jakarta")  # fmt: skip
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Sydney", "Asia/Jakarta", "Africa/Casablanca",
         "Europe/Dublin", "Asia/Kathmandu", "US/Central", "America/Nuuk", "+05:30", "-09:30", "-00:00", "02:00",
         "Mars/Olympus", "+5", "asia/jakarta")  # fmt: skip
#: Around changes of clocks: New York and Berlin 2024, Sydney 2023, Berlin 2080; leap days, first and last instants.
TIMES = (0, -1, 1_710_054_000 * _SECOND - 1, 1_710_054_000 * _SECOND, 1_730_613_600 * _SECOND, 1_711_846_800 * _SECOND,
         1_696_089_600 * _SECOND, 3_479_936_400 * _SECOND, 951_782_400 * _SECOND, -5_364_662_400 * _SECOND,
         1_700_000_000_123_456, 1_600_000_000_000_000, -1_000_000, TIMESTAMP_MIN, TIMESTAMP_MAX,
         TIMESTAMP_MAX - 3 * _DAY)  # fmt: skip
DURATIONS = (0, 1, -1, _SECOND, 1_500_000, -1_500_000, 3_723_321_000, -3_723_321_000, 5_400 * _SECOND, 90 * _DAY,
             365 * _DAY, -365 * _DAY, 9_223_372_036_854_775, 5_000_000_000_000_000)  # fmt: skip
PATTERNS = ("a", "^a", "b$", "^$", "a.b", "(?i)nike", "[A-Z]+", "\\d{1,3}", "\\pL+", "N[i1]ke|x", "^.{3}$", "\\bair\\b",
            "😀", "(a|b)*c", "[")  # fmt: skip
_POOLS: dict[Type, tuple[Any, ...]] = {
    BOOL: (True, False),
    INT: INTS,
    DOUBLE: DOUBLES,
    STRING: STRINGS,
    TIMESTAMP: TIMES,
    DURATION: DURATIONS,
}
_CLOCK = ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfYear", "getDayOfWeek", "getHours",
          "getMinutes", "getSeconds", "getMilliseconds")  # fmt: skip
_ELEMENTS = tuple(SCALARS.values())


def random_rows(rng: Random, features: Mapping[str, Type], n: int) -> dict[str, list[Any]]:
    """n values of each feature, about one in twelve missing."""
    return {
        name: [None if rng.random() < 0.08 else random_value(rng, type_, name) for _ in range(n)]
        for name, type_ in features.items()
    }


def random_value(rng: Random, type_: Type, name: str = "") -> Any:
    """A known value of the type, often an edge; lists are short and often empty."""
    if type_.element is not None:
        return [random_value(rng, type_.element) for _ in range(rng.choice((0, 0, 1, 2, 3, 5)))]
    if name.endswith("zone"):
        return rng.choice(ZONES)
    if rng.random() < (0.3 if type_ == INT else 0.6):
        return rng.choice(_POOLS[type_])
    if type_ == INT:
        return rng.randint(-12, 12) if rng.random() < 0.9 else rng.randint(-(2**63), 2**63 - 1)
    if type_ == DOUBLE:
        return float(rng.randint(-12, 12)) if rng.random() < 0.5 else rng.uniform(-1, 1) * 10.0 ** rng.randint(-9, 20)
    if type_ == STRING:
        return "".join(rng.choice("abAB1nike éß अ") for _ in range(rng.randint(0, 6)))
    if type_ == TIMESTAMP:
        return rng.randint(TIMESTAMP_MIN, TIMESTAMP_MAX) if rng.random() < 0.3 else rng.randint(0, 2 * 10**15)
    if type_ == DURATION:
        return rng.randint(-(10**6), 10**6) * rng.choice((1, 1000, _SECOND, 3600 * _SECOND))
    return rng.random() < 0.5


def random_condition(rng: Random, environment_features: Mapping[str, Type], depth: int = 4) -> ir.Node:
    """A bool expression over the features, at most about `depth` operators deep."""
    return _Maker(rng, environment_features).make(BOOL, depth, {})


def random_expression(rng: Random, environment_features: Mapping[str, Type], type_: Type, depth: int = 3) -> ir.Node:
    """An expression of the type asked for."""
    return _Maker(rng, environment_features).make(type_, depth, {})


Names = dict[str, Type]


class _Maker:
    """Makes expressions of a wanted type; `names` are the variables of enclosing comprehensions."""

    def __init__(self, rng: Random, features: Mapping[str, Type]) -> None:
        self.rng = rng
        self.features = features
        self._made = {BOOL: self._bool, INT: self._int, DOUBLE: self._double, STRING: self._string,
                      TIMESTAMP: self._timestamp, DURATION: self._duration}  # fmt: skip

    def make(self, type_: Type, depth: int, names: Names) -> ir.Node:
        if depth <= 0 or self.rng.random() < 0.12:
            return self.leaf(type_, names)
        if self.rng.random() < 0.06:
            return ir.Ternary(type_, self.make(BOOL, depth - 1, names), *self._some(type_, 2, depth - 1, names))
        if type_.element is not None:
            return self._list(type_.element, depth - 1, names)
        return self._made[type_](depth - 1, names)

    def leaf(self, type_: Type, names: Names) -> ir.Node:
        variables = [name for name, t in names.items() if t == type_]
        if variables and self.rng.random() < 0.75:
            return ir.Variable(type_, self.rng.choice(variables))
        known = [name for name, t in self.features.items() if t == type_]
        if known and self.rng.random() < 0.7:
            return ir.Feature(type_, self.rng.choice(known))
        return self.constant(type_)

    def constant(self, type_: Type) -> ir.Const:
        return ir.Const(type_, _tuples(random_value(self.rng, type_)))

    def _some(self, type_: Type, count: int, depth: int, names: Names) -> tuple[ir.Node, ...]:
        return tuple(self.make(type_, depth, names) for _ in range(count))

    def _bool(self, depth: int, names: Names) -> ir.Node:
        options = [self._comparison] * 5 + [self._logic] * 4 + [self._member] * 2 + [self._text_test] * 2
        options += [self._comprehension] * 3 + [self._rare] * 2
        return self.rng.choice(options)(depth, names)

    def _comparison(self, depth: int, names: Names) -> ir.Node:
        type_ = self.rng.choice((BOOL, INT, INT, DOUBLE, DOUBLE, STRING, STRING, TIMESTAMP, DURATION))
        other = type_
        if type_.is_numeric and self.rng.random() < 0.35:
            other = DOUBLE if type_ == INT else INT
        function = self.rng.choice(("==", "!=", "<", "<=", ">", ">="))
        return ir.Call(BOOL, function, (self.make(type_, depth, names), self.make(other, depth, names)))

    def _logic(self, depth: int, names: Names) -> ir.Node:
        kind = self.rng.choice((ir.And, ir.And, ir.Or, ir.Or, ir.Not))
        if kind is ir.Not:
            return ir.Not(BOOL, self.make(BOOL, depth, names))
        args: list[ir.Node] = []
        for arg in self._some(BOOL, self.rng.randint(2, 3), depth, names):
            args.extend(arg.args if isinstance(arg, kind) else (arg,))
        return kind(BOOL, tuple(args))

    def _member(self, depth: int, names: Names) -> ir.Node:
        element = self.rng.choice((INT, DOUBLE, STRING, STRING, BOOL, TIMESTAMP))
        value = self._other_number(element) if self.rng.random() < 0.3 else element
        return ir.Call(BOOL, "in", (self.make(value, depth, names), self.make(list_of(element), depth, names)))

    def _other_number(self, type_: Type) -> Type:
        return {INT: DOUBLE, DOUBLE: INT}.get(type_, type_)

    def _text_test(self, depth: int, names: Names) -> ir.Node:
        function = self.rng.choice(("startsWith", "endsWith", "contains", "matches"))
        text = self.make(STRING, depth, names)
        if function == "matches":
            return ir.Call(BOOL, function, (text, ir.Const(STRING, self.rng.choice(PATTERNS))))
        return ir.Call(BOOL, function, (text, self.make(STRING, min(depth, 1), names)))

    def _comprehension(self, depth: int, names: Names) -> ir.Node:
        element = self.rng.choice((STRING, STRING, INT, INT, DOUBLE))
        kind = self.rng.choice(("exists", "exists", "all", "all", "exists_one"))
        return self._over(BOOL, kind, element, BOOL, depth, names)

    def _over(self, type_: Type, kind: str, element: Type, body: Type, depth: int, names: Names) -> ir.Node:
        # Half of the time an inner comprehension shadows an outer variable.
        variable = "x" if not names or self.rng.random() < 0.5 else f"x{len(names)}"
        source = self.make(list_of(element), min(depth, 2), names)
        inner = self.make(body, depth, {**names, variable: element})
        return ir.Comprehension(type_, kind, variable, source, inner)

    def _rare(self, depth: int, names: Names) -> ir.Node:
        choice = self.rng.randrange(5)
        if choice == 0:
            name = self.rng.choice(list(self.features))
            return ir.Has(BOOL, ir.Feature(self.features[name], name))
        if choice == 1:
            return ir.InList(BOOL, self.make(STRING, depth, names), self.rng.choice(list(LISTS)))
        if choice == 2:
            element = self.rng.choice((INT, DOUBLE, STRING, BOOL))
            other = self._other_number(element) if self.rng.random() < 0.3 else element
            lists = self.make(list_of(element), depth, names), self.make(list_of(other), depth, names)
            return ir.Call(BOOL, self.rng.choice(("==", "!=")), lists)
        if choice == 3:
            return ir.Call(BOOL, "bool", (self.make(STRING, depth, names),))
        return self._nested(depth, names)

    def _nested(self, depth: int, names: Names) -> ir.Node:
        """A list of lists, made by map, looked into by another comprehension or compared."""
        rows = self._over(list_of(list_of(INT)), "map", STRING, list_of(INT), min(depth, 2), names)
        if self.rng.random() < 0.5:
            return ir.Call(BOOL, "==", (rows, ir.Const(rows.type, self.rng.choice(((), ((),), ((1, 2),))))))
        variable = f"y{len(names)}"
        body = self.make(BOOL, min(depth, 2), {**names, variable: list_of(INT)})
        return ir.Comprehension(BOOL, self.rng.choice(("exists", "all")), variable, rows, body)

    def _int(self, depth: int, names: Names) -> ir.Node:
        choice = self.rng.randrange(10)
        if choice < 4:
            function = self.rng.choice("+-*/%")
            return ir.Call(INT, function, self._some(INT, 2, depth, names))
        if choice == 4:
            return ir.Call(INT, "neg", (self.make(INT, depth, names),))
        if choice == 5:
            sized = self.rng.choice((STRING, list_of(STRING), list_of(INT)))
            return ir.Call(INT, "size", (self.make(sized, depth, names),))
        if choice == 6:
            source = self.rng.choice((DOUBLE, STRING, TIMESTAMP))
            return ir.Call(INT, "int", (self.make(source, depth, names),))
        if choice == 7:
            return self._element(INT, depth, names)
        if choice == 8 and self.rng.random() < 0.3:
            count = ir.Const(INT, self.rng.choice((10, 100, 0, -1, 2**62)))
            return ir.Call(INT, "bucket", (*self._some(STRING, 2, min(depth, 1), names), count))
        return self._clock(depth, names)

    def _clock(self, depth: int, names: Names) -> ir.Node:
        if self.rng.random() < 0.2:
            return ir.Call(INT, self.rng.choice(_CLOCK[6:]), (self.make(DURATION, depth, names),))
        args: tuple[ir.Node, ...] = (self.make(TIMESTAMP, depth, names),)
        zones = [name for name in self.features if name.endswith("zone")]
        if self.rng.random() < 0.7:
            fixed = not zones or self.rng.random() < 0.6
            zone = ir.Const(STRING, self.rng.choice(ZONES)) if fixed else ir.Feature(STRING, self.rng.choice(zones))
            args = (*args, zone)
        return ir.Call(INT, self.rng.choice(_CLOCK), args)

    def _element(self, type_: Type, depth: int, names: Names) -> ir.Node:
        index = ir.Const(INT, self.rng.randint(-1, 3)) if self.rng.random() < 0.7 else self.make(INT, depth, names)
        return ir.Call(type_, "[]", (self.make(list_of(type_), depth, names), index))

    def _double(self, depth: int, names: Names) -> ir.Node:
        choice = self.rng.randrange(8)
        if choice < 4:
            return ir.Call(DOUBLE, self.rng.choice("+-*/"), self._some(DOUBLE, 2, depth, names))
        if choice == 4:
            return ir.Call(DOUBLE, "neg", (self.make(DOUBLE, depth, names),))
        if choice == 5:
            return self._element(DOUBLE, depth, names)
        return ir.Call(DOUBLE, "double", (self.make(self.rng.choice((INT, STRING)), depth, names),))

    def _string(self, depth: int, names: Names) -> ir.Node:
        choice = self.rng.randrange(6)
        if choice < 2:
            return ir.Call(STRING, "+", self._some(STRING, 2, depth, names))
        if choice == 2:
            return ir.Call(STRING, "lowerAscii", (self.make(STRING, depth, names),))
        if choice == 3 and self.rng.random() < 0.5:
            return ir.Call(STRING, "normalized", (self.make(STRING, depth, names),))
        if choice == 4:
            return self._element(STRING, depth, names)
        return ir.Call(STRING, "string", (self.make(self.rng.choice(_ELEMENTS), depth, names),))

    def _timestamp(self, depth: int, names: Names) -> ir.Node:
        choice = self.rng.randrange(4)
        if choice == 0:
            return ir.Call(TIMESTAMP, "timestamp", (self.make(self.rng.choice((INT, STRING)), depth, names),))
        if choice == 1:
            return self.leaf(TIMESTAMP, names)
        time, span = self.make(TIMESTAMP, depth, names), self.make(DURATION, depth, names)
        if choice == 2 and self.rng.random() < 0.3:
            return ir.Call(TIMESTAMP, "+", (span, time))
        return ir.Call(TIMESTAMP, self.rng.choice("+-"), (time, span))

    def _duration(self, depth: int, names: Names) -> ir.Node:
        choice = self.rng.randrange(4)
        if choice == 0:
            return ir.Call(DURATION, "duration", (self.make(STRING, depth, names),))
        if choice == 1:
            return ir.Call(DURATION, "-", self._some(TIMESTAMP, 2, depth, names))
        return ir.Call(DURATION, self.rng.choice("+-"), self._some(DURATION, 2, depth, names))

    def _list(self, element: Type, depth: int, names: Names) -> ir.Node:
        choice = self.rng.randrange(6)
        if choice == 0:
            return ir.Call(list_of(element), "+", self._some(list_of(element), 2, depth, names))
        if choice == 1:
            return self._over(list_of(element), "filter", element, BOOL, depth, names)
        if choice == 2:
            return self._over(list_of(element), "map", self.rng.choice((INT, STRING)), element, depth, names)
        if choice == 3:
            items = self._some(element, self.rng.randint(1, 3), depth, names)
            if all(isinstance(item, ir.Const) for item in items):
                return ir.Const(list_of(element), tuple(item.value for item in items if isinstance(item, ir.Const)))
            return ir.ListOf(list_of(element), items)
        return self.leaf(list_of(element), names)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
