"""Each kind of conflict, and what keeps two strategies from having it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from aedile.engine.catalogue import Store
from aedile.engine.conflicts import Conflict, find_conflicts
from aedile.engine.strategy import Strategy
from aedile.language.columns import column_from_python
from aedile.language.lists import Lists, list_from_python
from aedile.language.schema import parse_schema
from aedile.language.types import STRING
from tests.engine.conflicts.worlds import BOOST, DEMOTE, SCHEMA, fired_for, kinds, strategy


def check(*strategies: Strategy, lists: Lists | None = None, store: Store | None = None) -> list[Conflict]:
    """The conflicts, each certain one's witness tried in a fresh engine."""
    found = find_conflicts(strategies, SCHEMA, lists or {}, store)
    for conflict in found:
        if conflict.certain and conflict.second is not None:
            assert conflict.witness is not None
            assert {conflict.first, conflict.second} <= fired_for(conflict.witness, strategies, SCHEMA, lists)
    return found


def pair(first: str, second: str, action: Any = BOOST, **keys: Any) -> list[tuple[str, bool]]:
    """Kind and certainty of what stands between an exclude with one condition and another action with the other."""
    found = check(strategy("a-one", first, **keys), strategy("b-two", second, action))
    return [(c.kind, c.certain) for c in found]


# ------------------------------------------------------------ contradiction


@pytest.mark.parametrize("action", [BOOST, {"pin": {"position": 3}}, {"reserve": {"min": 2, "first_n": 10}}])
def test_an_exclude_contradicts_a_boost_a_pin_and_a_reserve(action: Any) -> None:
    assert pair("item.price > 10.0", "item.stock == 3", action) == [("contradiction", True)]


@pytest.mark.parametrize("action", [DEMOTE, {"badge": {"key": "new"}}, {"refer": {"queue": "people", "share": 0.5}}])
def test_an_exclude_does_not_contradict_what_promotes_nothing(action: Any) -> None:
    assert pair("item.price > 10.0", "item.stock == 3", action) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("item.price > 10.0", "item.price <= 10.0"),
        ("item.price < 10.0 && item.official", "!item.official"),
        ("item.category in ['a', 'b']", "item.category == 'c'"),
        ("item.category == 'a'", "!(item.category in ['a', 'b'])"),
        ("has(item.stock)", "!has(item.stock) && item.official"),
        ("item.stock > 2", "item.stock < 3 || !has(item.stock)"),
        ("item.title.startsWith('iphone')", "item.title.startsWith('samsung')"),
        ("item.title.endsWith('case')", "item.title.endsWith('cable') && item.official"),
        ("item.title.contains('replica')", "!item.title.contains('replica')"),
        ("item.title.matches('^a+$')", "!item.title.matches('^a+$')"),
        ("item.title.startsWith('ab')", "item.title == 'xyz'"),
        ("'new' in item.tags", "!('new' in item.tags)"),
        ("request.market == 'ID'", "request.market == 'MY'"),
        ("item.price > request.budget", "item.price <= request.budget"),
        ("item.price > request.budget", "!has(request.budget)"),
        ("request.time - item.listed_at < duration('24h')", "request.time - item.listed_at > duration('48h')"),
        ("has(seller.rate)", "!has(item.seller_id)"),
        ("seller.id == 's-1'", "item.seller_id == 's-2'"),
        ("has(seller.rate)", "!has(seller.age)"),
        ("has(item.price)", "!has(item.price)"),
        ("query.volume > 3", "!has(request.query)"),
    ],
)
def test_conditions_that_exclude_each_other_are_no_conflict(first: str, second: str) -> None:
    assert pair(first, second) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("item.price > 10.0", "item.price < 10.000000000000004 && item.price > 10.0"),
        ("item.price >= 10.0", "item.price <= 10.0"),
        ("item.stock > 9223372036854775806", "item.stock >= 9223372036854775807"),
        ("item.stock * 2 > 100", "item.stock - 7 < 60"),
        ("item.price != item.price", "!(item.price < 5.0)"),
        ("!has(item.stock)", "!has(item.category)"),
        ("!(item.category == 'a')", "!(item.category == 'b')"),
        ("item.title.startsWith('iphone')", "item.title.contains('case') && item.title.endsWith('black')"),
        ("item.title.startsWith('ip')", "item.title.startsWith('iphone') && !item.title.contains('case')"),
        ("item.title.matches('(?i)^nike [0-9]{2}$')", "item.title.contains('nike')"),
        ("normalized(item.title).contains('nike')", "item.title.endsWith('x')"),
        ("size(item.title) > 30", "item.title.startsWith('a') && size(item.title) < 33"),
        ("'new' in item.tags", "'used' in item.tags && size(item.tags) == 4"),
        ("item.tags.exists(t, t.startsWith('fake'))", "item.tags.all(t, t != 'new')"),
        ("item.price > request.budget * 1.5", "item.price < 5.27 && request.budget > 1.0"),
        ("request.time - item.listed_at < duration('24h')", "request.time - item.listed_at > duration('23h59m')"),
        ("item.category == request.segment", "request.segment == 'gift'"),
        ("request.time.getHours('Asia/Jakarta') == 3", "request.time.getDayOfWeek() == 0"),
        ("seller.age < duration('240h')", "seller.rate > 0.5 && seller.id == 's-9'"),
        ("!has(seller.age)", "item.seller_id == 's-1'"),
        ("!has(item.price)", "item.live_score > 0.5"),
        ("item.score > 0.5", "item.score < 0.9"),
        ("!has(item.score)", "item.price > 3.0"),
        ("query.volume > 3", "request.query == 'shoes'"),
        ("bucket(item.id, 'salt', 10) == 3", "bucket(item.id, 'pepper', 4) == 1"),
        ("item.id == 'item-77'", "bucket(item.id, 'pepper', 1) == 0"),
        ("request.market == item.category", "item.category != 'ID'"),
    ],
)  # fmt: skip
def test_conditions_that_overlap_somewhere_are_a_certain_contradiction(first: str, second: str) -> None:
    assert ("contradiction", True) in pair(first, second)


def test_what_cannot_be_proven_either_way_is_possible_and_has_no_witness() -> None:
    found = check(
        strategy("a-one", "item.title.matches('^(?:[a-f]{3}x){2}\\\\pL{7}q$') && size(item.title) > 12"),
        strategy("b-two", "item.title.matches('z{3}') && item.stock > 3", BOOST),
    )
    (conflict,) = [c for c in found if c.kind == "contradiction"]
    assert not conflict.certain
    assert conflict.witness is None
    assert "possibly" in conflict.message


def test_scopes_that_do_not_meet_keep_strategies_apart() -> None:
    apart: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"markets": ["ID"]}, {"markets": ["MY", "US"]}),
        ({"channels": ["live"]}, {"channels": ["video"]}),
        ({"expires": "2026-03-01T00:00:00Z"}, {"starts": "2026-03-01T00:00:00Z"}),
        ({"stage": "paused"}, {}),
    ]
    for first, second in apart:
        assert check(strategy("a", "item.official", **first), strategy("b", "item.official", BOOST, **second)) == []
    touching = ({"expires": "2026-03-01T00:00:00.000001Z"}, {"starts": "2026-03-01T00:00:00Z"})
    found = check(
        strategy("a", "item.official", **touching[0]), strategy("b", "item.price > 1.0", BOOST, **touching[1])
    )
    assert kinds(found) == {("contradiction", "a", "b", True)}


def test_parameters_of_a_market_decide_in_that_market() -> None:
    params = {"default": {"limit": 10.0}, "MY": {"limit": 5.0}}
    first = strategy("a", "item.price > param.limit", params=params)
    cheap = strategy("b", "item.price < 8.0", BOOST)
    (conflict,) = check(first, cheap)
    assert conflict.witness is not None
    assert conflict.witness.market == "MY"
    assert check(first, strategy("b", "item.price < 8.0", BOOST, markets=["ID"])) == []


def test_two_canaries_meet_where_one_shopper_is_in_both() -> None:
    keys: dict[str, Any] = {"stage": "canary"}
    first = strategy("a", "item.official", canary={"share": 0.02}, **keys)
    second = strategy("b", "item.price > 1.0", BOOST, canary={"share": 0.02}, **keys)
    (conflict,) = check(first, second)
    assert conflict.certain
    tiny = strategy("b", "item.price > 1.0", BOOST, canary={"share": 1e-9}, **keys)
    assert kinds(check(first, tiny)) == {("contradiction", "a", "b", False), ("dead", "b", None, False)}


def test_candidates_of_different_kinds_never_conflict() -> None:
    assert check(strategy("a", "seller.rate > 0.5", applies_to="seller"), strategy("b", "true", BOOST)) == []


def test_named_lists_meet_in_a_common_entry_that_has_not_expired() -> None:
    lists = {
        "fakes": list_from_python("fakes", {"1": None, "2": None}),
        "deals": list_from_python("deals", {"2": None, "3": None}),
        "old": list_from_python("old", {"1": 1_600_000_000_000_000}),
        "none": list_from_python("none", {"9": None}),
    }
    fakes = strategy("a", "in_list(item.gtin, 'fakes')")
    (conflict,) = check(fakes, strategy("b", "in_list(item.gtin, 'deals')", BOOST), lists=lists)
    assert conflict.witness is not None
    assert conflict.witness.values["item.gtin"] == "2"
    assert check(fakes, strategy("b", "in_list(item.gtin, 'none')", BOOST), lists=lists) == []
    late = strategy("b", "in_list(item.gtin, 'old')", BOOST, starts="2026-01-01T00:00:00Z")
    assert not any(c.certain for c in check(fakes, late, lists=lists) if c.second)
    assert ("contradiction", True) in {
        (c.kind, c.certain) for c in check(fakes, strategy("b", "in_list(item.gtin, 'old')", BOOST), lists=lists)
    }


# ------------------------------------------------------------ pins


def test_two_pins_to_one_place_collide_and_the_stronger_comes_first() -> None:
    pins = [
        strategy("weak", "item.official", {"pin": {"position": 1}}, tier="growth"),
        strategy("strong", "item.price > 3.0", {"pin": {"position": 1}}, tier="legal"),
        strategy("elsewhere", "item.price > 3.0", {"pin": {"position": 2}}),
    ]
    assert kinds(check(*pins)) == {("pin_collision", "strong", "weak", True)}


# ------------------------------------------------------------ caps and reserves


def cap(key: str = "item.seller_id", most: Any = 1, first_n: int = 10) -> dict[str, Any]:
    return {"cap": {"key": key, "max": most, "first_n": first_n}}


def reserve(least: Any = 3, first_n: int = 10) -> dict[str, Any]:
    return {"reserve": {"min": least, "first_n": first_n}}


LOCAL = "item.seller_id in ['s-1', 's-2'] && item.official"


@pytest.mark.parametrize(
    ("capped", "reserved", "region", "prevents"),
    [
        (cap(), reserve(3), LOCAL, True),
        (cap(), reserve(2), LOCAL, False),
        (cap(most=0.1), reserve(0.3), LOCAL, True),
        (cap(most=2), reserve(5), LOCAL, True),
        (cap(most=2), reserve(4), LOCAL, False),
        (cap(first_n=5), reserve(3, first_n=6), LOCAL, False),
        (cap(first_n=5), reserve(4, first_n=6), LOCAL, True),
        (cap(first_n=20), reserve(3, first_n=10), LOCAL, True),
        (cap(), reserve(3), "item.official", False),
        (cap(), reserve(3), "item.seller_id != 's-1' && item.official", False),
        (cap(most=0), reserve(1), "has(item.seller_id) && item.official", True),
        (cap(most=0), reserve(1), "item.official", False),
        (cap(key="item.official", most=2), reserve(5), "item.official", True),
        (cap(key="request.market", most=2), reserve(3), "item.official", True),
        (cap(key="item.id", most=1), reserve(3), "item.official", False),
    ],
)
def test_a_cap_prevents_a_reserve_where_its_keys_leave_too_few_places(
    capped: Any, reserved: Any, region: str, prevents: bool
) -> None:
    found = check(
        strategy("a-cap", "item.official", capped, tier="safety"),
        strategy("b-reserve", region, reserved, tier="growth"),
    )
    assert kinds(found) == ({("cap_reserve", "a-cap", "b-reserve", True)} if prevents else set())


def test_a_cap_that_fires_for_a_part_or_stands_below_prevents_no_reserve() -> None:
    narrow = strategy("a-cap", "item.price > 3.0", cap(), tier="safety")
    below = strategy("a-cap", "item.official", cap(), tier="growth", rank=1)
    kept = strategy("b-reserve", LOCAL, reserve(3), tier="growth")
    assert check(narrow, kept) == []
    assert check(below, kept) == []


# ------------------------------------------------------------ shadowed


@pytest.mark.parametrize("action", [BOOST, DEMOTE, {"badge": {"key": "new"}}, {"pin": {"position": 1}}, cap()])
def test_what_is_excluded_everywhere_it_fires_never_matters(action: Any) -> None:
    found = check(strategy("a", "item.price > 10.0"), strategy("b", "item.price > 20.0 && item.official", action))
    assert ("shadowed", "a", "b", True) in kinds(found)


def test_a_refer_is_not_shadowed_by_an_exclude_for_people_see_what_was_held_back() -> None:
    refer = {"refer": {"queue": "people", "share": 0.5}}
    assert check(strategy("a", "item.official"), strategy("b", "item.official && item.price > 1.0", refer)) == []


@pytest.mark.parametrize(
    ("wide", "narrow", "inside"),
    [
        ("item.stock < 5 || item.stock >= 5", "item.stock > 3", True),
        ("item.stock < 5 || item.stock > 5", "item.stock > 3", False),
        ("item.category != 'a'", "item.category == 'b'", True),
        ("item.category != 'a'", "item.official", False),
        ("item.official || !item.official", "item.price > 3.0", True),
        ("!has(item.stock) || item.stock < 3 || item.stock > 1", "item.price > 3.0", True),
        ("item.title.contains('fake')", "item.title.contains('fake bag')", True),
        ("item.title.contains('fake bag')", "item.title.contains('fake')", False),
        ("item.title.startsWith('a')", "item.title in ['ab', 'ac']", True),
        ("!item.title.contains('x')", "item.title.startsWith('a')", False),
        ("'new' in item.tags", "'new' in item.tags && 'old' in item.tags", True),
        ("item.title.matches('a+')", "item.title.matches('a+') && item.official", True),
        ("item.title.matches('a')", "item.title.matches('ab')", False),
        ("item.price > request.budget", "item.price > request.budget && item.official", True),
        ("has(item.seller_id)", "seller.rate > 0.1", True),
        ("has(seller.age)", "seller.rate > 0.1", True),
        ("has(item.price)", "item.official", True),
    ],
)
def test_shadowing_needs_the_whole_of_the_other(wide: str, narrow: str, inside: bool) -> None:
    found = check(strategy("a", wide), strategy("b", narrow, DEMOTE))
    assert (("shadowed", "a", "b", True) in kinds(found)) is inside


def test_a_narrower_scope_shadows_nothing() -> None:
    wide = strategy("b", "item.official && item.price > 5.0", DEMOTE)
    for keys in ({"markets": ["ID"]}, {"channels": ["live"]}, {"expires": "2027-01-01T00:00:00Z"}):
        assert check(strategy("a", "item.official", **keys), wide) == []
    canary = strategy("a", "item.official", stage="canary", canary={"share": 0.99})
    assert check(canary, wide) == []
    full = strategy("a", "item.official", stage="canary", canary={"share": 0.5})
    same = strategy("b", "item.official && item.price > 5.0", DEMOTE, markets=["ID", "MY"])
    assert kinds(check(strategy("a", "item.official", markets=["ID", "MY", "US"]), same)) == {
        ("shadowed", "a", "b", True)
    }
    assert check(full, same) == []


def test_of_two_excludes_the_stronger_shadows_and_never_the_weaker() -> None:
    strong, weak = strategy("a", "item.stock > 3", tier="safety"), strategy("b", "item.stock > 5", tier="growth")
    assert kinds(check(strong, weak)) == {("shadowed", "a", "b", True)}
    wide_but_weak = strategy("b", "item.stock > 1", tier="growth")
    assert check(strong, wide_but_weak) == []


def exempt(*names: str, **keys: Any) -> Strategy:
    fields: dict[str, Any] = {"expires": "2030-01-01T00:00:00Z", "tier": "safety"} | keys
    return strategy("exempting", fields.pop("condition", "item.official"), {"exempt": {"from": list(names)}}, **fields)


def test_an_exempt_shadows_what_it_always_switches_off() -> None:
    refer = {"refer": {"queue": "people", "share": 0.5}}
    inside = strategy("b", "item.official && item.stock > 1", refer, expires="2029-01-01T00:00:00Z")
    assert kinds(check(exempt("b"), inside)) == {("shadowed", "exempting", "b", True)}
    assert check(exempt("b"), strategy("b", "item.stock > 1", refer)) == []


def test_an_exclude_that_an_exempt_lifts_does_not_always_win() -> None:
    exclude = strategy("a", "item.price > 10.0")
    boost = strategy("b", "item.price > 20.0", BOOST)
    assert ("shadowed", "a", "b", True) in kinds(check(exclude, boost))
    assert kinds(check(exclude, boost, exempt("a"))) == {("contradiction", "a", "b", True)}
    elsewhere = exempt("a", condition="item.price < 15.0")
    assert ("shadowed", "a", "b", True) in kinds(check(exclude, boost, elsewhere))
    both = exempt("a", "b")
    assert ("shadowed", "a", "b", True) in kinds(check(exclude, boost, both))


# ------------------------------------------------------------ dead


@pytest.mark.parametrize(
    "condition",
    [
        "false",
        "item.price > 10.0 && item.price < 5.0",
        "item.category == 'a' && item.category == 'b'",
        "item.stock > 3 && !has(item.stock)",
        "item.stock > 3 && item.stock < 4",
        "request.market == 'XX'",
        "!has(request.time)",
        "item.title.startsWith('a') && item.title.startsWith('b')",
        "item.title.contains('a') && !item.title.contains('a')",
        "item.tags.exists(t, t == 'x') && !item.tags.exists(t, t == 'x')",
        "seller.rate > 0.5 && !has(item.seller_id)",
        "1 / 0 == 1",
    ],
)
def test_a_condition_that_nothing_satisfies_is_dead(condition: str) -> None:
    (conflict,) = check(strategy("a", condition), strategy("b", "item.official", BOOST))
    assert (conflict.kind, conflict.first, conflict.second, conflict.certain) == ("dead", "a", None, True)
    assert "a-team" in conflict.message


def test_a_condition_for_candidates_the_catalogue_lacks_is_not_dead() -> None:
    assert check(strategy("a", "!has(item.price)")) == []


def test_a_scope_can_make_a_strategy_dead() -> None:
    dead = strategy("a", "request.market == 'MY'", markets=["ID"])
    assert kinds(check(dead)) == {("dead", "a", None, True)}


# ------------------------------------------------------------ duplicate


def test_the_same_action_for_the_same_candidates_is_a_duplicate_however_it_is_written() -> None:
    one = strategy("a", "item.stock > 3 && item.official", DEMOTE)
    other = strategy("b", "!(item.stock <= 3 || !item.official)", DEMOTE)
    assert kinds(check(one, other)) == {("duplicate", "a", "b", True)}
    assert check(one, strategy("b", "item.stock > 3 && item.official", {"demote": {"factor": 0.4}})) == []
    assert check(one, strategy("b", "item.stock > 3", DEMOTE)) == []
    assert check(one, strategy("b", "item.stock > 3 && item.official", DEMOTE, markets=["ID"])) == []


def test_excludes_that_are_duplicates_are_not_shadowed_as_well() -> None:
    pattern = "item.title.matches('^[a-c]+[0-9]{3}$')"
    assert kinds(check(strategy("a", pattern), strategy("b", pattern))) == {("duplicate", "a", "b", True)}


# ------------------------------------------------------------ overrides, dependencies, words


def test_overrides_silence_the_pairs_they_name_in_both_directions_and_no_other() -> None:
    boosts = [strategy("b", "item.stock > 1", BOOST), strategy("c", "item.stock > 2", BOOST)]
    assert kinds(check(strategy("a", "item.official", overrides=["b"]), *boosts)) == {("contradiction", "a", "c", True)}
    named = strategy("b", "item.stock > 1", BOOST, overrides=["a"])
    assert kinds(check(strategy("a", "item.official"), named, boosts[1])) == {("contradiction", "a", "c", True)}
    dead = strategy("a", "false", overrides=["b"])
    assert kinds(check(dead, boosts[0])) == {("dead", "a", None, True)}


def test_only_combinations_that_the_catalogue_holds_are_possible_where_features_depend() -> None:
    store = Store(SCHEMA)
    values = {"item.category": ["bags", "shoes", "phones", None], "item.department": ["wear", "wear", "tech", "tech"]}
    ids = pa.array(["i-1", "i-2", "i-3", "i-4"], pa.large_string())
    store.load("item", ids, {name: column_from_python(STRING, column) for name, column in values.items()})
    wear = strategy("a", "item.department == 'wear'")
    assert check(wear, strategy("b", "item.category == 'phones'", BOOST), store=store) == []
    assert kinds(check(wear, strategy("b", "item.category == 'phones'", BOOST))) == {("contradiction", "a", "b", True)}
    (conflict,) = check(wear, strategy("b", "item.category != 'bags' && item.official", BOOST), store=store)
    assert conflict.witness is not None
    assert conflict.witness.values["item.category"] == "shoes"
    dead = strategy("a", "item.category.startsWith('ph') && item.department.contains('ea')")
    assert kinds(check(dead, store=store)) == {("dead", "a", None, True)}
    shadowed = check(
        wear, strategy("b", "item.category.endsWith('s') && item.category != 'phones'", DEMOTE), store=store
    )
    assert kinds(shadowed) == {("shadowed", "a", "b", True)}


def test_a_conflict_names_both_owners_and_its_witness_is_a_request_as_it_would_be_sent() -> None:
    (conflict,) = check(
        strategy("a", "item.live_score > 0.5 && seller.rate > 0.2"), strategy("b", "request.budget > 3.0", BOOST)
    )
    assert "a-team" in conflict.message
    assert "b-team" in conflict.message
    told = conflict.to_json()["witness"]
    assert told["request"]["context"]["request.budget"] > 3
    assert told["request"]["candidates"][0]["features"]["item.live_score"] > 0.5
    assert told["entities"]["item"]["item.seller_id"] == told["entities"]["seller"]["id"]


def test_conflicts_come_with_the_gravest_first() -> None:
    found = check(
        strategy("a", "item.official"), strategy("b", "item.official && item.stock > 1", BOOST), strategy("c", "false")
    )
    assert [c.kind for c in found] == ["contradiction", "shadowed", "dead"]


def test_a_schema_without_any_strategy_has_no_conflicts() -> None:
    assert find_conflicts([], parse_schema("entities: {item: {meaning: x, features: {}}}")) == []


def test_a_condition_that_nan_alone_makes_true_is_not_dead() -> None:
    assert find_conflicts([strategy("broken-price", "item.price != item.price")], SCHEMA) == []
