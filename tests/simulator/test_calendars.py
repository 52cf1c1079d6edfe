"""Does a market's day begin at its own midnight, and have the hours that its clocks show?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from aedile.simulator.calendars import HOUR, begin_of, demand_on, hours_of, local_days, seasons_on, shares_by_hour
from aedile.simulator.parameters import MARKETS

BY_CODE = {market.code: market for market in MARKETS}


@pytest.mark.parametrize(
    ("market", "day", "hours"),
    [
        ("DE", date(2026, 10, 25), 25), ("DE", date(2027, 3, 28), 23), ("US", date(2026, 11, 1), 25),
        ("US", date(2027, 3, 14), 23), ("ID", date(2026, 10, 25), 24), ("SA", date(2026, 11, 1), 24),
    ],
)  # fmt: skip
def test_a_day_has_the_hours_that_its_clocks_show(market, day, hours):
    starts, clock = hours_of(day, BY_CODE[market].zone)
    assert len(starts) == hours
    assert starts[0] == begin_of(day, BY_CODE[market].zone)
    assert starts[-1] + HOUR == begin_of(day + timedelta(days=1), BY_CODE[market].zone)
    assert sorted({*clock.tolist()}) == [hour for hour in range(24) if hours != 23 or hour != 2]
    assert abs(shares_by_hour(day, BY_CODE[market])[1].sum() - 1) < 1e-12


@pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.code)
def test_moments_fall_into_the_days_of_the_market(market):
    rng = np.random.default_rng(5)
    first = date(2026, 10, 20)
    at = begin_of(first, market.zone) + rng.integers(0, 30 * 24 * HOUR, 500)
    found = local_days(at, market, first, 40)
    zone = ZoneInfo(market.zone)
    for moment, number in zip(at.tolist(), found.tolist(), strict=True):
        assert datetime.fromtimestamp(moment / 1e6, UTC).astimezone(zone).date() == first + timedelta(days=number)


def test_feasts_sales_and_paydays_move_demand():
    assert demand_on(date(2026, 11, 11), BY_CODE["ID"]) > 2 * demand_on(date(2026, 11, 12), BY_CODE["ID"])
    assert demand_on(date(2026, 11, 27), BY_CODE["US"]) > 1.8 * demand_on(date(2026, 11, 18), BY_CODE["US"])
    assert demand_on(date(2026, 10, 27), BY_CODE["SA"]) > demand_on(date(2026, 10, 26), BY_CODE["SA"])
    assert demand_on(date(2026, 3, 21), BY_CODE["ID"]) < 0.7  # Lebaran: people are with their families


def test_in_ramadan_people_shop_at_night():
    night = [1, 2, 3]

    def share(day: date) -> float:
        starts, shares = shares_by_hour(day, BY_CODE["SA"])
        clock = hours_of(day, BY_CODE["SA"].zone)[1]
        assert len(starts) == len(clock)
        return float(shares[np.isin(clock, night)].sum())

    assert {one.name for one in seasons_on(date(2026, 3, 1), BY_CODE["SA"])} == {"Ramadan"}
    assert share(date(2026, 3, 1)) > 3 * share(date(2026, 4, 12))
