"""Which value of a feature stands for each bucket of its table?

A point stands for all values of its bucket. It is *closed* where the bucket holds nothing else, so that trying it
settles the bucket for every test there is, not only for those the table knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from aedile.engine.axes import OrderedAxis
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

#: The operators a comparison in canonical form can have.
COMPARISONS = frozenset(("==", "<", "<=", ">", ">="))

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
#: Round instants and spans, the roundest first.
_UNITS = (_DAY, 3600 * _SECOND, 60 * _SECOND, _SECOND)
#: 2026-01-01T12:00:00Z: the moment of a witness that may be at any time.
SOME_TIME = 1_767_268_800 * _SECOND

#: The least and the greatest value of the types that are whole numbers inside.
RANGES: dict[Type, tuple[int, int]] = {
    INT: (INT_MIN, INT_MAX),
    TIMESTAMP: (TIMESTAMP_MIN, TIMESTAMP_MAX),
    DURATION: (-DURATION_MAX, DURATION_MAX),
}


@dataclass(frozen=True, slots=True)
class Point:
    """A value, None being unknown, and whether it is alone in its bucket."""

    value: Any
    closed: bool = False


UNKNOWN = Point(None, True)


def some_values(type_: Type) -> list[Point]:
    """Values of a feature whose size or text no table asks for; the plainest first."""
    if type_.element is not None:
        return [Point([])]
    if type_ == BOOL:
        return [Point(True, True), Point(False, True)]
    if type_ == DOUBLE:
        return [Point(1.0), Point(math.nan, True)]
    plain: dict[Type, Any] = {INT: 1, STRING: "other", TIMESTAMP: SOME_TIME, DURATION: _DAY}
    return [Point(plain[type_])]


def ordered_points(axis: OrderedAxis) -> list[Point]:
    """One value of each bucket that holds any: the lowest bucket behind the others, then NaN; without unknown."""
    cuts = axis.boundaries.tolist()
    if not cuts:
        return some_values(axis.type)
    points = []
    for bucket in (*range(1, len(cuts) + 1), 0):
        low = cuts[bucket - 1] if bucket else None
        high = cuts[bucket] if bucket < len(cuts) else None
        found = _double(low, high) if axis.type == DOUBLE else _whole(low, high, axis.type)
        if found is not None:
            points.append(found)
    return [*points, Point(math.nan, True)] if axis.type == DOUBLE else points


def _double(low: float | None, high: float | None) -> Point | None:
    """A short number in [low, high), None standing for no bound; None where there is none at all."""
    if low is None:
        assert high is not None
        if high == -math.inf:
            return None
        return Point(_short(0.0, high) if high > 0 else high - 1 if high - 1 < high else -math.inf)
    if high is None:
        if low == math.inf:
            return Point(low, True)
        return Point(_short(low, 2 * low) if 0 < low < 1e300 else low + 1 if low + 1 > low else low)
    if math.nextafter(low, math.inf) == high:
        return Point(low, low != 0.0)  # the bucket of zero holds two zeros
    return Point(_short(low, high))


def _short(low: float, high: float) -> float:
    """The number in [low, high) with the fewest decimals near the middle."""
    if low == -math.inf:
        low = max(-1e308, high - max(1.0, abs(high)))
    middle = low / 2 + high / 2
    for digits in range(18):
        short = round(middle, digits)
        if low < short < high:
            return short
    return low


def _whole(low: int | None, high: int | None, type_: Type) -> Point | None:
    """A round int, instant or span in [low, high), inside the type's range."""
    least, most = RANGES[type_]
    bottom = least if low is None else max(low, least)
    top = most if high is None else min(high - 1, most)
    if bottom > top:
        return None
    if bottom == top:
        return Point(bottom, True)
    step = _DAY if type_ != INT else max(1, abs(bottom if low is not None else top) // 2)
    if low is None:
        inside = top // 2 if top > 0 and type_ != TIMESTAMP else max(top - step, bottom)
    elif high is None:
        inside = min(bottom + step, top)
    else:
        inside = (bottom + top) // 2
    if type_ != INT:
        for unit in _UNITS:
            rounded = inside // unit * unit
            if bottom < rounded <= top:
                return Point(rounded)
    return Point(inside)


def nudged(value: Any, type_: Type) -> list[Any]:
    """The value and its neighbours, inside the type's range."""
    if type_ == DOUBLE:
        return [value, math.nextafter(value, math.inf), math.nextafter(value, -math.inf)]
    least, most = RANGES[type_]
    return [near for near in (value, value + 1, value - 1) if least <= near <= most]
