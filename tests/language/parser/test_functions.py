"""Does every operator, function and macro do what its entry in the table shows?"""

from __future__ import annotations

import pyarrow as pa
import pytest

from aedile.language.check import Environment, compile_condition
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.functions import FUNCTIONS, Example, join, resolve
from aedile.language.lists import named_list
from aedile.language.types import DOUBLE, INT, NOTHING, STRING, list_of, parse_type
from aedile.language.values import from_json, to_json

EXAMPLES = [(function.name, example) for function in FUNCTIONS.values() for example in function.examples]


@pytest.mark.parametrize(
    ("name", "example"), EXAMPLES, ids=[f"{name} {example.condition}" for name, example in EXAMPLES]
)
def test_an_example_has_the_value_the_table_says(name: str, example: Example):
    types = {feature: parse_type(text) for feature, (text, _) in example.given.items()}
    node = compile_condition(example.condition, Environment(types))
    columns = {
        feature: column_from_python(types[feature], [None if value is None else from_json(value, types[feature])])
        for feature, (_, value) in example.given.items()
    }
    lists = {"recalled-gtin": named_list("recalled-gtin", pa.array(["0001"], pa.large_string()))}
    (value,) = evaluate(node, Table(columns, 1), lists).to_python()
    given = to_json(value, node.type)
    assert (type(given), given) == (type(example.value), example.value)


def test_every_function_has_an_example_and_a_meaning_that_is_a_sentence():
    for function in FUNCTIONS.values():
        assert function.examples, function.name
        assert function.meaning.endswith("."), function.name
        assert function.overloads, function.name


def test_an_empty_list_joins_any_list_and_two_types_that_differ_join_none():
    assert join(list_of(NOTHING), list_of(STRING)) == list_of(STRING)
    assert join(list_of(list_of(NOTHING)), list_of(list_of(INT))) == list_of(list_of(INT))
    assert join(INT, DOUBLE) is None
    assert join(list_of(INT), INT) is None


def test_an_overload_is_chosen_with_all_its_types_settled():
    overload = resolve("in", (STRING, list_of(NOTHING)))
    assert overload is not None
    assert overload.arguments == (STRING, list_of(STRING))
    assert resolve("+", (INT, DOUBLE)) is None
