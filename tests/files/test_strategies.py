"""A strategy's file says what semantics says it says."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from aedile.engine.actions import (
    Amount,
    Badge,
    Boost,
    Cap,
    Demote,
    Exclude,
    Exempt,
    Pin,
    Refer,
    Reserve,
    Tier,
    WindowCap,
)
from aedile.engine.strategy import Budget, Canary, Strategy
from aedile.engine.strategy_read import parse_strategy, read_strategies
from aedile.errors import Errors, LanguageError, StrategyError
from aedile.language.ir import Const
from aedile.language.schema import load_schema
from aedile.language.types import DOUBLE, DURATION, STRING, TIMESTAMP, list_of
from tests.files.golden import HERE, patched

SCHEMA = load_schema(HERE / "schema.yaml")
BASE = (HERE / "strategy.yaml").read_text(encoding="utf-8")
FULL = patched(
    BASE,
    """\
condition: >
  item.category == "handbags" && item.price >= param.limit && seller.age < duration("2160h")
params: {default: {limit: 0.8}, MY: {limit: 0.7}}
stage: canary
canary: {share: 0.05, unit: shopper}
starts: 2026-11-25T00:00:00Z
expires: 2027-02-25T00:00:00Z
budget: {exposures: 0.02, seller: 0.5}
overrides: [new-seller-boost]
rank: 3
examples:
  - {given: {item.category: handbags, item.price: 1, seller.age: 240h}, market: ID, channel: live, fires: true}
""",
)


def read(text: str) -> Strategy:
    return parse_strategy(text, SCHEMA, "hold.yaml")


def with_action(action: str) -> Strategy:
    return read(patched(BASE, f"action: {action}\nexpires: 2027-01-31T00:00:00Z"))


def test_every_field_is_read() -> None:
    strategy = read(FULL)
    assert (strategy.id, strategy.owner, strategy.policy, strategy.tier) == (
        "hold", "brand-protection", "IPR-02", Tier.SAFETY,
    )  # fmt: skip
    assert strategy.precedence_key() == (1, 3, "hold")
    assert strategy.markets == ("ID", "MY")
    assert strategy.in_market("ID")
    assert not strategy.in_market("US")
    assert strategy.in_channel("live")
    assert not strategy.in_channel("video")
    assert strategy.canary == Canary(0.05, "shopper")
    assert strategy.starts == 1795564800000000
    assert strategy.expires == 1803513600000000
    assert strategy.budget == Budget(0.02, 0.5)
    assert strategy.overrides == ("new-seller-boost",)
    (example,) = strategy.examples
    assert example.given == {"item.category": "handbags", "item.price": 1.0, "seller.age": 864_000_000_000}
    assert (example.market, example.channel, example.fires, example.line) == ("ID", "live", True, 22)


def test_strategies_that_say_the_same_are_equal_and_hash_alike() -> None:
    assert read(FULL) == read(FULL)
    assert len({read(FULL), read(FULL), read(BASE)}) == 2


def test_a_market_overrides_the_default_key_by_key() -> None:
    strategy = read(FULL)
    assert strategy.params_for("ID") == {"limit": Const(DOUBLE, 0.8)}
    assert strategy.params_for("MY") == {"limit": Const(DOUBLE, 0.7)}
    assert strategy.param_types == {"limit": DOUBLE}


def test_parameters_may_be_times_and_lists() -> None:
    text = patched(
        BASE,
        """\
condition: item.category in param.names && seller.age < param.age && item.listed > param.since && item.price in param.at
params:
  default: {names: [a, b], age: {duration: 2160h}, since: {timestamp: 2026-11-25T00:00:00Z}, at: [1, 2.5]}
  MY: {names: []}
""",
    )
    params = read(text).params_for("ID")
    assert params["names"] == Const(list_of(STRING), ("a", "b"))
    assert params["age"] == Const(DURATION, 2160 * 3600 * 10**6)
    assert params["since"] == Const(TIMESTAMP, 1795564800000000)
    assert params["at"] == Const(list_of(DOUBLE), (1.0, 2.5))
    assert read(text).params_for("MY")["names"] == Const(list_of(STRING), ())


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("exclude", Exclude()),
        ("{exclude: {}}", Exclude()),
        ("{demote: {factor: 0.2}}", Demote(0.2)),
        ("{boost: {factor: 10}}", Boost(10.0)),
        ("{pin: {position: 3}}", Pin(3)),
        ("{cap: {key: seller.id, max: 2, first_n: 10}}", Cap("seller.id", Amount(count=2), 10)),
        ("{cap: {key: item.seller_id, max: 0, first_n: 10}}", Cap("item.seller_id", Amount(count=0), 10)),
        ("{cap: {key: item.seller_id, max: 0.3, first_n: 10}}", Cap("item.seller_id", Amount(share=0.3), 10)),
        ("{cap: {per: shopper, max: 3, window: 24h}}", WindowCap("shopper", 3, 86_400_000_000)),
        ("{reserve: {min: 0.2, first_n: 20}}", Reserve(Amount(share=0.2), 20)),
        ("{badge: {key: official-shop}}", Badge("official-shop")),
        ("{refer: {queue: brand, share: 1}}", Refer("brand", 1.0)),
        ("{exempt: {from: [a, b]}}", Exempt(strategies=("a", "b"))),
        ("{exempt: {from: {tier: growth}}}", Exempt(tier=Tier.GROWTH)),
    ],
)
def test_every_action_is_read(text: str, action: object) -> None:
    assert with_action(text).action == action


def test_norway_is_a_market() -> None:
    assert read(patched(BASE, "markets: [NO]")).markets == ("NO",)


def test_a_condition_that_always_holds_may_be_written_as_true() -> None:
    assert read(patched(BASE, "condition: true")).condition == "true"


@pytest.mark.parametrize(
    "patch",
    [
        "stage: paused",
        "canary: {share: 0.5, unit: shopper}",
        "rank: 3 # a comment",
        "markets: [MY, ID]",
        "why: >-\n  Shoppers report\n  counterfeits.",
    ],
)
def test_the_version_does_not_depend_on_stage_share_or_layout(patch: str) -> None:
    assert read(patched(FULL, patch)).version == read(FULL).version


@pytest.mark.parametrize(
    "patch",
    [
        "title: Other",
        "why: Other",
        "owner: other",
        "policy: IPR-03",
        "tier: legal",
        "rank: 4",
        "markets: [ID, MY, US]",
        "channels: [all]",
        "params: {default: {limit: 0.8}, MY: {limit: 0.75}}",
        "params: {default: {limit: 1.0}, MY: {limit: 0.7}}",
        "action: {demote: {factor: 0.3}}",
        "canary: {share: 0.05, unit: request}",
        "starts: 2026-11-26T00:00:00Z",
        "expires: 2027-02-26T00:00:00Z",
        "budget: {exposures: 0.02}",
        "overrides: []",
        "examples: []",
    ],
)
def test_the_version_depends_on_all_else(patch: str) -> None:
    assert read(patched(FULL, patch)).version != read(FULL).version


def test_a_boost_and_a_demote_of_like_numbers_are_different_versions() -> None:
    demote = with_action("{demote: {factor: 0.5}}")
    assert replace(demote, action=Boost(0.5)).version != demote.version


def test_strategies_come_in_order_of_precedence(tmp_path: Path) -> None:
    for name, patch in {"a": "tier: legal", "b": "rank: -1", "c": "", "d": "tier: growth\nrank: -5"}.items():
        folder = tmp_path / ("team" if name in "ac" else ".")
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(patched(BASE, f"id: {name}\n{patch}"), encoding="utf-8")
    (tmp_path / "README.md").write_text("Not a strategy.")
    (tmp_path / ".draft.yaml").write_text("Not yet a strategy.")
    assert [strategy.id for strategy in read_strategies(tmp_path, SCHEMA)] == ["a", "b", "c", "d"]


def test_an_exempt_may_name_strategies_of_its_own_tier_and_below(tmp_path: Path) -> None:
    exempt = "action: {exempt: {from: [other]}}\nexpires: 2027-01-31T00:00:00Z"
    (tmp_path / "hold.yaml").write_text(patched(BASE, exempt), encoding="utf-8")
    (tmp_path / "other.yaml").write_text(patched(BASE, "id: other\ntier: safety"), encoding="utf-8")
    assert len(read_strategies(tmp_path, SCHEMA)) == 2


def test_one_mistake_is_reported_once_where_others_name_the_bad_strategy(tmp_path: Path) -> None:
    (tmp_path / "hold.yaml").write_text(patched(BASE, "overrides: [other]"), encoding="utf-8")
    (tmp_path / "other.yaml").write_text(patched(BASE, "id: other\ntier: urgent"), encoding="utf-8")
    with pytest.raises(Errors) as caught:
        read_strategies(tmp_path, SCHEMA)
    assert [Path(error.place.file or "").name for error in caught.value.errors] == ["other.yaml"]


@pytest.mark.parametrize(
    ("condition", "line", "column"),
    [
        ("condition: item.prise < 5.0", 10, 12),
        ("condition: >\n  item.price < 5.0 &&\n  item.adlt", 12, 3),
        ("condition: |\n  item.price < 5.0\n    && item.adult\n\n    && item.adlt", 14, 8),
        ("condition: 'item.category == \"it''s\" && item.adlt'", 10, 41),
        ("condition: \"item.category == 'a' && item.adlt\"", 10, 37),
        ("condition: item.price < 5.0\n  && item.adlt", 11, 6),
        ("condition: item.price + 1.0", 10, 12),
        ("condition: item.price < 5.0 &&", 10, 31),
        ("condition: content.live_score > 0.5", 10, 12),
        ("condition: item.price < param.limit", 10, 25),
    ],
)
def test_an_error_in_a_condition_is_placed_in_the_file(condition: str, line: int, column: int) -> None:
    with pytest.raises(LanguageError) as caught:
        read(patched(BASE, condition))
    place = caught.value.place
    assert (place.file, place.line, place.column, place.field) == ("hold.yaml", line, column, "condition")


def test_a_list_that_is_not_there_is_an_error_once_the_lists_are_known() -> None:
    text = patched(BASE, 'condition: in_list(item.id, "recalled")')
    parse_strategy(text, SCHEMA, "hold.yaml")
    parse_strategy(text, SCHEMA, "hold.yaml", ["recalled"])
    with pytest.raises(LanguageError):
        parse_strategy(text, SCHEMA, "hold.yaml", [])


def test_an_example_may_leave_a_feature_unknown() -> None:
    text = patched(BASE, "examples: [{given: {item.price: null}, market: ID, channel: live, fires: false}]")
    assert read(text).examples[0].given == {"item.price": None}


def test_a_whole_number_too_large_for_a_double_is_no_example_of_one() -> None:
    given = "{item.price: 9007199254740993}"
    with pytest.raises(StrategyError, match="of type double"):
        read(patched(BASE, f"examples: [{{given: {given}, market: ID, channel: live, fires: true}}]"))


def test_a_thousand_files_are_read_in_time(tmp_path: Path) -> None:
    for number in range(1000):
        text = patched(FULL, f"id: s{number}\noverrides: []")
        (tmp_path / f"s{number}.yaml").write_text(text, encoding="utf-8")
    started = time.process_time()
    assert len(read_strategies(tmp_path, SCHEMA)) == 1000
    assert time.process_time() - started < 5  # 0.7 s on an idle core; the bound only catches what is quadratic
