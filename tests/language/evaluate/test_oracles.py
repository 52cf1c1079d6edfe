"""Does the evaluator say what a plain row-by-row evaluator and CEL in C++ say, over random conditions and rows?"""

from __future__ import annotations

import secrets
from collections import Counter, deque
from pathlib import Path
from random import Random

import pytest

from aedile.language import ir
from aedile.language.columns import Column, column_from_python
from aedile.language.evaluation import Table, evaluate, fold, why_unknown
from aedile.language.interpret import FUNCTIONS
from aedile.language.types import BOOL, SCALARS, Type, list_of
from tests.language.evaluate.samples import NAMED_LISTS, ROWS, row_at, same, sample, table, values_of
from tests.oracles.cel_cpp import CelCpp, NotAcceptedError
from tests.oracles.generate import FEATURES, LISTS, random_condition, random_expression
from tests.oracles.rowwise import Rowwise

CONDITIONS = 1000
RECORDED = Path(__file__).parents[2] / "oracles" / "seeds.txt"
#: Of all pairs, those that CEL in C++ can be asked about and is not known to differ on.
LEAST_SHARE_OF_CEL = 0.6


@pytest.fixture(scope="module")
def fresh() -> int:
    return secrets.randbelow(2**32)


def seeds(seed: int, count: int) -> list[str]:
    return [f"{seed}/{number}" for number in range(count)]


def recorded() -> list[str]:
    lines = RECORDED.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def record(seed: str) -> str:
    return f"add the line {seed} to tests/oracles/seeds.txt"


def compare_with_rowwise(seed: str) -> Counter[bool | None]:
    rng, data = sample(seed)
    condition = random_condition(rng, FEATURES)
    got = values_of(condition, table(FEATURES, data))
    oracle, seen = Rowwise(LISTS), Counter[bool | None]()
    for index in range(ROWS):
        row = row_at(data, index)
        wanted = oracle.evaluate(condition, row)
        assert got[index] is wanted, f"{record(seed)}\n{condition}\n{row}\ngot {got[index]}, wanted {wanted}"
        seen[wanted] += 1
    return seen


def compare_with_cel(seed: str, cel: CelCpp) -> Counter[str]:
    rng, data = sample(seed)
    condition = random_condition(rng, FEATURES)
    try:
        expression = cel.compile(condition)
    except NotAcceptedError as reason:
        return Counter({str(reason): ROWS})
    got = values_of(condition, table(FEATURES, data))
    oracle, outcome = Rowwise(LISTS), Counter[str]()
    for index in range(ROWS):
        row = row_at(data, index)
        oracle.evaluate(condition, row)
        if oracle.hazards:
            outcome[min(oracle.hazards)] += 1
            continue
        try:
            wanted = cel.evaluate(expression, row)
        except NotAcceptedError as reason:
            outcome[str(reason)] += 1
            continue
        assert got[index] is wanted, f"{record(seed)}\n{condition}\n{row}\ngot {got[index]}, CEL {wanted}"
        outcome["agreed"] += 1
    return outcome


def test_every_seed_that_ever_failed_is_replayed() -> None:
    cel = CelCpp(FEATURES)
    assert recorded()
    for seed in recorded():
        compare_with_rowwise(seed)
        compare_with_cel(seed, cel)


def test_the_evaluator_equals_the_rowwise_oracle_on_20_000_pairs_and_more(fresh: int) -> None:
    seen = Counter[bool | None]()
    for seed in [*seeds(1, CONDITIONS), *seeds(fresh, CONDITIONS)]:
        seen += compare_with_rowwise(seed)
    assert seen.total() >= 20_000
    # A generator that only makes unknown or only false conditions would prove little.
    assert min(seen[True], seen[False], seen[None]) > 0.15 * seen.total()


def test_the_evaluator_equals_cel_in_cpp_wherever_that_accepts_the_condition(fresh: int) -> None:
    cel, outcome = CelCpp(FEATURES), Counter[str]()
    for seed in [*seeds(1, CONDITIONS), *seeds(fresh, CONDITIONS)]:
        outcome += compare_with_cel(seed, cel)
    assert outcome["agreed"] >= 20_000
    assert outcome["agreed"] > LEAST_SHARE_OF_CEL * outcome.total(), outcome.most_common()


@pytest.mark.parametrize("type_", [*SCALARS.values(), *map(list_of, SCALARS.values())], ids=str)
def test_expressions_of_every_type_equal_the_rowwise_oracle(type_: Type, fresh: int) -> None:
    oracle = Rowwise(LISTS)
    for seed in [*seeds(1, 60), *seeds(fresh, 60)]:
        rng, data = sample(seed)
        expression = random_expression(rng, FEATURES, type_)
        got = values_of(expression, table(FEATURES, data))
        for index in range(ROWS):
            wanted = oracle.evaluate(expression, row_at(data, index))
            assert same(got[index], wanted), f"{seed}\n{expression}\n{row_at(data, index)}\n{got[index]} {wanted}"


def test_folding_never_changes_a_value(fresh: int) -> None:
    folded_any = False
    for seed in seeds(fresh, 300):
        rng, data = sample(seed)
        condition, rows = random_condition(rng, FEATURES), table(FEATURES, data)
        folded = fold(condition)
        folded_any |= folded != condition
        assert fold(folded) == folded, seed
        assert values_of(folded, rows) == values_of(condition, rows), f"{seed}\n{condition}\n{folded}"
    assert folded_any


def test_what_is_the_same_for_all_rows_may_be_given_once(fresh: int) -> None:
    given_once = ("request.time", "request.zone", "item.tags", "item.price")
    for seed in seeds(fresh, 300):
        rng, data = sample(seed)
        condition = random_condition(rng, FEATURES)
        for name in given_once:
            data[name] = [data[name][0]] * ROWS
        rows = table(FEATURES, data)
        once = Table({name: short(c) if name in given_once else c for name, c in rows.columns.items()}, ROWS)
        assert values_of(condition, once) == values_of(condition, rows), f"{seed}\n{condition}"


def short(column: Column) -> Column:
    return column_from_python(column.type, column.to_python()[:1])


def test_a_row_does_not_depend_on_the_rows_beside_it(fresh: int) -> None:
    for seed in seeds(fresh, 100):
        rng, data = sample(seed)
        condition = random_condition(rng, FEATURES)
        together = values_of(condition, table(FEATURES, data))
        alone = [values_of(condition, table(FEATURES, one(data, index)))[0] for index in range(ROWS)]
        assert together == alone, f"{seed}\n{condition}"


def one(data: dict[str, list[object]], index: int) -> dict[str, list[object]]:
    return {name: values[index : index + 1] for name, values in data.items()}


def test_no_rows_give_no_values_or_one_constant(fresh: int) -> None:
    nothing = table(FEATURES, {name: [] for name in FEATURES})
    for seed in seeds(fresh, 200):
        condition = random_condition(Random(seed), FEATURES)
        column = evaluate(condition, nothing, NAMED_LISTS)
        assert len(column) in (0, 1), f"{seed}\n{condition}"


def test_every_unknown_has_a_reason_that_names_what_is_missing(fresh: int) -> None:
    codes = Counter[str]()
    for seed in [*seeds(1, 300), *seeds(fresh, 100)]:
        rng, data = sample(seed)
        condition = random_condition(rng, FEATURES)
        for index in range(0, ROWS, 6):
            rows = table(FEATURES, one(data, index))
            if values_of(condition, rows)[0] is not None:
                continue
            code, names = why_unknown(condition, rows, NAMED_LISTS)
            codes[code] += 1
            assert list(names) == sorted(names)
            assert set(names) <= ir.features_of(condition) | {"request.time"}
            if code == "AED-LANG-050":
                assert names
                assert all(data[name][index] is None for name in names), f"{seed}\n{condition}\n{names}"
    assert {"AED-LANG-050", "AED-LANG-052", "AED-LANG-053", "AED-LANG-054", "AED-LANG-055"} <= set(codes)


@pytest.mark.parametrize("name", ["<=", "/", "in", "size", "getHours", "endsWith", "double"])
def test_the_oracle_notices_when_a_function_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = FUNCTIONS[name]
    wrong = {"<=": FUNCTIONS["<"], "endsWith": FUNCTIONS["startsWith"]}.get(name)
    monkeypatch.setitem(FUNCTIONS, name, wrong or (lambda *args: shifted(right(*args))))
    with pytest.raises(AssertionError, match="seeds"):
        deque(map(compare_with_rowwise, seeds(1, CONDITIONS)), maxlen=0)


def shifted(column: Column) -> Column:
    """The column with its values a little wrong."""
    wrong = ~column.values if column.type == BOOL else column.values + 1
    return Column(column.type, column.known, wrong)
