"""What an explanation tells of one strategy and one candidate."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from aedile.engine.engine import Engine
from aedile.engine.explanation import Explanation, explain
from aedile.engine.strategy import Strategy
from aedile.language.columns import column_from_python
from aedile.language.types import TIMESTAMP
from aedile.language.values import parse_timestamp
from tests.engine.conflicts.worlds import BOOST, SCHEMA, strategy

NOW = 1_767_268_800_000_000
HOUR = 3_600_000_000


def told(one: Strategy, features: dict[str, Any], *, age: int | None = None, **request: Any) -> Explanation:
    """The explanation for item i-1 with these features, `age` microseconds old."""
    engine = Engine(SCHEMA, [one])
    columns = {
        n: column_from_python(SCHEMA.features[n].type, [v])
        for n, v in features.items()
        if SCHEMA.features[n].source == "entity"
    }
    if age is not None:
        columns["item.as_of"] = column_from_python(TIMESTAMP, [NOW - age])
    engine.load("item", pa.array(["i-1"], pa.large_string()), columns)
    sent = {n: column_from_python(SCHEMA.features[n].type, [v]) for n, v in features.items() if n == "item.live_score"}
    fields: dict[str, Any] = {"market": "ID", "channel": "live", "time": NOW} | request
    return explain(engine, "item", "i-1", engine.values(**fields), sent, one)


def literals(one: Explanation) -> dict[str, tuple[str, bool]]:
    return {literal.text: (literal.outcome, literal.decided) for literal in one.literals}


def test_of_a_true_or_the_true_literals_decide() -> None:
    one = told(strategy("a", "item.price > 10.0 || item.stock > 3"), {"item.price": 12.0, "item.stock": 1})
    assert one.fires
    assert literals(one) == {"item.price > 10.0": ("true", True), "item.stock > 3": ("false", False)}


def test_of_a_false_and_the_false_literals_decide_and_unknown_ones_do_not() -> None:
    one = told(strategy("a", "item.price > 10.0 && item.stock > 3 && item.official"), {"item.price": 2.0})
    assert not one.fires
    assert one.outcome == "false"
    assert literals(one)["item.price > 10.0"] == ("false", True)
    assert literals(one)["item.stock > 3"] == ("unknown", False)


def test_an_unknown_condition_says_which_features_are_missing() -> None:
    one = told(strategy("a", "item.official && item.stock > 3"), {"item.official": True})
    assert one.outcome == "unknown"
    assert one.reason is not None
    assert (one.reason.code, one.reason.features) == ("AED-LANG-050", ("item.stock",))
    assert literals(one) == {"item.official": ("true", False), "item.stock > 3": ("unknown", True)}


def test_a_failing_computation_is_named_by_its_code() -> None:
    one = told(strategy("a", "10 / item.stock > 3"), {"item.stock": 0})
    (literal,) = one.literals
    assert literal.reason is not None
    assert literal.reason.code == "AED-LANG-051"
    assert literal.to_json()["unknown"] == {"code": "AED-LANG-051", "features": ["item.stock"]}


def test_negation_and_choice_lead_to_the_literals_that_count() -> None:
    one = told(strategy("a", "!(item.official ? item.stock > 3 : item.price > 1.0)"), {
        "item.official": True, "item.stock": 1, "item.price": 5.0,
    })  # fmt: skip
    assert one.fires
    assert literals(one) == {
        "item.official": ("true", True),
        "item.stock > 3": ("false", True),
        "item.price > 1.0": ("true", False),
    }


def test_a_stale_feature_is_shown_as_stale_and_counts_as_unknown() -> None:
    one = strategy("a", "item.score > 0.5")
    assert told(one, {"item.score": 0.9}, age=24 * HOUR).fires
    old = told(one, {"item.score": 0.9}, age=24 * HOUR + 1)
    (literal,) = old.literals
    assert not old.fires
    assert (literal.outcome, literal.stale, literal.values) == ("unknown", ("item.score",), {"item.score": 0.9})
    assert literal.reason is not None
    assert literal.reason.features == ("item.score",)
    assert told(one, {"item.score": 0.9}).literals[0].stale == ("item.score",)
    assert not told(strategy("a", "has(item.score)"), {"item.score": 0.9}, age=25 * HOUR).fires


@pytest.mark.parametrize(
    ("keys", "part", "why"),
    [
        ({"markets": ["MY", "US"]}, "market", "ID is not among MY, US"),
        ({"channels": ["video"]}, "channel", "live is not among video"),
        ({"starts": "2026-02-01T00:00:00Z"}, "time", "starts at 2026-02-01T00:00:00Z"),
        ({"expires": "2026-01-01T00:00:00Z"}, "time", "expired at 2026-01-01T00:00:00Z"),
        ({"stage": "canary", "canary": {"share": 0.5}}, "canary", "there is no request.shopper to draw by"),
        ({"stage": "paused"}, "stage", "the strategy is paused"),
    ],
)
def test_the_part_of_the_scope_that_keeps_it_out_is_named(keys: dict[str, Any], part: str, why: str) -> None:
    one = told(strategy("a", "item.official", **keys), {"item.official": True})
    assert one.outcome == "true"
    assert not one.fires
    assert one.out_of_scope == (part,)
    assert why in [p.why for p in one.scope]


def test_the_canary_draw_is_told() -> None:
    keys: dict[str, Any] = {"stage": "canary", "canary": {"share": 1.0}}
    one = told(strategy("a", "item.official", **keys), {"item.official": True}, shopper="shopper-1")
    assert one.fires
    assert [p.why for p in one.scope if p.name == "canary"] == ["shopper shopper-1 is in the canary of 1"]


def test_a_strategy_on_another_kind_is_out_of_scope() -> None:
    one = told(strategy("a", "seller.rate > 0.5", applies_to="seller"), {"item.official": True})
    assert one.out_of_scope == ("kind",)
    assert not one.fires


def test_the_condition_is_told_with_the_markets_parameters() -> None:
    params = {"default": {"limit": 10.0}, "ID": {"limit": 5.0}}
    one = told(strategy("a", "item.price > param.limit", BOOST, params=params), {"item.price": 7.0})
    assert one.fires
    assert one.condition == "item.price > 5.0"


def test_times_and_spans_are_told_as_people_write_them() -> None:
    listed = parse_timestamp("2026-01-01T00:00:00Z")
    one = told(strategy("a", "request.time - item.listed_at < duration('24h')"), {"item.listed_at": listed})
    assert one.to_json()["literals"][0]["values"] == {
        "item.listed_at": "2026-01-01T00:00:00Z",
        "request.time": "2026-01-01T12:00:00Z",
    }
