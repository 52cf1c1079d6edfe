"""When do shoppers of a market come? By the hour, the weekday, payday, and the days of its own calendar.

Days are the market's own; moments are UTC, and a day of 23 or 25 hours has as many.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from aedile.simulator.chance import Reals, Wholes
from aedile.simulator.parameters import Market

MICRO = 1_000_000
HOUR = 3600 * MICRO
DAY = 24 * HOUR

#: How much is going on in each hour of the day, by the market's clock: evenings are long.
_HOURS = np.array([2.2, 1.3, 0.8, 0.6, 0.6, 0.9, 1.7, 2.8, 3.7, 4.3, 4.7, 5.0, 5.5, 5.1, 4.7, 4.6, 4.8, 5.2, 5.9, 6.9,
                   7.7, 7.8, 6.4, 4.2])  # fmt: skip
#: In Ramadan people shop after sunset and before dawn.
_FASTING = np.array([6.0, 5.4, 5.6, 5.8, 4.2, 2.2, 1.6, 2.0, 2.6, 3.2, 3.6, 3.8, 3.8, 3.6, 3.4, 3.4, 3.2, 2.4, 3.0, 5.2,
                     7.4, 8.2, 8.0, 7.0])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Season:
    """Days of a calendar, the first and the last. demand: how much more is asked for. departments: of those most."""

    name: str
    first: date
    last: date
    demand: float
    departments: tuple[str, ...] = ()


def _days(name: str, first: str, last: str, demand: float, *departments: str) -> Season:
    return Season(name, date.fromisoformat(first), date.fromisoformat(last), demand, departments)


#: Sales days are those that online marketplaces made their own. Ramadan and the feasts are those of the calendar of Umm
#: al-Qura for Saudi Arabia, and of the joint decree of holidays (SKB 3 Menteri) for Indonesia's Lebaran; 2027's feasts
#: may move by a day when the moon is sighted. Thanksgiving is the fourth Thursday of November (5 U.S.C. 6103); White
#: Friday and Black Friday are the day after it.
SEASONS: dict[str, tuple[Season, ...]] = {
    "US": (
        _days("Halloween", "2026-10-17", "2026-10-31", 1.08, "toys", "fashion"),
        _days("Black Friday to Cyber Monday", "2026-11-27", "2026-11-30", 2.2, "electronics"),
        _days("before Christmas", "2026-12-05", "2026-12-20", 1.35, "toys", "electronics"),
        _days("back to school", "2026-07-25", "2026-08-31", 1.12, "fashion", "electronics"),
        _days("Fourth of July", "2026-07-02", "2026-07-05", 1.15),
        _days("Black Friday to Cyber Monday", "2027-11-26", "2027-11-29", 2.2, "electronics"),
    ),
    "ID": (
        _days("Ramadan", "2026-02-18", "2026-03-19", 1.15, "food", "fashion"),
        _days("before Lebaran", "2026-03-06", "2026-03-18", 1.5, "fashion", "food"),
        _days("Lebaran", "2026-03-20", "2026-03-22", 0.5),
        _days("9.9", "2026-09-09", "2026-09-09", 1.7),
        _days("10.10", "2026-10-10", "2026-10-10", 1.8),
        _days("11.11", "2026-11-11", "2026-11-11", 2.4),
        _days("Harbolnas 12.12", "2026-12-12", "2026-12-12", 2.6),
        _days("Ramadan", "2027-02-08", "2027-03-09", 1.15, "food", "fashion"),
        _days("before Lebaran", "2027-02-24", "2027-03-08", 1.5, "fashion", "food"),
        _days("Lebaran", "2027-03-10", "2027-03-12", 0.5),
    ),
    "DE": (
        _days("Black Week", "2026-11-23", "2026-11-30", 1.6, "electronics"),
        _days("Saint Nicholas to Christmas", "2026-12-01", "2026-12-19", 1.3, "toys", "home"),
        _days("Christmas", "2026-12-24", "2026-12-26", 0.5),
        _days("summer holidays", "2026-07-20", "2026-08-31", 0.93, "sports"),
        _days("Singles' Day", "2026-11-11", "2026-11-11", 1.3),
    ),
    "SA": (
        _days("Ramadan", "2026-02-18", "2026-03-19", 1.25, "food", "home"),
        _days("Eid al-Fitr", "2026-03-20", "2026-03-23", 0.7),
        _days("Eid al-Adha", "2026-05-27", "2026-05-30", 0.7),
        _days("National Day", "2026-09-20", "2026-09-23", 1.3, "fashion"),
        _days("11.11", "2026-11-11", "2026-11-11", 1.7),
        _days("White Friday", "2026-11-24", "2026-11-30", 1.9, "electronics"),
        _days("Ramadan", "2027-02-08", "2027-03-09", 1.25, "food", "home"),
        _days("Eid al-Fitr", "2027-03-10", "2027-03-13", 0.7),
    ),
}
#: Days of the month on which wages come; at the end of a month it is its last day but four. Saudi Arabia pays civil
#: servants on the 27th of the Gregorian month; in the US twice a month is common, in Germany and Indonesia the end.
_PAYDAYS = {"US": (1, 15), "ID": (25, 28), "DE": (28, 1), "SA": (27, 28)}
#: Saturday and Sunday, and Friday and Saturday in Saudi Arabia (Monday is 0).
_WEEKENDS = {"SA": (4, 5)}


def begin_of(day: date, zone: str) -> int:
    """The first moment of a market's day, in microseconds since 1970."""
    return _micros(datetime.combine(day, time(0), ZoneInfo(zone)))


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * MICRO


def hours_of(day: date, zone: str) -> tuple[Wholes, Wholes]:
    """The day's hours: when each begins (microseconds since 1970), and what the clock shows; 23, 24 or 25 of them."""
    first, after = begin_of(day, zone), begin_of(day + timedelta(days=1), zone)
    starts = np.arange(first, after, HOUR, dtype=np.int64)
    place = ZoneInfo(zone)
    clock = [datetime.fromtimestamp(int(at) / MICRO, UTC).astimezone(place).hour for at in starts]
    return starts, np.array(clock, np.int64)


def shares_by_hour(day: date, market: Market) -> tuple[Wholes, Reals]:
    """The day's hours, and which share of the day's requests each has."""
    starts, clock = hours_of(day, market.zone)
    pace = _FASTING if any(one.name == "Ramadan" for one in seasons_on(day, market)) else _HOURS
    return starts, pace[clock] / pace[clock].sum()


def seasons_on(day: date, market: Market) -> tuple[Season, ...]:
    """What is on that day."""
    return tuple(one for one in SEASONS.get(market.code, ()) if one.first <= day <= one.last)


def demand_on(day: date, market: Market) -> float:
    """How much is asked for on that day, beside a plain one."""
    demand = 1.12 if day.weekday() in _WEEKENDS.get(market.code, (5, 6)) else 1.0
    for payday in _PAYDAYS.get(market.code, ()):
        demand *= 1.15 if (day.day - payday) % 31 < 3 else 1.0
    for season in seasons_on(day, market):
        demand *= season.demand
    return demand


def local_days(at: Wholes, market: Market, first: date, days: int) -> Wholes:
    """Which day of the market each moment falls into: 0 is `first`; -1 before it, `days` and more behind the last."""
    edges = [begin_of(first + timedelta(days=number), market.zone) for number in range(days + 1)]
    return np.searchsorted(np.array(edges, np.int64), at, side="right").astype(np.int64) - 1
