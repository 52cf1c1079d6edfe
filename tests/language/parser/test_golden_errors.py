"""Do people who make a mistake see exactly the errors that were reviewed?

`errors/*.txt` holds pairs: a line `> condition`, then the error as it is shown, with the span marked beneath the
condition. Every fix must lead on: the mended condition compiles, or fails later or for another reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from aedile.errors import LanguageError
from aedile.language.check import Environment, compile_condition, require_bool
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, list_of

ERRORS = Path(__file__).parent / "errors"
ENVIRONMENT = Environment(
    {
        "item.id": STRING,
        "item.gtin": STRING,
        "item.title": STRING,
        "item.category": STRING,
        "item.code": STRING,
        "item.price": DOUBLE,
        "item.price_usd": DOUBLE,
        "item.stock": INT,
        "item.fresh": BOOL,
        "item.tags": list_of(STRING),
        "item.added": TIMESTAMP,
        "seller.age": DURATION,
        "request.time": TIMESTAMP,
    },
    {"threshold": DOUBLE, "words": list_of(STRING)},
    {"recalled-gtin", "watched-sellers"},
)


def error_of(condition: str) -> LanguageError | None:
    try:
        require_bool(compile_condition(condition, ENVIRONMENT), condition)
    except LanguageError as error:
        return error
    return None


def rendered(condition: str) -> str:
    """The error as shown, beneath its condition's line `> …`."""
    error = error_of(condition)
    if error is None:
        return "no error"
    assert error.place.span is not None
    start, end = error.place.span
    return f"{' ' * (start + 2)}{'^' * max(end - start, 1)}\n{error}"


def golden() -> list[tuple[str, str, str]]:
    pairs = []
    for path in sorted(ERRORS.glob("*.txt")):
        for block in path.read_text().split("\n\n"):
            condition, _, expected = block.strip("\n").partition("\n")
            pairs.append((path.stem, condition.removeprefix("> "), expected))
    return pairs


GOLDEN = golden()


@pytest.mark.parametrize(
    ("condition", "expected"), [pair[1:] for pair in GOLDEN], ids=[f"{p[0]}: {p[1]}" for p in GOLDEN]
)
def test_a_mistake_gets_the_error_that_was_reviewed(condition: str, expected: str):
    assert rendered(condition) == expected


def test_there_are_golden_errors_of_every_code_a_short_condition_can_have():
    seen = {error.code.name for _, condition, _ in GOLDEN if (error := error_of(condition)) is not None}
    short = {f"AED-LANG-{number:03}" for number in range(5, 41)} - {"AED-LANG-019", "AED-LANG-040"}
    assert len(GOLDEN) >= 60
    assert short - seen == set()


def test_a_fix_mends_what_its_error_complains_of():
    for _, condition, _ in GOLDEN:
        error = error_of(condition)
        assert error is not None, condition
        if error.fix is not None:
            next_error = error_of(error.fix)
            assert next_error is None or str(next_error) != str(error), condition
