"""Do clocks show what `zoneinfo` says, in every zone and all years?"""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from aedile.language.types import TIMESTAMP_MAX, TIMESTAMP_MIN
from aedile.language.zones import zone, zone_names
from tests.language.evaluate.samples import worth
from tests.oracles.rowwise import _offset

SECOND = 10**6
US_SPRING = 1_710_054_000 * SECOND  # 2024-03-10T07:00:00Z, when New York's clocks jump from 2:00 to 3:00


def test_every_zone_equals_zoneinfo_around_its_changes_and_at_random_instants_of_all_years() -> None:
    assert len(zone_names()) > 500
    rng = Random(7)
    for name in sorted(zone_names()):
        place = zone(name)
        assert place is not None
        # Every listed change up to 2040, local mean time included, and some of those that the rule makes after it.
        changes = place.changes[place.changes > TIMESTAMP_MIN // SECOND]
        some = changes[:260].tolist() + rng.sample(changes.tolist(), min(40, len(changes)))
        instants = [t * SECOND + d for t in some for d in (-1, 0)]
        instants += [rng.randint(TIMESTAMP_MIN, TIMESTAMP_MAX) for _ in range(30)]
        instants += [rng.randint(-3 * 10**15, 5 * 10**15) for _ in range(60)] + [TIMESTAMP_MIN, TIMESTAMP_MAX]
        instants = [t for t in instants if TIMESTAMP_MIN <= t <= TIMESTAMP_MAX]
        local = place.local(np.array(instants))
        offsets = ((local - np.array(instants)) // SECOND).tolist()
        assert offsets == [_offset(name, t) for t in instants], name


def test_no_hour_of_a_year_with_changed_clocks_differs_from_zoneinfo() -> None:
    for name, first in (("America/New_York", 1_704_067_200), ("Africa/Casablanca", 1_704_067_200),
                        ("Europe/Dublin", 32_503_680_000), ("Australia/Lord_Howe", 4_102_444_800)):  # fmt: skip
        instants = (np.arange(366 * 24) * 3600 + first) * SECOND
        place = zone(name)
        assert place is not None
        offsets = ((place.local(instants) - instants) // SECOND).tolist()
        assert offsets == [_offset(name, t) for t in instants.tolist()], name


@pytest.mark.parametrize(
    ("name", "seconds"), [("+05:30", 19_800), ("-09:30", -34_200), ("-00:00", 0), ("02:00", 7_200), ("+5:30", 19_800)]
)
def test_a_fixed_offset_is_a_zone(name: str, seconds: int) -> None:
    place = zone(name)
    assert place is not None
    assert place.local(np.array([0])).tolist() == [seconds * SECOND]


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "asia/jakarta", "+24:00", "+05:60", "+0530", "Z", "../zones", "/etc/passwd", "zones"]
)
def test_what_is_no_zone_makes_the_getter_unknown(name: str) -> None:
    assert zone(name) is None
    t = ("timestamp", [0, US_SPRING])
    assert worth("t.getHours(z)", t=t, z=("string", [name, "UTC"])) == [None, 7]


def test_the_zone_may_differ_from_row_to_row() -> None:
    t = ("timestamp", [US_SPRING - 1, US_SPRING, US_SPRING, US_SPRING, None])
    z = ("string", ["America/New_York", "America/New_York", "Asia/Kathmandu", None, "UTC"])
    assert worth("t.getHours(z)", t=t, z=z) == [1, 3, 12, None, None]
    assert worth("t.getMinutes(z)", t=t, z=z) == [59, 0, 45, None, None]


def test_getters_number_as_cel_does() -> None:
    t = ("timestamp", [1_709_164_799_123_456])  # 2024-02-28T23:59:59.123456Z, a Wednesday
    wanted = {"getFullYear": 2024, "getMonth": 1, "getDate": 28, "getDayOfMonth": 27, "getDayOfYear": 58}
    wanted |= {"getDayOfWeek": 3, "getHours": 23, "getMinutes": 59, "getSeconds": 59, "getMilliseconds": 123}
    for getter, value in wanted.items():
        assert worth(f"t.{getter}()", t=t) == [value]
    assert worth('t.getDate("+00:01")', t=t) == [29]


def test_durations_are_cut_towards_zero() -> None:
    d = ("duration", [-3_723_321_000, 3_723_321_000])
    assert worth("d.getHours()", d=d) == [-1, 1]
    assert worth("d.getMinutes()", d=d) == [-62, 62]
    assert worth("d.getSeconds()", d=d) == [-3723, 3723]
    assert worth("d.getMilliseconds()", d=d) == [-321, 321]


def test_the_calendar_ends_where_cels_does() -> None:
    t = ("timestamp", [TIMESTAMP_MIN, TIMESTAMP_MAX])
    assert worth("t + duration('1us') > t", t=t) == [True, None]
    assert worth("t - duration('1us') < t", t=t) == [None, True]
    assert worth("t.getFullYear('-01:00')", t=t) == [0, 9999]
    assert worth("t.getFullYear('+01:00')", t=t) == [1, 10000]
    # CEL computes durations in int64 nanoseconds, some 292 years.
    assert worth("t - timestamp('5000-01-01T00:00:00Z') < duration('1s')", t=t) == [None, None]
