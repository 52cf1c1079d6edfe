"""Does every condition come back unchanged from the builder and from SQL?"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from aedile.engine import read_strategies
from aedile.errors import LanguageError
from aedile.language import ir
from aedile.language.builder import from_builder, to_builder
from aedile.language.cel import to_cel
from aedile.language.check import Environment, compile_condition
from aedile.language.schema import load_schema
from aedile.language.sql_face import to_sql_face
from aedile.language.sql_read import from_sql
from tests.language.faces.conditions import CONDITIONS, ENVIRONMENT
from tests.oracles.generate import FEATURES, random_condition

RANDOM = 1_000


def test_there_are_enough_conditions_by_hand():
    assert len(CONDITIONS) >= 100


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_comes_back_from_the_builder(condition: str):
    node = compile_condition(condition, ENVIRONMENT)
    data = json.loads(json.dumps(to_builder(node), allow_nan=False))
    assert from_builder(data, ENVIRONMENT) == node


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_comes_back_from_its_sql_face(condition: str):
    node = compile_condition(condition, ENVIRONMENT)
    assert from_sql(to_sql_face(node), ENVIRONMENT) == node


def test_random_conditions_come_back_from_both_faces():
    environment = Environment(FEATURES)
    checked = 0
    for seed in range(RANDOM):
        node = compiled(random_condition(Random(f"round-trip-{seed}"), FEATURES, 3), environment)
        if node is None:
            continue
        checked += 1
        assert from_sql(to_sql_face(node), environment) == node, seed
        assert from_builder(json.loads(json.dumps(to_builder(node))), environment) == node, seed
    assert checked > 0.9 * RANDOM


def compiled(node: ir.Node, environment: Environment) -> ir.Node | None:
    """The condition as the checker makes it of its text; None where the checker refuses it."""
    try:
        return compile_condition(to_cel(node), environment)
    except LanguageError:
        return None


def test_most_conditions_by_hand_are_said_in_rows_and_in_sql_rather_than_in_cel():
    nodes = [compile_condition(condition, ENVIRONMENT) for condition in CONDITIONS]
    rows = sum("cel" not in json.dumps(to_builder(node)) for node in nodes)
    plain = sum("cel(" not in to_sql_face(node) for node in nodes)
    assert rows > 0.5 * len(nodes)
    assert plain > 0.8 * len(nodes)


def test_what_a_face_cannot_say_is_one_piece_of_cel_and_the_rest_stays_editable():
    node = compile_condition('item.price < 5 && item.tags.exists(t, t == "x")', ENVIRONMENT)
    cel = 'item.tags.exists(t, t == "x")'
    assert to_builder(node) == {"all": [{"feature": "item.price", "op": "<", "value": 5.0}, {"cel": cel}]}
    assert to_sql_face(node) == f"item.price < 5.0 AND cel('{cel}')"


def test_a_condition_too_deep_for_sql_is_kept_whole():
    condition = "item.new"
    for i in range(45):
        condition = f"({condition} {'&&' if i % 2 else '||'} item.stock == {i})"
    node = compile_condition(condition, ENVIRONMENT)
    face = to_sql_face(node)
    assert face.startswith("cel(")
    assert from_sql(face, ENVIRONMENT) == node
    assert from_builder(to_builder(node), ENVIRONMENT) == node


def test_a_name_that_sql_would_misread_stands_in_quotes():
    assert to_sql_face(compile_condition("item.`a-b` == 1", ENVIRONMENT)) == '"item.a-b" = 1'


def test_a_double_written_by_javascript_without_its_point_means_the_same():
    node = compile_condition("item.price < 5.0", ENVIRONMENT)
    assert from_builder({"feature": "item.price", "op": "<", "value": 5}, ENVIRONMENT) == node


def test_an_int_that_javascript_cannot_hold_is_kept_as_text():
    node = compile_condition("item.stock == 9007199254740993", ENVIRONMENT)
    data = to_builder(node)
    assert data["value"] == "9007199254740993"
    assert from_builder(data, ENVIRONMENT) == node


def test_every_condition_of_the_shipped_strategies_comes_back_from_both_faces():
    folder = Path(__file__).parents[3] / "examples" / "electronics"
    schema = load_schema(folder / "schema.yaml")
    strategies = read_strategies(folder / "strategies", schema)
    assert len(strategies) >= 40
    for strategy in strategies:
        environment = schema.environment(strategy.applies_to, strategy.param_types)
        assert from_sql(to_sql_face(strategy.node), environment) == strategy.node, strategy.id
        assert from_builder(json.loads(json.dumps(to_builder(strategy.node))), environment) == strategy.node, (
            strategy.id
        )
        assert compile_condition(to_cel(strategy.node), environment) == strategy.node, strategy.id
