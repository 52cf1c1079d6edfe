"""How do a test's few values become rows, and a condition's worth come back as Python values?"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from aedile.language import ir
from aedile.language.check import Environment, compile_condition
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.lists import list_from_python
from aedile.language.types import Type, parse_type
from tests.oracles.generate import FEATURES, LISTS, random_rows

NAMED_LISTS = {name: list_from_python(name, entries) for name, entries in LISTS.items()}
ROWS = 24


def table(types: Mapping[str, Type], data: Mapping[str, list[Any]]) -> Table:
    length = max((len(values) for values in data.values()), default=0)
    return Table({name: column_from_python(types[name], values) for name, values in data.items()}, length)


def sample(seed: str) -> tuple[Random, dict[str, list[Any]]]:
    """A generator at a known place, and rows drawn from it."""
    rng = Random(seed)
    return rng, random_rows(rng, FEATURES, ROWS)


def row_at(data: Mapping[str, list[Any]], index: int) -> dict[str, Any]:
    return {name: values[index] for name, values in data.items()}


def values_of(node: ir.Node, rows: Table) -> list[Any]:
    """One value a row, a constant repeated."""
    column = evaluate(node, rows, NAMED_LISTS)
    assert column.type == node.type
    assert len(column) in (1, rows.length)
    values = column.to_python()
    return values * rows.length if len(values) == 1 else values


def same(a: Any, b: Any) -> bool:
    """Equal to the bit: NaN is itself, 0.0 is not -0.0, 1 is not 1.0."""
    return repr(a) == repr(b)


def worth(text: str, **given: tuple[str, list[Any]]) -> list[Any]:
    """The values of a condition over rows given by feature, `x=("int", [1, None])`; one value if nothing is given."""
    types = {name: parse_type(type_) for name, (type_, _) in given.items()}
    environment = Environment({name: type_ for name, type_ in types.items() if type_ is not None})
    node = compile_condition(text, environment)
    rows = table(environment.features, {name: values for name, (_, values) in given.items()})
    return values_of(node, rows if given else Table({}, 1))
