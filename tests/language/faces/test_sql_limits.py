"""Is hostile or oversized SQL answered quickly, in words, and without being run?"""

from __future__ import annotations

import sys
import time

import pytest

from aedile.errors import LanguageError
from aedile.language.builder import from_builder
from aedile.language.sql_read import from_sql
from tests.language.faces.conditions import ENVIRONMENT

#: Seconds of CPU: a hundredth of what it takes where the effort grows faster than the text.
ENOUGH = 3.0

HOSTILE = {
    "a megabyte": "item.new AND " * 80_000 + "item.new",
    "10,000 brackets": "(" * 10_000 + "item.new" + ")" * 10_000,
    "8,000 brackets": "(" * 8_000 + "item.new",
    "1,000 NOT": "NOT " * 1_000 + "item.new",
    "1,000 CASE": "CASE WHEN item.new THEN " * 600,
    "1,000 minus": "- " * 1_000 + "item.stock > 1",
    "a long sum": " + ".join(["item.stock"] * 1_000) + " > 1",
    "a long chain of =": "item.new = " * 1_000 + "item.new",
    "5,000 tokens": "item.stock=1 OR " * 1_000 + "item.new",
    "calls in calls": "normalized(" * 1_000 + "item.title" + ")" * 1_000 + " = 'a'",
    "brackets in lists": "[" * 1_000 + "1" + "]" * 1_000 + " = []",
    "INTERVAL upon INTERVAL": "INTERVAL " * 1_000 + "1",
    "an endless number": "item.stock < " + "9" * 10_000,
    "an endless exponent": "item.price < 1e" + "9" * 5_000,
    "an open text": "item.title = '" + "a" * 100_000,
    "deep CEL": "cel('" + "(" * 10_000 + "')",
    "a megabyte of CEL": "cel('" + "item.new && " * 90_000 + "item.new')",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_sql_is_refused_in_time(text: str):
    started = time.thread_time()
    with pytest.raises(LanguageError) as caught:
        from_sql(text, ENVIRONMENT)
    assert time.thread_time() - started < ENOUGH
    assert len(str(caught.value)) < 1_000


def test_nesting_up_to_the_limit_is_read():
    assert from_sql("(" * 20 + "item.new" + ")" * 20, ENVIRONMENT) == from_sql("item.new", ENVIRONMENT)


def test_deep_sql_is_refused_in_words_even_where_the_stack_is_short():
    text = "(" * 20 + "item.new" + ")" * 20

    def deeper(levels: int) -> None:
        if levels:
            deeper(levels - 1)
            return
        with pytest.raises(LanguageError, match="nested"):
            from_sql(text, ENVIRONMENT)

    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    deeper(sys.getrecursionlimit() - depth - 400)


def test_builder_groups_nested_without_end_are_refused():
    data: object = {"feature": "item.new", "op": "is true"}
    for _ in range(5_000):
        data = {"not": data}
    with pytest.raises(LanguageError, match="nested more than"):
        from_builder(data, ENVIRONMENT)


def test_too_many_rows_are_refused():
    row = {"feature": "item.new", "op": "is true"}
    with pytest.raises(LanguageError, match="more than 2,000 rows"):
        from_builder({"all": [row] * 2_001}, ENVIRONMENT)
