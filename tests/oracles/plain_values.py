"""How are values read from text and written as text? In plain Python, for the oracle that works row by row."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
FIRST, LAST = (
    (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // MICRO,
    (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICRO,
)
_LONGEST = 315_576_000_000 * 10**6


def read_int(text: str) -> int | None:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits or set(digits) - set("0123456789"):
        return None
    return int(text) if INT_MIN <= int(text) <= INT_MAX else None


def read_double(text: str) -> float | None:
    if set(text.lower()) - set("0123456789+-.einfatyd") or text.lower().lstrip("+-").startswith("e"):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def read_timestamp(text: str) -> int | None:
    if len(text) < 20 or text[10] not in "Tt" or not text.isascii():
        return None
    body, fraction = text[:19], ""
    rest = text[19:]
    if rest.startswith("."):
        fraction = rest[1 : len(rest) - len(rest[1:].lstrip("0123456789"))]
        rest = rest[1 + len(fraction) :]
        if not fraction:
            return None
    if rest in ("Z", "z"):
        offset = 0
    elif len(rest) == 6 and rest[0] in "+-" and rest[3] == ":" and (rest[1:3] + rest[4:]).isdigit():
        if int(rest[1:3]) > 23 or int(rest[4:]) > 59:
            return None
        offset = int(rest[0] + "1") * (int(rest[1:3]) * 60 + int(rest[4:]))
    else:
        return None
    try:
        wall = datetime.strptime(body.upper(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    parts = (body[:4], body[5:7], body[8:10], body[11:13], body[14:16], body[17:])
    if not all(part.isdigit() for part in parts) or fraction[6:].strip("0"):
        return None
    micros = (wall - EPOCH) // MICRO - offset * 60 * 10**6 + int(fraction[:6].ljust(6, "0"))
    return micros if FIRST <= micros <= LAST else None


def read_duration(text: str) -> int | None:
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total = Decimal(0)
    seconds = {"h": 3600, "m": 60, "s": 1, "ms": Decimal("1e-3"), "us": Decimal("1e-6"), "ns": Decimal("1e-9")}
    if not rest:
        return None
    while rest:
        number = rest[: len(rest) - len(rest.lstrip("0123456789."))]
        rest = rest[len(number) :]
        unit = next((u for u in ("ms", "us", "ns", "h", "m", "s") if rest.startswith(u)), None)
        if unit is None or number.count(".") > 1 or not number.strip("."):
            return None
        total += Decimal(number) * seconds[unit]
        rest = rest[len(unit) :]
    micros = total * 10**6
    return sign * int(micros) if micros == int(micros) and micros <= _LONGEST else None


READERS: dict[str, Any] = {
    "int": read_int,
    "double": read_double,
    "bool": {"true": True, "True": True, "TRUE": True, "t": True, "1": True,
             "false": False, "False": False, "FALSE": False, "f": False, "0": False}.get,
    "timestamp": read_timestamp,
    "duration": read_duration,
}  # fmt: skip


def timestamp_text(micros: int) -> str:
    moment = EPOCH + timedelta(microseconds=micros)
    text = moment.replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def duration_text(micros: int) -> str:
    seconds = Decimal(micros).scaleb(-6)
    text = format(seconds, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "s"


def double_text(value: float) -> str:
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    for digits in range(17):
        text = f"{value:.{digits}e}"
        if float(text) == value:
            break
    exponent = int(text.partition("e")[2])
    return f"{value:.{max(digits - exponent, 0)}f}" if -4 <= exponent < 6 else text
