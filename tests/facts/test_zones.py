"""On which day does something happen, where days begin at different moments and clocks are put forward?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.errors import DataError
from aedile.facts.zones import local_date, local_dates, read_zones, zone_of
from aedile.language.markets import MARKETS

MOMENT = pa.timestamp("us", "UTC")


def day(text, market, zones=None):
    return local_date(pa.array([datetime.fromisoformat(text)], MOMENT), market, zones)[0].as_py()


@pytest.mark.parametrize(
    ("at", "market", "expected"),
    [
        ("2026-11-28T16:59:59.999999+00:00", "ID", date(2026, 11, 28)),  # a microsecond before midnight in Jakarta
        ("2026-11-28T17:00:00+00:00", "ID", date(2026, 11, 29)),
        ("2026-03-08T04:59:59+00:00", "US", date(2026, 3, 7)),  # the night in which clocks go forward in New York
        ("2026-03-08T05:00:00+00:00", "US", date(2026, 3, 8)),
        ("2026-03-09T03:59:59+00:00", "US", date(2026, 3, 8)),  # the day after begins an hour earlier
        ("2026-03-09T04:00:00+00:00", "US", date(2026, 3, 9)),
        ("2026-11-01T05:30:00+00:00", "US", date(2026, 11, 1)),  # 01:30 comes twice; both are of one day
        ("2026-11-01T06:30:00+00:00", "US", date(2026, 11, 1)),
        ("2026-11-02T04:59:59+00:00", "US", date(2026, 11, 1)),
        ("2011-12-30T09:59:59+00:00", "WS", date(2011, 12, 29)),  # Samoa has no 30 December 2011
        ("2011-12-30T10:00:00+00:00", "WS", date(2011, 12, 31)),
        ("2026-06-01T18:15:00+00:00", "NP", date(2026, 6, 2)),  # 5 hours 45 minutes ahead
        ("2000-01-01T00:00:00+00:00", "KI", date(2000, 1, 1)),
    ],
)
def test_a_day_begins_and_ends_with_the_markets_own_midnight(at, market, expected):
    assert day(at, market) == expected


@given(
    at=st.integers(946_684_800, 3_786_912_000),
    market=st.sampled_from(["US", "BR", "IN", "ID", "AU", "IR"]),
)
def test_it_is_the_day_that_another_reader_of_the_same_database_finds(at, market):
    instant = datetime.fromtimestamp(at, UTC)
    expected = instant.astimezone(ZoneInfo(zone_of(market))).date()
    assert local_date(pa.array([instant], MOMENT), market)[0].as_py() == expected
    assert local_dates(pa.array([instant, instant], MOMENT), pa.array([market, "SG"]))[0].as_py() == expected


def test_every_market_has_a_zone_and_large_ones_that_of_most_of_their_people():
    assert all(day("2026-01-01T12:00:00+00:00", market) for market in MARKETS)
    usual = {"RU": "Europe/Moscow", "BR": "America/Sao_Paulo", "AU": "Australia/Sydney", "ID": "Asia/Jakarta"}
    assert {market: zone_of(market) for market in usual} == usual


def test_numbers_and_nulls_are_understood():
    micros = np.array([1_795_885_200_000_000 - 1, 1_795_885_200_000_000])
    assert local_date(micros, "ID").to_pylist() == local_date(micros.astype("datetime64[us]"), "ID").to_pylist()
    assert local_date(pa.array([None, 0], MOMENT), "GB").to_pylist() == [None, date(1970, 1, 1)]


def test_another_zone_may_be_said_and_a_wrong_one_is_refused_with_the_nearest():
    zones = read_zones("RU=Asia/Vladivostok, ID=Asia/Makassar")
    assert day("2026-01-01T14:00:00+00:00", "RU", zones) == date(2026, 1, 2)
    with pytest.raises(DataError) as caught:
        read_zones("ID=Asia/Jakata")
    assert caught.value.code.name == "AED-DATA-072"
    assert "Asia/Jakarta" in caught.value.hint
    with pytest.raises(DataError) as caught:
        read_zones("UK=Europe/London")
    assert "`GB`" in caught.value.hint
