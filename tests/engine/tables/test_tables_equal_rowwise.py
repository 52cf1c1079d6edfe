"""Do a condition's tables say what plain evaluation row by row says, and CEL in C++?"""

from __future__ import annotations

import secrets
from random import Random

import numpy as np
import pytest

from aedile.engine import kernel
from aedile.engine.axes import FALSE, TRUE, UNKNOWN
from aedile.engine.conditions import compile_tables, decide
from aedile.language import ir
from aedile.language.check import Environment, compile_condition
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table
from aedile.language.types import BOOL, DOUBLE, INT, STRING
from tests.language.evaluate.samples import NAMED_LISTS
from tests.oracles.cel_cpp import CelCpp, NotAcceptedError
from tests.oracles.generate import DOUBLES, FEATURES, INTS, LISTS, random_condition, random_rows
from tests.oracles.rowwise import Rowwise

CONDITIONS, ROWS = 1000, 24
OUTCOME = {None: UNKNOWN, True: TRUE, False: FALSE}


def table(data, features=FEATURES) -> Table:
    columns = {name: column_from_python(type_, data[name]) for name, type_ in features.items()}
    return Table(columns, len(next(iter(data.values()))))


def compare(condition: ir.Node, data, note: str) -> None:
    got = decide(compile_tables(condition, FEATURES, NAMED_LISTS), table(data), NAMED_LISTS)
    oracle = Rowwise(LISTS)
    for place in range(len(got)):
        row = {name: values[place] for name, values in data.items()}
        wanted = OUTCOME[oracle.evaluate(condition, row)]
        assert got[place] == wanted, f"{note}: {condition} at {row}: {got[place]} for {wanted}"


@pytest.mark.parametrize("seed", [20261122, secrets.randbelow(2**32)], ids=["fixed", "fresh"])
def test_random_conditions_come_out_the_same(seed) -> None:
    for number in range(CONDITIONS // 2):
        rng = Random(f"{seed}/{number}")
        condition = random_condition(rng, FEATURES)
        compare(condition, random_rows(rng, FEATURES, ROWS), f"seed {seed}/{number}")


def test_tables_agree_with_cel_in_cpp_wherever_it_can_be_asked() -> None:
    cel, oracle, agreed = CelCpp(FEATURES), Rowwise(LISTS), 0
    for number in range(CONDITIONS):
        rng = Random(f"cel/{number}")
        condition = random_condition(rng, FEATURES)
        data = random_rows(rng, FEATURES, ROWS)
        try:
            expression = cel.compile(condition)
        except NotAcceptedError:
            continue
        got = decide(compile_tables(condition, FEATURES, NAMED_LISTS), table(data), NAMED_LISTS)
        for place in range(ROWS):
            row = {name: values[place] for name, values in data.items()}
            oracle.evaluate(condition, row)
            if oracle.hazards:
                continue
            try:
                wanted = OUTCOME[cel.evaluate(expression, row)]
            except NotAcceptedError:
                continue
            assert got[place] == wanted, f"cel/{number}: {condition} at {row}: {got[place]} for {wanted}"
            agreed += 1
    assert agreed > 0.6 * CONDITIONS * ROWS


def test_random_conditions_come_out_the_same_without_the_compiled_kernel(monkeypatch) -> None:
    monkeypatch.setattr(kernel, "compiled", None)
    for number in range(100):
        rng = Random(f"numpy/{number}")
        condition = random_condition(rng, FEATURES)
        compare(condition, random_rows(rng, FEATURES, ROWS), f"numpy/{number}")


@pytest.mark.parametrize("function", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize(("feature", "type_"), [("item.price", DOUBLE), ("item.stock", INT)])
def test_a_boundary_falls_on_the_right_side_for_every_extreme_number(feature, type_, function) -> None:
    values = [*INTS, *DOUBLES]
    own = [value for value in values if isinstance(value, int if type_ == INT else float)]
    data = random_rows(Random(1), FEATURES, len(own) + 1) | {feature: [*own, None]}
    for constant in values:
        right = ir.Const(INT if isinstance(constant, int) else DOUBLE, constant)
        condition = ir.Call(BOOL, function, (ir.Feature(type_, feature), right))
        compare(condition, data, f"{feature} {function} {constant}")
        compare(ir.Not(BOOL, condition), data, f"!({feature} {function} {constant})")


def test_a_condition_of_too_many_clauses_is_kept_whole_and_stays_right() -> None:
    pairs = [f"(item.stock == {n} || item.sold == {n})" for n in range(9)]
    condition = compile_condition(" && ".join(pairs), Environment(FEATURES))
    data = random_rows(Random(2), FEATURES, 50) | {"item.stock": [n % 12 for n in range(50)]}
    assert len(compile_tables(condition, FEATURES, {}).never) == 1
    compare(condition, data, "512 clauses")


def test_a_ternary_with_an_unknown_condition_is_unknown_even_where_both_branches_agree() -> None:
    condition = compile_condition("item.active ? item.stock > 0 : item.stock >= 1", Environment(FEATURES))
    data = random_rows(Random(3), FEATURES, 2) | {"item.active": [None, True], "item.stock": [5, 5]}
    assert decide(compile_tables(condition, FEATURES, {}), table(data), {}).tolist() == [UNKNOWN, TRUE]


def test_more_than_the_remembered_texts_are_still_evaluated_right() -> None:
    condition = compile_condition('item.title.contains("7") && !item.title.endsWith("3")', Environment(FEATURES))
    titles = [f"item {n}" for n in range(40_000)]
    column = {"item.title": column_from_python(STRING, titles)}
    found = decide(compile_tables(condition, FEATURES, {}), Table(column, len(titles)), {})
    assert found.tolist() == [TRUE if "7" in t and not t.endswith("3") else FALSE for t in titles]


def test_texts_are_remembered_between_requests_and_forgotten_when_there_are_too_many() -> None:
    tables = compile_tables(compile_condition('item.title.contains("7")', Environment(FEATURES)), FEATURES, {})
    for start in range(0, 200_000, 10_000):
        titles = [f"item {n}" for n in range(start, start + 10_000, 1)]
        rows = Table({"item.title": column_from_python(STRING, titles)}, len(titles))
        assert np.array_equal(decide(tables, rows, {}) == TRUE, ["7" in title for title in titles])
