"""Is the SQL that people and warehouses get the SQL that was reviewed?

`golden/sql.txt` holds blocks: `> condition`, then its text to edit, for DuckDB and for Spark. `no:` says what has none.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import sqlglot

from aedile.errors import LanguageError
from aedile.language import ir
from aedile.language.check import Environment, compile_condition
from aedile.language.sql_face import to_sql_face
from aedile.language.sql_write import to_sql
from tests.language.faces.conditions import CONDITIONS, ENVIRONMENT
from tests.language.faces.test_round_trips import compiled
from tests.oracles.generate import FEATURES, random_condition

GOLDEN = Path(__file__).parent / "golden" / "sql.txt"
PARAMS = {
    "threshold": ir.Const(ENVIRONMENT.params["threshold"], 0.8),
    "brands": ir.Const(ENVIRONMENT.params["brands"], ("acme", "nike")),
    "youngest": ir.Const(ENVIRONMENT.params["youngest"], 3_600_000_000),
    "word": ir.Const(ENVIRONMENT.params["word"], "x"),
}


def shown(condition: str) -> str:
    node = compile_condition(condition, ENVIRONMENT)
    lines = [f"edit:   {to_sql_face(node)}"]
    for dialect in ("duckdb", "spark"):
        try:
            text = to_sql(ir.bind(node, PARAMS), dialect)
        except LanguageError as error:
            text = f"no: {error.message}"
        lines.append(f"{dialect + ':':7} {text}")
    return "\n".join(lines)


def golden() -> list[tuple[str, str]]:
    pairs = []
    for block in GOLDEN.read_text().rstrip("\n").split("\n\n"):
        condition, _, expected = block.partition("\n")
        pairs.append((condition.removeprefix("> "), expected))
    return pairs


@pytest.mark.parametrize(("condition", "expected"), golden())
def test_the_sql_of_a_condition_reads_as_reviewed(condition: str, expected: str):
    assert shown(condition) == expected


def test_there_are_enough_reviewed_texts():
    assert len(golden()) >= 40


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_every_text_parses_in_its_own_dialect(dialect: str):
    parsed = 0
    conditions = [ir.bind(compile_condition(text, ENVIRONMENT), PARAMS) for text in CONDITIONS]
    random = [random_condition(Random(f"parse-{i}"), FEATURES, 3) for i in range(150)]
    for node in [*conditions, *(compiled(node, Environment(FEATURES)) for node in random)]:
        try:
            text = to_sql(node, dialect) if node is not None else "TRUE"
        except LanguageError:
            continue
        parsed += sqlglot.parse_one(f"SELECT * FROM rows WHERE {text}", dialect=dialect) is not None
    assert parsed > 0.7 * (len(conditions) + len(random))
