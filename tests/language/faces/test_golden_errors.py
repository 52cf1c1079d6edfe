"""Do people who err in SQL or in the builder see exactly the errors that were reviewed?

`errors/sql.txt` and `errors/builder.txt` hold pairs: a line `> input`, then the error as it is shown, in SQL with the
span marked beneath. A fix that is offered leads on: it reads, or fails later or for another reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aedile.errors import LanguageError
from aedile.language.builder import from_builder
from aedile.language.sql_read import from_sql
from tests.language.faces.conditions import ENVIRONMENT

ERRORS = Path(__file__).parent / "errors"


def sql_error(text: str) -> LanguageError | None:
    try:
        from_sql(text, ENVIRONMENT)
    except LanguageError as error:
        return error
    return None


def shown_sql(text: str) -> str:
    error = sql_error(text)
    if error is None:
        return "no error"
    assert error.place.span is not None
    start, end = error.place.span
    return f"{' ' * (start + 2)}{'^' * max(end - start, 1)}\n{error}"


def shown_builder(text: str) -> str:
    try:
        from_builder(json.loads(text), ENVIRONMENT)
    except LanguageError as error:
        return str(error)
    return "no error"


SHOWN: dict[str, Callable[[str], str]] = {"sql": shown_sql, "builder": shown_builder}


def golden(name: str) -> list[tuple[str, str]]:
    pairs = []
    for block in (ERRORS / f"{name}.txt").read_text().rstrip("\n").split("\n\n"):
        text, _, expected = block.partition("\n")
        pairs.append((text.removeprefix("> "), expected))
    return pairs


@pytest.mark.parametrize(("text", "expected"), golden("sql"))
def test_an_sql_error_reads_as_reviewed(text: str, expected: str):
    assert shown_sql(text) == expected


@pytest.mark.parametrize(("text", "expected"), golden("builder"))
def test_a_builder_error_reads_as_reviewed(text: str, expected: str):
    assert shown_builder(text) == expected


def test_there_are_enough_reviewed_errors():
    assert len(golden("sql")) >= 60
    assert len(golden("builder")) >= 30


def test_every_code_of_the_faces_that_reading_can_raise_is_reviewed():
    reviewed = "".join(expected for name in SHOWN for _, expected in golden(name))
    for code in (*range(70, 75), *range(80, 90)):
        assert f"AED-LANG-{code:03}" in reviewed


@pytest.mark.parametrize("text", [text for text, expected in golden("sql") if "\n  fix: " in expected])
def test_a_fix_leads_on(text: str):
    before = sql_error(text)
    assert before is not None
    assert before.fix is not None
    after = sql_error(before.fix)
    assert after is None or (after.code, after.message) != (before.code, before.message)
