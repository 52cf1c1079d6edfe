"""Is the generated catalogue fit to stand in for a real one?"""

import json

import pyarrow.parquet
import pytest

from aedile.engine.entities import read_entities
from aedile.errors import UsageError
from aedile.language.schema import load_schema
from aedile.simulator import make_electronics
from aedile.simulator.electronics import SCHEMA
from tests.examples.test_strategies import HERE, LISTS


def test_the_same_seed_gives_the_same_catalogue_and_another_seed_another():
    table, queries = make_electronics(300, 1)
    assert make_electronics(300, 1)[0].equals(table)
    assert make_electronics(300, 1)[1] == queries
    assert not make_electronics(300, 2)[0].equals(table)


def test_a_larger_catalogue_begins_with_the_smaller_one():
    assert make_electronics(200, 1)[0].slice(0, 50).equals(make_electronics(50, 1)[0])


def test_its_columns_are_those_of_the_schema_of_the_example(tmp_path):
    table, _ = make_electronics(500, 3)
    assert table.schema == SCHEMA
    pyarrow.parquet.write_table(table, tmp_path / "items.parquet")
    entities = read_entities(tmp_path / "items.parquet", "item", load_schema(HERE / "schema.yaml"))
    assert len(entities) == 500
    assert entities.ignored == ()


def test_data_sheets_are_json_and_some_descriptions_are_missing():
    table, _ = make_electronics(500, 1)
    assert all(isinstance(json.loads(sheet), dict) for sheet in table["attrs"].to_pylist())
    assert 0 < table["short_description"].null_count < 100


def test_queries_are_distinct_and_not_empty():
    _, queries = make_electronics(1, 1)
    assert len(queries) == len(set(queries)) >= 50
    assert all(query.strip() for query in queries)


def test_what_the_example_names_occurs():
    table, _ = make_electronics(2000, 1)
    names = {name.casefold() for name in table["name"].to_pylist()}
    suppliers = set(table["supplier"].to_pylist())
    for list_name in ("recalled-models", "contained-models", "campaign-picks"):
        assert names & set(LISTS[list_name].texts.to_pylist()), list_name
    for list_name in ("approved-parts-makers", "large-suppliers"):
        assert suppliers & set(LISTS[list_name].texts.to_pylist()), list_name
        assert suppliers - set(LISTS[list_name].texts.to_pylist()), list_name


@pytest.mark.parametrize(("items", "seed"), [(0, 1), (1_000_001, 1), (10, -1)])
def test_an_impossible_size_is_refused(items, seed):
    with pytest.raises(UsageError, match="cannot be generated"):
        make_electronics(items, seed)
