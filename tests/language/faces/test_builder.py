"""What does each kind of row say, and does the published schema describe what is written and read?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from aedile.errors import LanguageError
from aedile.language.builder import BUILDER_SCHEMA, from_builder, to_builder
from aedile.language.builder_rows import OPS
from aedile.language.cel import to_cel
from aedile.language.check import compile_condition
from tests.language.faces.conditions import CONDITIONS, ENVIRONMENT

ROWS: list[tuple[dict[str, Any], str]] = [
    ({"feature": "item.price", "op": "==", "value": 5}, "item.price == 5.0"),
    ({"feature": "item.price", "op": "!=", "value": 5.5}, "item.price != 5.5"),
    ({"feature": "item.stock", "op": "<", "value": 2.5}, "item.stock < 2.5"),
    ({"feature": "item.stock", "op": "<=", "value": {"feature": "item.sold"}}, "item.stock <= item.sold"),
    ({"feature": "item.price", "op": ">", "value": {"param": "threshold"}}, "item.price > param.threshold"),
    ({"feature": "item.stock", "op": ">=", "value": -5}, "item.stock >= -5"),
    ({"feature": "item.price", "op": "in", "value": [1, 2.5]}, "item.price in [1.0, 2.5]"),
    ({"feature": "item.brand", "op": "not in", "value": {"param": "brands"}}, "!(item.brand in param.brands)"),
    ({"feature": "item.brand", "op": "startsWith", "value": "A"}, 'item.brand.startsWith("A")'),
    ({"feature": "item.brand", "op": "endsWith", "value": {"param": "word"}}, "item.brand.endsWith(param.word)"),
    ({"feature": "item.title", "as": "normalized", "op": "contains", "value": "x"},
     'normalized(item.title).contains("x")'),
    ({"feature": "item.title", "op": "matches", "value": "^a$"}, 'item.title.matches("^a$")'),
    ({"feature": "item.tags", "op": "has element", "value": "x"}, '"x" in item.tags'),
    ({"feature": "item.tags", "op": "has no element", "value": {"feature": "item.brand"}},
     "!(item.brand in item.tags)"),
    ({"feature": "item.gtin", "op": "in list", "value": "recalled-gtin"}, 'in_list(item.gtin, "recalled-gtin")'),
    ({"feature": "item.gtin", "op": "not in list", "value": "recalled-gtin"}, '!in_list(item.gtin, "recalled-gtin")'),
    ({"feature": "item.new", "op": "is true"}, "item.new"),
    ({"feature": "item.new", "op": "is false"}, "!item.new"),
    ({"feature": "item.price", "op": "has value"}, "has(item.price)"),
    ({"feature": "item.price", "op": "has no value"}, "!has(item.price)"),
    ({"feature": "item.tags", "as": "size", "op": ">", "value": 3}, "item.tags.size() > 3"),
    ({"feature": "item.tags", "op": "==", "value": ["a"]}, 'item.tags == ["a"]'),
    ({"feature": "seller.age", "op": "<", "value": "2160h"}, 'seller.age < duration("7776000s")'),
    ({"feature": "request.time", "op": ">", "value": "2026-11-25T07:00:00+07:00"},
     'request.time > timestamp("2026-11-25T00:00:00Z")'),
]  # fmt: skip


@pytest.mark.parametrize(("row", "condition"), ROWS)
def test_a_row_says_one_condition(row: dict[str, Any], condition: str):
    assert to_cel(from_builder(row, ENVIRONMENT)) == to_cel(compile_condition(condition, ENVIRONMENT))


def test_every_op_is_said_by_some_row():
    assert {row["op"] for row, _ in ROWS} == set(OPS)


def test_groups_nest_and_the_same_group_inside_itself_is_one():
    row, other = {"feature": "item.new", "op": "is true"}, {"cel": "item.stock > 1 && item.sold > 1"}
    node = from_builder({"all": [row, {"all": [other]}, {"any": [row, {"not": other}]}]}, ENVIRONMENT)
    assert to_cel(node) == (
        "item.new && item.stock > 1 && item.sold > 1 && (item.new || !(item.stock > 1 && item.sold > 1))"
    )


def test_a_duration_is_shown_in_hours_or_minutes_where_it_is_whole():
    for text in ("2160h", "90m", "1.5s", "0s"):
        assert to_builder(compile_condition(f'seller.age < duration("{text}")', ENVIRONMENT))["value"] == text


def test_an_error_points_to_the_row_and_its_part():
    row = {"feature": "item.new", "op": "is true"}
    data = {"all": [row, {"any": [row, {"feature": "item.prise", "op": "<", "value": 5}]}]}
    with pytest.raises(LanguageError) as caught:
        from_builder(data, ENVIRONMENT)
    assert caught.value.place.field == "/all/1/any/1/feature"
    assert caught.value.fix == "item.price"


def test_an_error_in_a_row_of_cel_keeps_its_span():
    with pytest.raises(LanguageError) as caught:
        from_builder({"not": {"cel": "item.prise < 5"}}, ENVIRONMENT)
    assert caught.value.place.field == "/not/cel"
    assert caught.value.place.span == (0, 10)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_is_written_fits_the_schema(condition: str):
    data = to_builder(compile_condition(condition, ENVIRONMENT))
    assert fits(json.loads(json.dumps(data)), BUILDER_SCHEMA)


@pytest.mark.parametrize(
    "data", [5, {}, {"all": []}, {"feature": "a"}, {"feature": "a", "op": "less"}, {"cel": 5}, {"not": {"x": 1}}]
)
def test_what_cannot_be_read_does_not_fit_the_schema(data: Any):
    assert not fits(data, BUILDER_SCHEMA)


def fits(data: Any, schema: dict[str, Any]) -> bool:
    """JSON Schema, as far as the builder's own uses it."""
    if "$ref" in schema:
        return fits(data, BUILDER_SCHEMA["$defs"]["part"])
    if "anyOf" in schema:
        return any(fits(data, option) for option in schema["anyOf"])
    if "enum" in schema:
        return data in schema["enum"]
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float)}
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(data, types[name]) for name in wanted):
        return False
    if isinstance(data, list):
        return len(data) >= schema.get("minItems", 0) and all(fits(item, schema["items"]) for item in data)
    if isinstance(data, dict):
        known = schema["properties"]
        sized = schema.get("minProperties", 0) <= len(data) <= schema.get("maxProperties", 9)
        named = set(schema.get("required", ())) <= set(data) <= set(known)
        return sized and named and all(fits(value, known[key]) for key, value in data.items())
    return True
