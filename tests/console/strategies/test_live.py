"""The console's own catalogue: it follows what is put, and counts what a strategy would fire for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.console.strategies.conftest import Mall, body
from tests.console.strategies.goods import CATEGORIES, SCHEMA, SELLERS, items, put, withdraw
from tests.oracles.rowwise import Rowwise


@pytest.fixture
def live(mall: Mall) -> Any:
    from aedile.console.settings import HOME
    from aedile.console.strategies import live
    from aedile.console.strategies.actions import enter_schema
    from aedile.console.strategies.exposed import COUNTER

    live.forget()
    COUNTER.forget()
    HOME.entities_log.unlink(missing_ok=True)
    enter_schema(mall.admin, SCHEMA)
    yield live
    live.forget()


def strategy(condition: str, **changes: Any) -> Any:
    from aedile.console.strategies.body import read
    from aedile.console.strategies.world import current_schema

    return read(body(condition=condition, examples=[], **changes), current_schema()[0], ())


CONDITIONS = [
    "item.price > 30.0 && item.category in ['bags', 'shoes']",
    "!(item.stock < 3) || item.official",
    "item.title.contains('no. 1') && seller.age < duration('2500h')",
    "has(item.score) ? item.score > 0.5 : item.price < 20.0",
    "item.tags.exists(t, t == 'new') && item.listed_at < timestamp('2026-01-15T00:00:00Z')",
    "item.price * 2.0 > double(item.stock)",
    "true",
    "item.price < 5.0 && item.price > 6.0",
    "item.price < 5.0 && !(item.price < 5.0)",
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_is_counted_is_what_a_plain_evaluation_of_every_entity_says(live, condition: str) -> None:
    put(SELLERS, "seller")
    rows = items(120)
    put(rows)
    found = live.matches(strategy(condition))
    wanted = [plain(condition, row) for row in rows]
    assert found.fires.tolist() == [value is True for value in wanted]
    assert found.unknown.tolist() == [value is None for value in wanted]
    assert found.count == wanted.count(True)
    assert found.total == 120


def plain(condition: str, row: dict[str, Any]) -> Any:
    """The condition of one entity, read plainly; None where it is unknown."""
    from aedile.language.schema import parse_schema
    from aedile.language.types import DURATION, TIMESTAMP
    from aedile.language.values import parse_duration, parse_timestamp

    schema = parse_schema(SCHEMA)
    seller = next((one for one in SELLERS if one["id"] == row.get("seller_id")), {})
    said = {f"item.{k}": v for k, v in row.items()} | {f"seller.{k}": v for k, v in seller.items()}
    values: dict[str, Any] = {}
    for name, type_ in schema.visible_for("item").items():
        value = said.get(name)
        if isinstance(value, str) and type_ in (DURATION, TIMESTAMP):
            value = parse_duration(value) if type_ == DURATION else parse_timestamp(value)
        values[name] = value
    return Rowwise().evaluate(strategy(condition).node, values)


def test_where_parameters_differ_each_pack_of_markets_is_counted(live) -> None:
    put(items(50))
    found = live.matches(
        strategy(
            "item.price >= param.least", markets=["ID", "MY", "TH"],
            params={"default": {"least": 40.0}, "MY": {"least": 10.0}},
        )
    )  # fmt: skip
    assert {pack.markets: pack.count for pack in found.packs} == {("ID", "TH"): 9, ("MY",): 36}
    assert found.count == 36


def test_all_markets_are_those_named_and_every_other(live) -> None:
    put(items(50))
    params = {"default": {"least": 40.0}, "MY": {"least": 10.0}}
    found = live.matches(strategy("item.price >= param.least", markets=["all"], params=params))
    assert [pack.markets for pack in found.packs] == [("*",), ("MY",)]


def test_what_only_a_request_can_tell_is_left_open_and_named(live) -> None:
    put(items(50))
    found = live.matches(strategy("item.price > 40.0 && item.price < request.budget && item.heat > 0.5"))
    assert found.open == ("item.heat", "request.budget")
    assert found.count == live.matches(strategy("item.price > 40.0")).count > 0
    assert live.matches(strategy("request.budget > 5.0")).count == 50


def test_missing_data_does_not_hide(live) -> None:
    put([{"id": "a", "price": 5.0}, {"id": "b"}, {"id": "c", "category": "bags"}])
    found = live.matches(strategy("item.price < 10.0 && item.category != 'toys'"))
    assert (found.count, found.unknown_count) == (0, 3)
    assert found.unknown_by == {"item.price": 2, "item.category": 2}


def test_a_feature_older_than_its_freshness_is_unknown(live) -> None:
    put([{"id": "old", "score": 0.9, "as_of": "2026-01-01T00:00:00Z"}, {"id": "new", "score": 0.9}])
    found = live.matches(strategy("item.score > 0.5"))
    assert (found.count, found.unknown_count) == (1, 1)
    assert found.unknown_by == {"item.score": 1}
    assert live.profile("item.score").unknown == 1


def test_the_catalogue_follows_what_is_put_and_withdrawn(live) -> None:
    one = strategy("item.price > 10.0")
    assert live.matches(one).total == 0
    assert live.matches(one).share is None
    put([{"id": "a", "price": 20.0}, {"id": "b", "price": 5.0}])
    assert (live.matches(one).count, live.matches(one).total) == (1, 2)
    put([{"id": "b", "price": 50.0}, {"id": "c", "price": 60.0}])
    assert (live.matches(one).count, live.matches(one).total) == (3, 3)
    withdraw(["a"])
    assert (live.matches(one).count, live.matches(one).total) == (2, 2)


def test_a_new_schema_is_read_from_the_log_with_all_it_has(live, mall: Mall) -> None:
    from aedile.console.strategies.actions import enter_schema

    put(items(20))
    assert live.matches(strategy("item.price >= 10.0")).total == 20
    enter_schema(mall.admin, SCHEMA.replace("stock:     {type: int", "stock:     {type: double"))
    found = live.matches(strategy("item.price >= 10.0 || item.stock > 2.5"))
    assert found.total == 20
    assert found.unknown_by["item.stock"] == 2  # an int that was put is a double too


def test_a_named_list_is_asked_as_it_stands(live) -> None:
    from aedile.console.strategies.body import read
    from aedile.console.strategies.matching import find_matches
    from aedile.console.strategies.world import current_schema
    from aedile.language.lists import list_from_python

    put(items(20))
    schema = current_schema()[0]
    one = read(body(condition="in_list(item.category, 'dear')", examples=[]), schema, ("dear",))
    lists = {"dear": list_from_python("dear", {"bags": None})}
    with live.catalogue() as there:
        found = find_matches(one, there.engine.store, schema, lists, live.now(), there.present("item"))
    assert found.count == sum(row.get("category") == "bags" for row in items(20)) > 0


def test_the_profile_of_a_text_tells_its_commonest_values_and_what_is_unknown(live) -> None:
    put(items(110))
    found = live.profile("item.category")
    assert (found.total, found.unknown, found.distinct) == (110, 10, 4)
    assert dict(found.top) == {name: sum(r.get("category") == name for r in items(110)) for name in CATEGORIES}
    assert [count for _, count in found.top] == sorted((count for _, count in found.top), reverse=True)


def test_the_profile_of_a_number_tells_how_it_is_spread(live) -> None:
    put([{"id": f"i{n}", "price": float(n)} for n in range(101)])
    found = live.profile("item.price")
    assert dict(found.quantiles)[0.5] == 50.0
    assert (dict(found.quantiles)[0.0], dict(found.quantiles)[1.0]) == (0.0, 100.0)
    assert found.unit == "USD"


@pytest.mark.parametrize(("name", "top"), [("item.tags", ("sale", 10)), ("item.official", (False, 5))])
def test_lists_and_truth_values_have_profiles_too(live, name: str, top: tuple[Any, int]) -> None:
    put(items(10))
    assert live.profile(name).top[0] == top


def test_times_are_told_as_people_write_them(live) -> None:
    put(items(10))
    put(SELLERS, "seller")
    assert dict(live.profile("item.listed_at").quantiles)[0.0] == "2026-01-01T00:00:00Z"
    assert live.profile("seller.age").total == 4


def test_of_what_comes_with_requests_nothing_is_known_here(live) -> None:
    put(items(10))
    for name in ("request.budget", "item.heat", "request.market", "item.id"):
        found = live.profile(name)
        assert (found.top, found.quantiles, found.unknown) == ((), (), 0)
    assert live.profile("request.budget").source == "request"


def test_values_that_begin_with_what_was_typed_come_before_those_that_contain_it(live) -> None:
    from aedile.console.strategies.profiles import suggestions

    put([{"id": str(n), "category": name} for n, name in enumerate(["handbags", "bags", "bags", "toys"])])
    assert suggestions(live.profile("item.category"), "BAG") == [("bags", 2), ("handbags", 1)]


def test_the_running_release_is_at_hand_over_the_catalogue(live, mall: Mall) -> None:
    from aedile.errors import ConsoleError

    put([{"id": "dear", "price": 200.0}, {"id": "cheap", "price": 2.0}])
    with pytest.raises(ConsoleError, match="nothing has been released"), live.current_engine():
        pass
    version = mall.live()
    with live.current_engine() as running:
        assert running.number == 1
        engine = running.engine
        verdicts = engine.classify("item", ["dear", "cheap"], engine.values("ID", "search", live.now()))
        assert [len(verdicts.fired_for(row)) for row in (0, 1)] == [1, 0]
    put([{"id": "cheap", "price": 300.0}])
    with live.current_engine() as running:
        assert running.engine is engine
        verdicts = engine.classify("item", ["dear", "cheap"], engine.values("ID", "search", live.now()))
        assert [len(verdicts.fired_for(row)) for row in (0, 1)] == [1, 1]
    from aedile.console.strategies.actions import pause

    pause(mall.author, version, "enough")
    with live.current_engine() as running:
        assert running.number == 2
        assert running.engine.strategies == ()


def test_the_memory_that_features_take_is_told(live) -> None:
    put(items(100))
    with live.catalogue() as there:
        assert there.nbytes > 100 * 8 * 3


def test_the_reach_of_a_strategy_is_told_from_the_log_of_decisions(live, mall: Mall, monkeypatch) -> None:
    from aedile.console.strategies import reach
    from aedile.console.strategies.exposed import Exposures, Shown

    put(items(40))
    shown = tuple(
        Shown("item", market, "search", pa.array([f"item-{n:04d}" for n in range(40)] + ["gone"]), np.full(41, 10.0))
        for market in ("ID", "MY")
    )
    one = strategy("item.price >= 30.0", budget={"exposures": 0.05})
    found = live.matches(one)
    with live.catalogue() as there:
        told = reach.find_reach(one, found, there, Exposures(shown, 86_400.0, 1.0, 1))
        none = reach.find_reach(one, found, there, None)
    assert told.shown == 820.0
    assert told.touched == 10.0 * found.count  # in ID alone
    assert told.over_budget(one) == ["exposures"]
    assert (none.touched, none.share, none.over_budget(one)) == (None, None, [])
    assert (told.sellers, told.all_sellers) == (5, 5)
    assert told.most is not None
