"""Which value does an SQL literal stand for, and how is a value written as one?"""

from __future__ import annotations

import re
from fractions import Fraction

from aedile.language.types import DURATION_MAX, INT_MAX, INT_MIN
from aedile.language.values import format_timestamp, parse_timestamp

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_AMOUNT = re.compile(r"([+-]?\d+(?:\.\d+)?) ?([A-Za-z]+),? ?", re.ASCII)
_UNITS = {
    "microsecond": 1,
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 604_800_000_000,
}
#: Longer texts cannot stand for a duration in range.
_MOST_CHARACTERS = 80


def read_number(text: str, negative: bool) -> int | float | None:
    """The number; None for an int beyond 64 bits or a double too large to be finite."""
    if text.isdecimal():
        value = int(text) if len(text) < 30 else 2**99
        value = -value if negative else value
        return value if INT_MIN <= value <= INT_MAX else None
    real = float(text)
    if real == float("inf"):
        return None
    return -real if negative else real


def read_timestamp(text: str) -> int | None:
    """`2026-11-25`, `2026-11-25 07:30[:00[.5]][+07:00]` → microseconds; UTC where it names no offset."""
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        return None
    day, minutes, seconds, offset = match.groups()
    offset = offset or "Z"
    if offset != "Z":
        digits = offset[1:].replace(":", "").ljust(4, "0")
        offset = f"{offset[0]}{digits[:2]}:{digits[2:]}"
    return parse_timestamp(f"{day}T{minutes or '00:00'}{seconds or ':00'}{offset}")


def read_interval(text: str, unit: str | None) -> int | None:
    """`"30"` with `DAY`, or `"1 day 2 hours"` → microseconds; None for months and years, which differ in length."""
    text = text.strip() if unit is None else f"{text.strip()} {unit}"
    total, at = Fraction(0), 0
    if not text or len(text) > _MOST_CHARACTERS:
        return None
    while at < len(text):
        match = _AMOUNT.match(text, at)
        size = _UNITS.get(match[2].lower().removesuffix("s")) if match else None
        if match is None or size is None:
            return None
        total += Fraction(match[1]) * size
        at = match.end()
    if total.denominator != 1 or abs(total) > DURATION_MAX:
        return None
    return int(total)


def read_like(pattern: str) -> tuple[str, str] | None:
    """A LIKE pattern as the name of a test (empty for equality) and its text; None for any other pattern."""
    middle = pattern.removeprefix("%")
    starts = middle == pattern
    inner = middle.removesuffix("%")
    ends = inner == middle
    if "%" in inner or "_" in inner:
        return None
    if starts:
        return ("" if ends else "startsWith"), inner
    return ("endsWith" if ends and middle else "contains"), inner


def write_timestamp(micros: int) -> str:
    """The text of `TIMESTAMP '…'`, in UTC."""
    return format_timestamp(micros).replace("T", " ").removesuffix("Z")


def write_interval(micros: int) -> str:
    """The text of `INTERVAL '…'` in the largest unit that holds it whole, up to days."""
    for unit in ("day", "hour", "minute", "second", "millisecond", "microsecond"):
        count, rest = divmod(micros, _UNITS[unit])
        if rest == 0 and (count != 0 or unit == "second"):
            return f"{count} {unit}{'' if abs(count) == 1 else 's'}"
    return "0 seconds"
