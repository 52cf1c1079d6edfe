"""What a schema lets a strategy see."""

from __future__ import annotations

import pytest

from aedile.errors import SchemaError
from aedile.language.schema import load_schema, parse_schema
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, list_of
from tests.files.golden import HERE

SCHEMA = load_schema(HERE / "schema.yaml")
TEXT = (HERE / "schema.yaml").read_text(encoding="utf-8")


def test_an_item_sees_itself_its_joins_the_request_and_the_query() -> None:
    visible = SCHEMA.visible_for("item")
    assert visible["item.price"] == DOUBLE
    assert visible["item.tags"] == list_of(STRING)
    assert visible["seller.age"] == DURATION
    assert visible["creator.followers"] == INT
    assert visible["request.first_visit"] == BOOL
    assert visible["request.time"] == TIMESTAMP
    assert visible["query.frequency"] == INT
    assert {name for name in visible if name.endswith(".id")} == {
        "request.id", "item.id", "seller.id", "creator.id", "query.id",
    }  # fmt: skip
    assert not any(name.startswith("content.") for name in visible)


def test_content_without_joins_does_not_see_sellers() -> None:
    assert not any(name.startswith(("seller.", "item.")) for name in SCHEMA.visible_for("content"))


def test_joins_are_followed_on_and_on() -> None:
    assert SCHEMA.paths("item") == {"seller": ("item.seller_id",), "creator": ("item.seller_id", "seller.creator_id")}
    assert SCHEMA.paths("creator") == {}


def test_an_entity_the_schema_does_not_have_is_an_error() -> None:
    with pytest.raises(SchemaError, match="no entity `campaign`"):
        SCHEMA.visible_for("campaign")


def test_a_feature_says_all_that_is_declared_of_it() -> None:
    price, late = SCHEMA.features["item.price"], SCHEMA.features["seller.late_rate"]
    assert (price.unit, price.missing, price.source, price.freshness) == ("USD", False, "entity", None)
    assert late.missing
    assert late.freshness == 48 * 3600 * 1_000_000
    assert (late.kind, late.own_name) == ("seller", "late_rate")
    assert SCHEMA.features["request.basket"].source == "request"


def test_the_environment_holds_params_and_lists() -> None:
    environment = SCHEMA.environment("item", {"limit": DOUBLE}, ["recalled"])
    assert environment.features == SCHEMA.visible_for("item")
    assert environment.params == {"limit": DOUBLE}
    assert environment.lists == ["recalled"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The category's parent.", "Its parent."),
        ("entities:\n", "# a comment\nentities:\n"),
        ("{type: bool, meaning: Only for adults.}", "{missing: allowed, meaning: Only for adults., type: bool}"),
    ],
)
def test_prose_and_layout_do_not_change_the_digest(old: str, new: str) -> None:
    assert old in TEXT
    assert parse_schema(TEXT.replace(old, new)).digest() == SCHEMA.digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("unit: USD", "unit: EUR"),
        ("type: bool", "type: int"),
        ("freshness: 48h", "freshness: 24h"),
        ("missing: never", "missing: allowed"),
        ("  - {from: seller.creator_id, to: creator}\n", ""),
        ("dependencies:\n  - [item.category, item.department]\n", ""),
    ],
)
def test_what_decides_changes_the_digest(old: str, new: str) -> None:
    assert old in TEXT
    assert parse_schema(TEXT.replace(old, new)).digest() != SCHEMA.digest()


def test_two_paths_to_one_entity_are_refused_also_over_others() -> None:
    text = TEXT.replace("joins:\n", "joins:\n  - {from: item.department, to: creator}\n")
    with pytest.raises(SchemaError, match="reached from `item` in two ways"):
        parse_schema(text)
