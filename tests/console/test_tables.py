"""Is nothing of a test left in the tables when the next begins?"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.console import tables
from tests.console.tables import Template


def told(template: Template) -> tuple[Any, ...]:
    """Every row, every sequence, what is defined, and how large each table is."""
    with psycopg.connect(template.dsn, autocommit=True) as connection:
        names = sorted([*template.filled, *template.empty])
        return (
            {name: tables._rows(connection, name) for name in names},
            tables._sequences(connection),
            tables._one(connection, tables._DEFINED),
            {name: tables._one(connection, "select pg_relation_size(%s::regclass)", name) for name in template.empty},
        )


def test_rows_and_sequences_are_as_they_were(console: Any, console_tables: Template, make_version: Any) -> None:
    before = told(console_tables)
    make_version(stage="live")
    during = told(console_tables)
    assert [one == other for one, other in zip(before, during, strict=True)] == [False, False, True, False]
    console_tables.restore()
    assert told(console_tables) == before


@pytest.mark.parametrize(
    "change",
    [
        "drop table history cascade",
        "create table one_more (number int)",
        "create function one_more() returns int language sql as 'select 1'",
        "alter table strategies_version disable trigger all",
        "alter table strategies_version alter column title drop not null",
        "create schema one_more",
        "alter database aedile set work_mem = '5MB'",
        "alter role aedile in database aedile set work_mem = '5MB'",
    ],
)
def test_what_was_defined_anew_is_gone(console: Any, console_tables: Template, change: str) -> None:
    before = told(console_tables)
    with psycopg.connect(console_tables.dsn, autocommit=True) as connection:
        connection.execute(change)
    console_tables.restore()
    assert told(console_tables) == before
