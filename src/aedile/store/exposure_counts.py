"""What do workers tell each other of exposures, and how do such counts add up?

Counts only ever add, so it does not matter in which order, or grouped how, they are told.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

#: A window is counted in so many buckets of time.
BUCKETS = 60
#: Microseconds of a UTC day.
DAY = 86_400_000_000
#: The last moment a database can speak of.
NEVER = 2**63 - 1

#: A cap over a window: strategy id, per, window in microseconds. Another window, or per, is another cap.
Cap = tuple[str, str, int]
#: Exposures by bucket of time, then by unit: an entity's id, or a shopper's pseudonym.
Buckets = dict[int, dict[str, int]]
#: A budget: strategy id, "exposures" or "seller", and its limit. Another limit is another budget.
Limit = tuple[str, str, float]


class Over(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A budget was found exceeded: when (microseconds since 1970), and for which seller if for one."""

    at: int
    seller: str = ""


class Day(msgspec.Struct, array_like=True):
    """One UTC day's exposures: all that were offered and, by strategy with a budget, those it touched; the same by
    seller; and the budgets that were exceeded."""

    offered: int = 0
    touched: dict[str, int] = {}
    sellers: dict[str, int] = {}
    touched_sellers: dict[str, dict[str, int]] = {}
    over: dict[Limit, Over] = {}

    def add(self, other: Day) -> None:
        """Count the other's exposures too; of two findings about one budget the first one stays."""
        self.offered += other.offered
        _add(self.touched, other.touched)
        _add(self.sellers, other.sellers)
        for strategy, sellers in other.touched_sellers.items():
            _add(self.touched_sellers.setdefault(strategy, {}), sellers)
        for limit, over in other.over.items():
            self.over[limit] = min(over, self.over.get(limit, over))


class Counts(msgspec.Struct):
    """Exposures of some span of time: for caps over a window, and for budgets by UTC day.

    limits: what callers' keys have used; of interest for a second only, and forgotten when counts are added up.
    """

    caps: dict[Cap, Buckets] = {}
    days: dict[int, Day] = {}
    limits: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self.caps or self.days or self.limits)

    def add(self, other: Counts) -> None:
        """Count the other's exposures too."""
        for cap, buckets in other.caps.items():
            mine = self.caps.setdefault(cap, {})
            for bucket, units in buckets.items():
                _add(mine.setdefault(bucket, {}), units)
        for day, counted in other.days.items():
            self.days.setdefault(day, Day()).add(counted)

    def without_old(self, now: int) -> Counts:
        """The same without what counts no longer."""
        caps = {
            cap: {bucket: units for bucket, units in buckets.items() if _cap_end(cap, bucket) > now}
            for cap, buckets in self.caps.items()
        }
        days = {day: counted for day, counted in self.days.items() if _day_end(day) > now}
        return Counts({cap: buckets for cap, buckets in caps.items() if buckets}, days)

    def end(self) -> int:
        """The moment from which on nothing of it counts any more."""
        caps = [_cap_end(cap, bucket) for cap, buckets in self.caps.items() for bucket in buckets]
        return min(max([*caps, *map(_day_end, self.days)], default=0), NEVER)

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Counts:
        """Counts from bytes; raises msgspec.DecodeError or ValidationError where they are none."""
        return _DECODER.decode(data)


_DECODER = msgspec.msgpack.Decoder(Counts)


def bucket_width(window: int) -> int:
    """Microseconds of one bucket of a window; together they are at least as long as the window."""
    return -(-window // BUCKETS)


def _cap_end(cap: Cap, bucket: int) -> int:
    return (bucket + 1 + BUCKETS) * bucket_width(cap[2])


def _day_end(day: int) -> int:
    # A day is kept for one more, for a clock that steps back over midnight.
    return (day + 2) * DAY


def _add(mine: dict[str, int], other: Mapping[str, int]) -> None:
    for unit, count in other.items():
        mine[unit] = mine.get(unit, 0) + count
