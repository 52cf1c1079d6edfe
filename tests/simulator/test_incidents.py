"""Is each planted incident told with its time and cause, and can it be seen in the facts, then and there?"""

from __future__ import annotations

from datetime import datetime

from aedile.simulator.parameters import INCIDENTS, PLANTED
from tests.simulator.conftest import Mall


def quoted(ids: list[str]) -> str:
    return ", ".join(f"'{one}'" for one in ids)


def test_each_is_told_with_its_market_time_and_cause(mall: Mall):
    assert set(mall.incidents) == set(INCIDENTS)
    for name, one in mall.incidents.items():
        assert one["market"] == PLANTED[name].market
        assert datetime.fromisoformat(one["starts"]) < datetime.fromisoformat(one["ends"])
        assert one["cause"].endswith(".")
        assert one["seen_in"]


def test_counterfeits_are_reported_from_the_wave_on(mall: Mall):
    one = mall.incidents["counterfeit_wave"]
    before, during, of_wave = mall.ask(
        f"select count(*) filter (r.at < '{one['starts']}'), count(*) filter (r.at >= '{one['starts']}'), "
        f"count(*) filter (entity in ({quoted(one['items'])})) from reports r where market = 'ID' "
        "and reason = 'counterfeit'"
    )[0]
    assert of_wave >= 15
    assert during > 2 * before
    shown = f"select min(e.at) >= '{one['starts']}', count(*) from exposures e where entity in ({quoted(one['items'])})"
    assert mall.ask(shown)[0][0]
    assert mall.one(f"select max(tenure_days) from seller where id in ({quoted(one['sellers'])})") < 7


def test_an_unsafe_product_hurts_those_who_got_its_batch(mall: Mall):
    one = mall.incidents["unsafe_product"]
    complaints = mall.ask(
        f"select c.at > '{one['starts']}', item in ({quoted(one['items'])}), count(*) from complaints c "
        "where market = 'US' and topic = 'injury' group by 1, 2"
    )
    assert sum(n for _, mine, n in complaints if mine) >= 5
    assert all(after for after, mine, _ in complaints if mine)
    assert sum(n for _, mine, n in complaints if not mine) <= 3


def test_a_carrier_that_fails_delivers_half_as_much_in_its_market_alone(mall: Mall):
    one = mall.incidents["carrier_failure"]
    sent = (
        "select market, order_id, line, s.at from order_steps s join seller on s.seller = seller.id "
        f"where step = 'dispatched' and home <> 'CN' and s.at < timestamptz '{one['starts']}'"
    )
    before_it_ends = f"s.at < timestamptz '{one['ends']}'"
    done = f"select order_id, line, s.at from order_steps s where step = 'delivered' and {before_it_ends}"
    open_then = f"d.at is null or d.at > timestamptz '{one['starts']}'"
    share = dict(
        mall.ask(
            f"select market, count(d.at) / count(*) from ({sent}) s left join ({done}) d using (order_id, line) "
            f"where {open_then} group by 1"
        )
    )
    assert share["SA"] < 0.65 * min(share[market] for market in ("US", "ID", "DE"))


def test_a_review_ring_writes_five_stars_for_its_shops_in_its_time(mall: Mall):
    one = mall.incidents["review_ring"]
    mine, others = mall.ask(
        f"select count(*) filter (r.at between '{one['starts']}' and '{one['ends']}'), "
        f"count(*) filter (r.at not between '{one['starts']}' and '{one['ends']}') from reviews r "
        f"where seller in ({quoted(one['sellers'])}) and order_id is null"
    )[0]
    assert mine >= 100
    assert others == 0
    per_shopper, stars = mall.ask(
        f"select count(*) / count(distinct shopper), avg(stars) from reviews r where seller in "
        f"({quoted(one['sellers'])}) and order_id is null"
    )[0]
    assert per_shopper > 3
    assert stars == 5


def test_a_hot_search_is_typed_many_times_as_often(mall: Mall):
    one = mall.incidents["hot_search"]
    inside, outside, hours = mall.ask(
        f"select count(*) filter (s.at between '{one['starts']}' and '{one['ends']}'), "
        f"count(*) filter (s.at not between '{one['starts']}' and '{one['ends']}'), "
        f"date_diff('minute', timestamptz '{one['starts']}', timestamptz '{one['ends']}') / 60.0 "
        f"from searches s where market = 'ID' and user_query = '{one['query']}'"
    )[0]
    assert inside / hours > 20 * (outside + 1) / (8 * 24 - hours)


def test_a_broken_strategy_takes_its_categories_away_until_it_is_rolled_back(mall: Mall):
    one = mall.incidents["broken_strategy"]
    share = dict(
        mall.ask(
            "select release, count(*) filter (f.excluded_by = 'bait-prices-exclude') / count(*) from "
            "(select release, unnest(candidates) as f from decisions where market = 'US') "
            "join item on item.id = f.id where category in ('phones', 'laptops', 'cameras') group by 1"
        )
    )
    assert set(share) == {1, 2, 3}
    assert share[2] > 0.9
    assert max(share[1], share[3]) < 0.2
    times = mall.ask(
        "select release, epoch_us(min(time)), epoch_us(max(time)) from decisions where market = 'US' "
        "group by 1 order by 1"
    )
    starts, ends = (datetime.fromisoformat(one[name]).timestamp() * 1e6 for name in ("starts", "ends"))
    assert times[0][2] < starts <= times[1][1] < times[1][2] < ends <= times[2][1]
    assert mall.ask("select distinct release from decisions where market <> 'US'") == [(1,)]
