"""What is a condition worth at one row, worked out in plain Python from what the language promises?

Independent of the evaluator: no NumPy, no column, no shared function but `normalize` (whose table is data) and the
types. None stands for unknown. What is known to differ from CEL in C++ is noted on the way, see `hazards`.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from aedile.language import ir
from aedile.language.text import normalize
from aedile.language.types import DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type
from tests.oracles.plain_values import (
    EPOCH,
    FIRST,
    INT_MAX,
    INT_MIN,
    LAST,
    READERS,
    double_text,
    duration_text,
    timestamp_text,
)

_COMPUTED = (2**63 - 1) // 1000
_400_YEARS = 146_097 * 86_400 * 10**6


class Rowwise:
    """Evaluates over one row after another; `lists` maps a list's name to its entries and their expiry or None."""

    def __init__(self, lists: dict[str, dict[str, int | None]] | None = None) -> None:
        self.lists = lists or {}
        self.row: dict[str, Any] = {}
        #: Why CEL in C++ may say something else for the last row.
        self.hazards: set[str] = set()

    def evaluate(self, node: ir.Node, row: dict[str, Any]) -> Any:
        self.row, self.hazards = row, set()
        return self._value(node, {})

    def _value(self, node: ir.Node, names: dict[str, Any]) -> Any:
        match node:
            case ir.Const():
                return _listed(node.value)
            case ir.Feature():
                return self.row.get(node.name)
            case ir.Variable():
                return names[node.name]
            case ir.Has():
                return self.row.get(node.feature.name) is not None
            case ir.Not():
                value = self._value(node.arg, names)
                return None if value is None else not value
            case ir.And():
                return _kleene([self._value(arg, names) for arg in node.args], decisive=False)
            case ir.Or():
                return _kleene([self._value(arg, names) for arg in node.args], decisive=True)
            case ir.Ternary():
                condition = self._value(node.condition, names)
                if condition is None:
                    return None
                return self._value(node.then if condition else node.otherwise, names)
            case ir.ListOf():
                items = [self._value(item, names) for item in node.items]
                return None if None in items else items
            case ir.InList():
                return self._in_list(self._value(node.value, names), node.list_name)
            case ir.Comprehension():
                return self._comprehension(node, names)
            case ir.Call():
                args = [self._value(arg, names) for arg in node.args]
                if any(arg is None for arg in args):
                    return None
                return self._call(node.function, args, [arg.type for arg in node.args])
        raise TypeError(node)

    def _in_list(self, value: str | None, name: str) -> bool | None:
        if value is None:
            return None
        entries = self.lists[name]
        if value not in entries:
            return False
        end = entries[value]
        if end is None:
            return True
        now = self.row.get("request.time")
        return None if now is None else now < end

    def _comprehension(self, node: ir.Comprehension, names: dict[str, Any]) -> Any:
        source = self._value(node.source, names)
        if source is None:
            return None
        results = [self._value(node.body, {**names, node.variable: item}) for item in source]
        if node.kind == "exists":
            return _kleene(results, decisive=True)
        if node.kind == "all":
            return _kleene(results, decisive=False)
        if any(result is None for result in results):
            return None
        if node.kind == "exists_one":
            return results.count(True) == 1
        if node.kind == "filter":
            return [item for item, kept in zip(source, results, strict=True) if kept]
        return results

    def _call(self, function: str, args: list[Any], types: list[Type]) -> Any:
        if function in ("==", "!="):
            return self._equal(*args) == (function == "==")
        if function in ("<", "<=", ">", ">="):
            self._note_mixed(*args)
            a, b = ([ord(c) for c in x] if isinstance(x, str) else x for x in args)
            return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[function]
        if function == "in":
            # Every element is compared, so that no hazard is passed over.
            return True in [self._equal(args[0], item) for item in args[1]]
        if function in ("+", "-", "*", "/", "%", "neg"):
            return self._arithmetic(function, args, types)
        if function in ("int", "double", "string", "bool", "timestamp", "duration"):
            return self._convert(function, args[0], types[0])
        if function.startswith("get"):
            return self._part(function, args, types[0])
        return _FUNCTIONS[function](*args)

    def _equal(self, a: Any, b: Any) -> bool:
        if isinstance(a, list):
            return len(a) == len(b) and False not in [self._equal(x, y) for x, y in zip(a, b, strict=True)]
        self._note_mixed(a, b)
        return bool(a == b)  # Python compares an int with a float by mathematical value

    def _note_mixed(self, a: Any, b: Any) -> None:
        if {type(a), type(b)} == {int, float} and max(abs(a), abs(b)) >= 2**53:
            self.hazards.add("an int and a double beyond 2^53: C++ rounds the int first")

    def _arithmetic(self, function: str, args: list[Any], types: list[Type]) -> Any:
        a, b = args if len(args) == 2 else (0, args[0])
        if TIMESTAMP in types or DURATION in types:
            return self._time_arithmetic(a, b if function == "+" else -b, types)
        if types[0] == STRING or types[0].element is not None:
            return a + b
        if types[0] == DOUBLE:
            return -args[0] if function == "neg" else _ieee(function, a, b)
        if function in ("/", "%"):
            if b == 0:
                return None
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            if quotient > INT_MAX:  # also for the remainder, as the division traps
                return None
            return quotient if function == "/" else a - b * quotient
        result = a + b if function == "+" else a * b if function == "*" else a - b
        return result if INT_MIN <= result <= INT_MAX else None

    def _time_arithmetic(self, a: int, b: int, types: list[Type]) -> int | None:
        if any(t == DURATION and abs(v) > _COMPUTED for v, t in zip((a, b), types, strict=True)):
            self.hazards.add("a duration over 292 years: C++ cannot compute with it")
        if types.count(TIMESTAMP) == 1:
            return a + b if FIRST <= a + b <= LAST else None
        if types == [TIMESTAMP, TIMESTAMP] and abs(a + b) > _COMPUTED - 10**6:
            self.hazards.add("timestamps 292 years apart, to the second: C++ overflows on the way")
        return a + b if abs(a + b) <= _COMPUTED else None

    def _convert(self, function: str, value: Any, type_: Type) -> Any:
        if type_ == STRING and function != "string":
            odd_day = function == "timestamp" and "T" in value and value.index("T") != 10
            if odd_day or any(c in value for c in " xX_(") or value != value.strip():
                self.hazards.add("a text that C++ reads more leniently")
            return READERS[function](value)
        if function == "string":
            return self._text(value, type_)
        if function == "int" and type_ == DOUBLE:
            return int(value) if math.isfinite(value) and abs(int(value)) < 2**63 else None
        if function == "int" and type_ == TIMESTAMP:
            return value // 10**6
        if function == "timestamp" and type_ == INT:
            return value * 10**6 if FIRST <= value * 10**6 <= LAST else None
        return float(value) if function == "double" else value

    def _text(self, value: Any, type_: Type) -> str:
        if type_ == STRING:
            return str(value)
        if type_ in (TIMESTAMP, DURATION):
            if value % 10**6:
                self.hazards.add("the fraction of a second as text: C++ pads it to 3, 6 or 9 digits")
            return timestamp_text(value) if type_ == TIMESTAMP else duration_text(value)
        if type_ == DOUBLE:
            if math.isnan(value):
                self.hazards.add("NaN as text: C++ shows its sign")
            return double_text(value)
        return str(value).lower()

    def _part(self, function: str, args: list[Any], type_: Type) -> int | None:
        if type_ == DURATION:
            return _duration_part(function, args[0])
        offset = 0
        if len(args) == 2:
            if args[1] in ("", "localtime", "+24:00", "+99:00", "5:30"):
                self.hazards.add("a zone that C++ reads more leniently")
            found = _offset(args[1], args[0])
            if found is None:
                return None
            offset = found
        return _clock_part(function, args[0] + offset * 10**6)


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _kleene(values: list[Any], *, decisive: bool) -> bool | None:
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def _ieee(function: str, a: float, b: float) -> float:
    if function == "/":
        if b == 0:
            if a == 0 or math.isnan(a):
                return math.nan
            return math.copysign(math.inf, a) * math.copysign(1.0, b)
        return a / b
    return {"+": a + b, "-": a - b, "*": a * b}[function]


def _matches(text: str, pattern: str) -> bool | None:
    try:
        return pc.match_substring_regex(pa.scalar(text), pattern=pattern).as_py()
    except pa.ArrowInvalid:
        return None


def _bucket(identity: str, salt: str, count: int) -> int | None:
    if count <= 0:
        return None
    return int(hashlib.sha256(f"{salt}\0{identity}".encode()).hexdigest()[:16], 16) % count


_FUNCTIONS: dict[str, Any] = {
    "[]": lambda items, index: items[index] if 0 <= index < len(items) else None,
    "size": len,
    "startsWith": lambda text, word: text[: len(word)] == word,
    "endsWith": lambda text, word: text[len(text) - len(word) :] == word and len(word) <= len(text),
    "contains": lambda text, word: text.find(word) >= 0,
    "matches": _matches,
    "lowerAscii": lambda text: "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text),
    "normalized": normalize,
    "bucket": _bucket,
}


def _duration_part(function: str, micros: int) -> int:
    sign, size = (-1 if micros < 0 else 1), abs(micros)
    if function == "getMilliseconds":
        return sign * (size // 1000 % 1000)
    return sign * (size // {"getHours": 3600 * 10**6, "getMinutes": 60 * 10**6, "getSeconds": 10**6}[function])


def _clock_part(function: str, micros: int) -> int:
    # Zones lead out of the years 1 to 9999, which Python's datetime cannot: look 400 years aside.
    aside = -400 if micros > LAST else 400 if micros < FIRST else 0
    clock = EPOCH + timedelta(microseconds=micros + aside // 400 * _400_YEARS)
    return {
        "getFullYear": clock.year - aside,
        "getMonth": clock.month - 1,
        "getDate": clock.day,
        "getDayOfMonth": clock.day - 1,
        "getDayOfYear": clock.timetuple().tm_yday - 1,
        "getDayOfWeek": clock.isoweekday() % 7,
        "getHours": clock.hour,
        "getMinutes": clock.minute,
        "getSeconds": clock.second,
        "getMilliseconds": clock.microsecond // 1000,
    }[function]


_ZONES: dict[str, ZoneInfo | None] = {}


def zone_info(name: str) -> ZoneInfo | None:
    """The zone from the `tzdata` package, whatever the host has."""
    if name not in _ZONES:
        _ZONES[name] = None
        if name and name in (files("tzdata") / "zones").read_text().split():
            with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
                _ZONES[name] = ZoneInfo.from_file(file, key=name)
    return _ZONES[name]


def _offset(name: str, micros: int) -> int | None:
    """Seconds east of UTC."""
    hours, colon, minutes = name.lstrip("+-").partition(":")
    if colon and len(name) - len(hours) - 3 <= 1 and len(minutes) == 2 and 1 <= len(hours) <= 2:
        if not (hours + minutes).isdigit() or not (hours + minutes).isascii() or int(hours) > 23 or int(minutes) > 59:
            return None
        return (int(hours) * 3600 + int(minutes) * 60) * (-1 if name[0] == "-" else 1)
    zone = zone_info(name)
    if zone is None:
        return None
    # Near the ends of Python's calendar the local time does not exist there; the rules repeat every 400 years.
    moment = EPOCH + timedelta(microseconds=micros)
    if moment.year == 9999:
        moment -= timedelta(days=146_097)
    moment = max(moment, datetime(1, 1, 3, tzinfo=UTC))
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
