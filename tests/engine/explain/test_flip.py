"""Which change is told as the least."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest

from aedile.engine.engine import Engine
from aedile.engine.flip import Flip, least_change
from aedile.language.columns import Column, column_from_python
from aedile.language.types import TIMESTAMP
from tests.engine.conflicts.worlds import SCHEMA, strategy

NOW = 1_767_268_800_000_000
HOUR = 3_600_000_000


def flip(condition: str, features: dict[str, Any], context: dict[str, Any] | None = None, **keys: Any) -> Flip:
    """The least change for item i-1 of seller s-1 with these features."""
    one = strategy("a", condition, **keys)
    engine = Engine(SCHEMA, [one])
    sent: dict[str, Column] = {}
    ids = {"item": "i-1", "seller": "s-1"}
    for kind, id_ in ids.items():
        columns = {}
        for name, value in features.items():
            type_ = SCHEMA.features[name].type if name in SCHEMA.features else TIMESTAMP
            if name == "item.live_score":
                sent[name] = column_from_python(type_, [value])
            elif name.startswith(f"{kind}."):
                columns[name] = column_from_python(type_, [value])
        engine.load(kind, pa.array([id_], pa.large_string()), columns)
    values = engine.values("ID", "live", NOW, context=context or {})
    return least_change(engine, "item", "i-1", values, sent, one)


def changes(found: Flip) -> dict[str, tuple[Any, Any]]:
    return {change.feature: (change.before, change.after) for change in found.changes}


@pytest.mark.parametrize(
    ("condition", "features", "expected"),
    [
        ("item.price < 10.0", {"item.price": 12.0}, {"item.price": (12.0, math.nextafter(10.0, 0))}),
        ("item.price <= 10.0", {"item.price": 12.0}, {"item.price": (12.0, 10.0)}),
        ("item.stock >= 5", {"item.stock": 2}, {"item.stock": (2, 5)}),
        ("item.stock > 5", {"item.stock": 2}, {"item.stock": (2, 6)}),
        ("item.stock > 5", {"item.stock": 9}, {"item.stock": (9, 5)}),
        ("item.stock != 5", {"item.stock": 5}, {"item.stock": (5, 6)}),
        ("item.stock * 3 > 20", {"item.stock": 2}, {"item.stock": (2, 7)}),
        ("item.official", {"item.official": False}, {"item.official": (False, True)}),
        ("item.category == 'bags'", {"item.category": "shoes"}, {"item.category": ("shoes", "bags")}),
        ("item.category == 'bags'", {}, {"item.category": (None, "bags")}),
        ("item.category in ['bags', 'shoe']", {"item.category": "shoes"}, {"item.category": ("shoes", "shoe")}),
        ("'new' in item.tags", {"item.tags": ["a"]}, {"item.tags": (["a"], ["a", "new"])}),
        ("'new' in item.tags", {"item.tags": ["a", "new"]}, {"item.tags": (["a", "new"], ["a"])}),
        ("!item.title.contains('fake')", {"item.title": "a fake bag"}, {"item.title": ("a fake bag", "a  bag")}),
        ("item.title.startsWith('new ')", {"item.title": "bag"}, {"item.title": ("bag", "new bag")}),
        ("has(item.stock)", {"item.stock": 3}, {"item.stock": (3, None)}),
        ("item.live_score > 0.5", {"item.live_score": 0.25}, {"item.live_score": (0.25, math.nextafter(0.5, 1))}),
        ("seller.rate < 0.5", {"item.seller_id": "s-1", "seller.rate": 0.75},
         {"seller.rate": (0.75, math.nextafter(0.5, 0))}),
        ("request.time - item.listed_at < duration('24h')", {"item.listed_at": NOW - 48 * HOUR},
         {"item.listed_at": (NOW - 48 * HOUR, NOW - 24 * HOUR + 1)}),
        ("item.score > 0.5", {"item.score": 0.75, "item.as_of": NOW - 48 * HOUR},
         {"item.as_of": (NOW - 48 * HOUR, NOW - 24 * HOUR)}),
    ],
)  # fmt: skip
def test_the_nearest_value_that_flips_is_told(
    condition: str, features: dict[str, Any], expected: dict[str, tuple[Any, Any]]
) -> None:
    found = flip(condition, features)
    assert found.why_not is None
    assert changes(found) == expected


def test_fewer_features_go_before_nearer_values() -> None:
    features = {"item.price": 500.0, "item.stock": 4, "item.official": False}
    found = flip("item.price < 10.0 || (item.stock > 4 && item.official)", features)
    assert set(changes(found)) == {"item.price"}


def test_of_several_single_changes_the_nearest_is_taken() -> None:
    found = flip("item.price < 10.0 || item.stock > 4", {"item.price": 500.0, "item.stock": 4})
    assert changes(found) == {"item.stock": (4, 5)}


def test_all_that_fails_is_mended_together() -> None:
    found = flip(
        "item.price < 10.0 && item.stock > 4 && item.official && item.category == 'bags'", {"item.official": True}
    )
    assert set(changes(found)) == {"item.price", "item.stock", "item.category"}


def test_a_comparison_with_the_request_is_mended_on_either_side() -> None:
    found = flip("item.price <= request.budget", {"item.price": 12.0}, {"request.budget": 10.0})
    assert changes(found) in ({"item.price": (12.0, 10.0)}, {"request.budget": (10.0, 12.0)})


def test_to_stop_a_strategy_every_way_in_which_it_fires_is_closed() -> None:
    found = flip("item.price < 10.0 || item.stock > 4", {"item.price": 9.0, "item.stock": 5})
    assert found.fires
    assert changes(found) == {"item.price": (9.0, 10.0), "item.stock": (5, 4)}


def test_out_of_scope_is_told_and_not_flipped() -> None:
    found = flip("item.official", {"item.official": False}, markets=["MY"], channels=["video"])
    assert found.changes == ()
    assert found.why_not == "out of scope: market, channel"


def test_where_nothing_can_be_changed_the_reason_is_told() -> None:
    assert flip("request.market == 'MY'", {}).why_not == "the condition reads nothing that could be changed"
    assert "no change" in str(flip("item.stock > 3 && item.stock < 4", {"item.stock": 1}).why_not)


def test_features_of_a_seller_that_is_not_known_are_not_changed() -> None:
    assert flip("seller.rate < 0.5", {"item.seller_id": "s-gone"}).changes == ()
    assert "item.seller_id" not in changes(flip("seller.rate < 0.5 || !has(item.seller_id)", {"item.seller_id": "s-1"}))


def test_a_flip_is_told_as_json() -> None:
    found = flip("item.price <= 10.0", {"item.price": 12.0})
    assert found.to_json() == {
        "strategy": "a",
        "fires": False,
        "changes": {"item.price": [12.0, 10.0]},
        "why_not": None,
    }
