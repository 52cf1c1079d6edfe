"""Do facts lie where and as an installation's do, and agree with one another?"""

from __future__ import annotations

import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from aedile.facts import KINDS
from aedile.facts.judging import judged
from aedile.facts.zones import zone_of
from aedile.language.markets import CHANNELS
from aedile.simulator.parameters import MARKETS
from tests.simulator.conftest import Mall

NOW = 1_795_854_600_000_000  # 2026-11-28T08:30:00Z, in microseconds
PLACE = re.compile(r"(\w+)/date=(\d{4}-\d\d-\d\d)/market=([A-Z]{2})/sim-\d{8}-\d{3}\.parquet")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_there_in_its_place_and_schema(mall: Mall, kind: str):
    files = sorted((mall.folder / "facts" / kind).rglob("*.parquet"))
    assert files
    for path in files:
        found = PLACE.fullmatch(path.relative_to(mall.folder / "facts").as_posix())
        assert found is not None
        table = pq.ParquetFile(path).read()
        assert table.schema.equals(KINDS[kind].schema)
        assert [str(day) for day in table["local_date"].unique().to_pylist()] == [found[2]]
        assert table["market"].unique().to_pylist() == [found[3]]
        assert (np.diff(table["at"].cast("int64").to_numpy()) >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_what_must_be_told_is_told_once_and_of_the_allowed_values(mall: Mall, kind: str):
    assert mall.one(f"select count(*) - count(distinct id) from {kind}") == 0
    for field in KINDS[kind].fields.values():
        if field.required:
            assert mall.one(f'select count(*) from {kind} where "{field.name}" is null') == 0, field.name
        if field.values:
            found = {row[0] for row in mall.ask(f'select distinct "{field.name}" from {kind}')}
            assert found - {None} <= set(field.values), field.name
        if field.least is not None:
            assert mall.one(f'select count(*) from {kind} where "{field.name}" < {field.least}') == 0, field.name


@pytest.mark.parametrize("kind", KINDS)
def test_an_intake_would_refuse_none_of_them(mall: Mall, kind: str):
    sent = [field.name for field in KINDS[kind].sent]
    for path in sorted((mall.folder / "facts" / kind).rglob("*.parquet"))[:8]:
        table = pq.ParquetFile(path).read().select(sent).combine_chunks()
        assert judged(KINDS[kind], table, NOW) == {}


def test_markets_have_the_zones_that_facts_are_dated_by():
    assert {market.code: market.zone for market in MARKETS} == {one.code: zone_of(one.code) for one in MARKETS}


def test_days_are_the_markets_own(mall: Mall):
    for market in MARKETS:
        days = mall.ask(
            f"select count(*) from exposures e where market = '{market.code}' "
            f"and local_date <> cast(timezone('{market.zone}', e.at) as date)"
        )
        assert days == [(0,)]
    clocks = mall.ask(
        "select hour(timezone('Europe/Berlin', e.at)), count(distinct date_trunc('hour', e.at)) from exposures e "
        "where market = 'DE' and local_date = '2026-10-25' group by 1"
    )
    assert dict(clocks)[2] == 2  # it is two o'clock twice
    assert dict(clocks)[1] == dict(clocks)[3] == 1


def test_all_channels_and_markets_are_there(mall: Mall):
    assert {row[0] for row in mall.ask("select distinct channel from exposures")} == set(CHANNELS)
    assert {row[0] for row in mall.ask("select distinct market from exposures")} == {one.code for one in MARKETS}


def test_shoppers_visits_and_devices_are_pseudonyms(mall: Mall):
    form = r"2026-1[01]\.[0-9a-f]{32}"
    for kind, of in KINDS.items():
        for field in of.fields.values():
            if field.hashed:
                wrong = mall.one(f"select count(*) from {kind} where not regexp_full_match(\"{field.name}\", '{form}')")
                assert wrong == 0, (kind, field.name)
    raw = mall.one("select count(*) from exposures join true_shoppers t on shopper = t.id")
    assert raw == 0
    months = mall.ask("select distinct market, substr(shopper, 1, 7), month(e.at) from exposures e")
    assert {(month, number) for _, month, number in months} == {("2026-10", 10), ("2026-11", 11)}
    assert {market for market, month, _ in months if month == "2026-11"} == {"US"}  # its last evening, in UTC


def test_there_is_no_click_without_an_exposure_before_it(mall: Mall):
    clicks = mall.one("select count(*) from clicks")
    shown = mall.one(
        "select count(*) from clicks c join exposures e using (id) where c.at > e.at and c.entity = e.entity "
        "and c.request_id = e.request_id and c.position = e.position and c.shopper = e.shopper"
    )
    assert clicks == shown > 10_000


def test_what_was_shown_was_on_the_logged_page_at_that_place(mall: Mall):
    placed = (
        "select request_id, position, candidates[page[position] + 1] as shown from "
        "(select *, unnest(range(1, len(page) + 1)) as position from decisions where market = 'DE')"
    )
    right = mall.one(
        f"select count(*) from exposures e join ({placed}) d on e.request_id = d.request_id and "
        "e.position = d.position and e.entity = d.shown.id and e.kind = d.shown.kind"
    )
    assert right == mall.one("select count(*) from exposures where market = 'DE'") > 50_000


def test_carts_and_orders_come_of_clicks_and_cost_what_the_item_does(mall: Mall):
    assert mall.one("select count(*) from carts left join clicks using (id) where clicks.id is null") == 0
    assert mall.one("select count(*) from orders where amount % quantity <> 0") == 0
    prices = (
        "select entity as item, u.at, cast(value as bigint) as price from feature_updates u "
        "where feature = 'price_minor' union all "
        "select id, as_of, price_minor from item"
    )
    right = mall.one(
        f"with p as ({prices}) select count(*) from orders o asof join p on o.item = p.item and o.at >= p.at "
        "where abs(o.amount - o.quantity * p.price) <= 0"
    )
    assert right >= 0.999 * mall.one("select count(*) from orders")  # around midnight a price may just have changed
    currencies = dict(mall.ask("select distinct market, currency from orders"))
    assert currencies == {market.code: market.currency for market in MARKETS}


def test_sales_through_contents_and_affiliates_name_their_creator(mall: Mall):
    through = "channel in ('video', 'live', 'affiliate')"
    assert mall.one(f"select count(*) from orders where ({through}) <> (creator is not null)") == 0
    assert mall.one("select count(*) from orders where creator is not null") > 50
    assert {row[0] for row in mall.ask("select distinct role from creator")} == {
        "host",
        "reviewer",
        "affiliate",
        "brand",
    }


def test_searches_hold_what_the_decision_answered(mall: Mall):
    wrong = mall.one(
        "select count(*) from searches s join decisions d on s.request_id = d.request_id where "
        "s.query_response_hit_ids <> list_transform(d.page, lambda p: d.candidates[p + 1].id) "
        "or s.user_query <> d.query "
        "or s.hits <> len(d.candidates)"
    )
    assert wrong == 0
    assert mall.one("select count(*) from searches") == mall.one(
        "select count(*) from decisions where query is not null"
    )
    actions = dict(mall.ask("select action_name, count(*) from search_actions group by 1"))
    for kind, action in (("clicks", "click"), ("carts", "add_to_cart")):
        where = "channel in ('search', 'mall_search')"
        assert actions[action] == mall.one(f"select count(*) from {kind} where {where}")
