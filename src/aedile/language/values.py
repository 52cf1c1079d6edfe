"""How is a value written as text and as JSON, and read back?

Timestamps and durations are int microseconds inside, RFC 3339 and CEL's duration text (`"1h30m"`, `"1.5s"`) outside.
"""

from __future__ import annotations

import math
import re
from datetime import date
from fractions import Fraction
from typing import Any

from aedile.errors import DataError, define
from aedile.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DURATION_MAX,
    INT,
    INT_MAX,
    INT_MIN,
    STRING,
    TIMESTAMP,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Type,
)

WRONG_VALUE = define(
    "AED-DATA-050",
    "A value is not of its declared type.",
    '{"item.price": "cheap"} where item.price is a double',
)

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION = re.compile(r"([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|ns))+|0)", re.ASCII)
_DURATION_PART = re.compile(r"(\d*)\.?(\d*)(h|ms|m|s|us|ns)", re.ASCII)
_INT = re.compile(r"[+-]?\d+", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)", re.ASCII | re.IGNORECASE)

_NANOSECONDS = {"h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_BOOLS = {**dict.fromkeys(("true", "True", "TRUE", "t", "1"), True)}
_BOOLS |= dict.fromkeys(("false", "False", "FALSE", "f", "0"), False)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY, _SECOND = 86_400_000_000, 1_000_000
#: More digits than this cannot lie in any range of ours, and Python refuses to read thousands of them.
_MOST_DIGITS = 19


def parse_timestamp(text: str) -> int | None:
    """RFC 3339 → microseconds since 1970; None if it is not one, is out of range or finer than a microsecond."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = match.groups()[6:]
    micros = _fraction_of_second(fraction or "")
    if micros is None or hour > 23 or minute > 59 or second > 59:
        return None
    offset = 0
    if sign is not None:
        if int(offset_hours) > 23 or int(offset_minutes) > 59:
            return None
        offset = (int(offset_hours) * 60 + int(offset_minutes)) * (-60 if sign == "-" else 60)
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:  # no such day
        return None
    instant = days * _DAY + (hour * 3600 + minute * 60 + second - offset) * _SECOND + micros
    return instant if TIMESTAMP_MIN <= instant <= TIMESTAMP_MAX else None


def _fraction_of_second(digits: str) -> int | None:
    digits = digits.rstrip("0")
    return int(digits.ljust(6, "0")) if len(digits) <= 6 else None


def parse_duration(text: str) -> int | None:
    """`"-1h30m"`, `"1.5s"`, `"0"` → microseconds; None if it is not one, out of range or finer than a microsecond."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    total = Fraction(0)
    for whole, part, unit in _DURATION_PART.findall(match[2]):
        whole, part = whole.lstrip("0"), part.rstrip("0")
        if len(whole) > _MOST_DIGITS or len(part) > _MOST_DIGITS:
            return None
        total += Fraction(int(whole + part or "0") * _NANOSECONDS[unit], 10 ** len(part))
    micros, rest = divmod(total, 1000)
    if rest or micros > DURATION_MAX:
        return None
    return -micros if match[1] == "-" else micros


def parse_int(text: str) -> int | None:
    """Decimal digits with an optional sign, in 64 bits."""
    if _INT.fullmatch(text) is None:
        return None
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.removeprefix("+"))
    digits = digits.lstrip("0") or "0"
    if len(digits) > _MOST_DIGITS:
        return None
    value = int(sign + digits)
    return value if INT_MIN <= value <= INT_MAX else None


def parse_double(text: str) -> float | None:
    """A decimal number, `inf`, `infinity` or `nan` in any case; what is too large becomes infinite, as in C++."""
    return float(text) if _DOUBLE.fullmatch(text) else None


def parse_bool(text: str) -> bool | None:
    """`true True TRUE t 1` and `false False FALSE f 0`, and nothing else."""
    return _BOOLS.get(text)


def format_timestamp(micros: int) -> str:
    """RFC 3339 in UTC with `Z`, no more digits of the second than needed."""
    days, rest = divmod(micros, _DAY)
    seconds, fraction = divmod(rest, _SECOND)
    minutes, second = divmod(seconds, 60)
    day = date.fromordinal(days + _EPOCH_DAY).isoformat()
    return f"{day}T{minutes // 60:02}:{minutes % 60:02}:{second:02}{_fraction_text(fraction)}Z"


def format_duration(micros: int) -> str:
    """Seconds, no more digits than needed: `"1000000s"`, `"-1.5s"`."""
    seconds, fraction = divmod(abs(micros), _SECOND)
    return f"{'-' if micros < 0 else ''}{seconds}{_fraction_text(fraction)}s"


def _fraction_text(micros: int) -> str:
    return f".{micros:06}".rstrip("0") if micros else ""


def format_double(value: float) -> str:
    """The shortest text that reads back as the same number, as CEL writes it in C++ and Go.

    With an exponent below 1e-4 and from 1e6 on (C's `%g` at six digits decides): `3`, `-0.0045`, `1e+06`, `1e-07`.
    """
    if math.isnan(value):
        return "nan"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if math.isinf(value):
        return f"{sign}inf"
    mantissa, _, exponent_text = repr(abs(value)).partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    leading = len(whole + part) - len(digits)
    exponent = int(exponent_text or "0") + len(whole) - leading - 1
    digits = digits.rstrip("0")
    if not digits:
        return f"{sign}0"
    if not -4 <= exponent < 6:
        body = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{body}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    digits = digits.ljust(exponent + 1, "0")
    head, tail = digits[: exponent + 1], digits[exponent + 1 :]
    return f"{sign}{head}.{tail}" if tail else f"{sign}{head}"


def to_json(value: Any, type_: Type) -> Any:
    """A value as JSON: timestamps and durations as CEL's text; non-finite doubles as "NaN", "Infinity", "-Infinity"."""
    if value is None:
        return None
    if type_.element is not None:
        return [to_json(item, type_.element) for item in value]
    if type_ == TIMESTAMP:
        return format_timestamp(value)
    if type_ == DURATION:
        return format_duration(value)
    if type_ == DOUBLE and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def from_json(value: Any, type_: Type) -> Any:
    """The value JSON stands for, the reverse of `to_json`; null is None, at the top alone.

    Raises DataError AED-DATA-050 where the value is not of the type; an int is taken where a double is asked for.
    """
    if value is None:
        return None
    if type_.element is not None:
        if not isinstance(value, list | tuple):
            raise _wrong(value, type_, "write a JSON array")
        if any(item is None for item in value):
            raise _wrong(value, type_, "an element of a list cannot be null: leave it out")
        return [from_json(item, type_.element) for item in value]
    result = _READERS[type_](value)
    if result is None:
        raise _wrong(value, type_, _FORMS[type_])
    return result


def _wrong(value: Any, type_: Type, form: str) -> DataError:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return DataError(WRONG_VALUE, f"{shown} is not a value of type {type_}", hint=form)


def _read_bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _read_int(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and INT_MIN <= value <= INT_MAX
    return value if fits else None


def _read_double(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return float(value) if INT_MIN <= value <= INT_MAX else None
    if isinstance(value, float):
        return value
    return (
        {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(value) if isinstance(value, str) else None
    )


def _read_string(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    # A lone surrogate, which JSON can smuggle in as \ud800, is no text.
    return None if any("\ud800" <= c <= "\udfff" for c in value) else value


def _read_timestamp(value: Any) -> int | None:
    return parse_timestamp(value) if isinstance(value, str) else None


def _read_duration(value: Any) -> int | None:
    return parse_duration(value) if isinstance(value, str) else None


_READERS = {
    BOOL: _read_bool,
    INT: _read_int,
    DOUBLE: _read_double,
    STRING: _read_string,
    TIMESTAMP: _read_timestamp,
    DURATION: _read_duration,
}
_FORMS = {
    BOOL: "write true or false",
    INT: "write a whole number of at most 64 bits, without a decimal point",
    DOUBLE: 'write a number, or "NaN", "Infinity", "-Infinity"',
    STRING: "write a text in double quotes",
    TIMESTAMP: 'write RFC 3339, e.g. "2026-11-25T00:00:00Z", years 0001 to 9999, at most microseconds',
    DURATION: 'write a duration such as "240h", "1h30m" or "1.5s", at most microseconds',
}
