"""Which hour, day or year is it, in which zone?

Getters number as CEL does: months 0–11, `getDate` 1–31, `getDayOfMonth` 0–30, days of the year 0–365, Sunday 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aedile.language import shapes
from aedile.language.columns import Column, Ints
from aedile.language.types import DURATION, INT
from aedile.language.zones import zone

_MILLISECOND, _SECOND = 1_000, 1_000_000
_MINUTE, _HOUR, _DAY = 60 * _SECOND, 3_600 * _SECOND, 86_400 * _SECOND
#: 1970-01-01 was a Thursday.
_FIRST_WEEKDAY = 4


def getter(name: str) -> Callable[..., Column]:
    """The function behind a getter, over a timestamp with an optional zone, or over a duration."""
    part = _PARTS[name]

    def get(time: Column, zone_name: Column | None = None) -> Column:
        if time.type == DURATION:
            return Column(INT, time.known, _DURATION_PARTS[name](time.values))
        if zone_name is None:
            return Column(INT, time.known, part(time.values))
        local = in_zone(time, zone_name)
        return Column(INT, local.known, part(local.values))

    return get


def in_zone(time: Column, zone_name: Column) -> Column:
    """What a clock in the zone shows, as microseconds; unknown where there is no such zone."""
    if len(zone_name) == 1:
        name = shapes.text_at(zone_name)
        place = zone(name) if name is not None else None
        known = time.known if place is not None else np.zeros(len(time), np.bool_)
        return Column(time.type, known, place.local(time.values) if place is not None else time.values)
    zone_name = shapes.compact(zone_name)
    time = shapes.broadcast(time, len(zone_name))
    assert zone_name.dictionary is not None
    known, values = time.known & zone_name.known, time.values.copy()
    for code in np.unique(zone_name.values[known]):
        rows = np.flatnonzero(known & (zone_name.values == code))
        place = zone(zone_name.dictionary[int(code)].as_py())
        if place is None:
            known[rows] = False
        else:
            values[rows] = place.local(values[rows])
    return Column(time.type, known, values)


def _days(micros: Ints) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return (micros // _DAY).astype("datetime64[D]")


def _year(micros: Ints) -> Ints:
    return _days(micros).astype("datetime64[Y]").astype(np.int64) + 1970


def _month(micros: Ints) -> Ints:
    return _days(micros).astype("datetime64[M]").astype(np.int64) % 12


def _day_of_month(micros: Ints) -> Ints:
    days = _days(micros)
    return np.asarray((days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64))


def _day_of_year(micros: Ints) -> Ints:
    days = _days(micros)
    return np.asarray((days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64))


_PARTS: dict[str, Callable[[Ints], Ints]] = {
    "getFullYear": _year,
    "getMonth": _month,
    "getDate": lambda micros: _day_of_month(micros) + 1,
    "getDayOfMonth": _day_of_month,
    "getDayOfYear": _day_of_year,
    "getDayOfWeek": lambda micros: (micros // _DAY + _FIRST_WEEKDAY) % 7,
    "getHours": lambda micros: micros // _HOUR % 24,
    "getMinutes": lambda micros: micros // _MINUTE % 60,
    "getSeconds": lambda micros: micros // _SECOND % 60,
    "getMilliseconds": lambda micros: micros // _MILLISECOND % 1000,
}


def _truncated(micros: Ints, unit: int) -> Ints:
    return (micros - np.fmod(micros, unit)) // unit


_DURATION_PARTS: dict[str, Callable[[Ints], Ints]] = {
    "getHours": lambda micros: _truncated(micros, _HOUR),
    "getMinutes": lambda micros: _truncated(micros, _MINUTE),
    "getSeconds": lambda micros: _truncated(micros, _SECOND),
    "getMilliseconds": lambda micros: np.fmod(_truncated(micros, _MILLISECOND), 1000),
}
GETTERS = tuple(_PARTS)
