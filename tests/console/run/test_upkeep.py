"""An installation with a console is looked after: checked, saved, and restored with its history whole."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .installation import AEDILE, installation


@pytest.fixture
def aedile(console, console_home) -> Callable[..., Any]:
    def call(*words: object, home: Path = console_home, code: int = 0) -> Any:
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        done = subprocess.run(
            [str(word) for word in (AEDILE, *words, "--home", home, "--format", "json")],
            capture_output=True, text=True, timeout=120, check=False, env=environment,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    return call


def found(report: Any, what: str) -> list[tuple[str, str]]:
    return [(one["state"], one["told"]) for one in report["findings"] if one["what"] == what]


def test_the_checkup_tells_of_tables_worker_and_people(console, aedile, make_person):
    report = aedile("doctor")
    assert found(report, "console tables") == [("good", "up to date")]
    assert found(report, "job worker") == [("look", "it gives no sign of life; 0 jobs wait")]
    assert found(report, "people") == [("look", "nobody is admin")]
    make_person("admin")
    assert found(aedile("doctor"), "people") == []


def test_the_checkup_tells_of_a_newer_or_older_table(console, aedile):
    import psycopg

    with psycopg.connect(console.dsn) as connection:
        connection.execute("insert into django_migrations (app, name, applied) values ('base', '0999_later', now())")
    assert found(aedile("doctor"), "console tables") == [("bad", "a newer aedile made base.0999_later")]
    with psycopg.connect(console.dsn) as connection:
        connection.execute("delete from django_migrations where app = 'base' and name > '0001'")
    (state, told), *_ = found(aedile("doctor"), "console tables")
    assert state == "look"
    assert "missing" in told


def test_a_worker_that_is_alive_is_told(workers, aedile):
    from .conftest import until

    workers.start()
    until(lambda: found(aedile("doctor"), "job worker")[0][0] == "good", what="a sign of life")


def test_a_console_is_restored_with_the_same_history(console, aedile, make_person, tmp_path_factory):
    import psycopg

    from aedile.console.base.history import verify
    from aedile.store.database import open_database
    from aedile.store.home import Home

    for role in ("admin", "strategist", "approver"):
        make_person(role, team="search-quality")
    with psycopg.connect(console.dsn) as connection:
        before = verify(connection)
    assert before.entries > 3
    with installation() as elsewhere:
        file = elsewhere.root / "backup.zip"
        aedile("backup", file)
        aedile("restore", file, home=elsewhere.home)
        with open_database(Home(elsewhere.home), None) as database, psycopg.connect(database.dsn) as connection:
            assert verify(connection, expect=before.head) == before
            connection.execute("update accounts_person set name = 'Somebody else' where id = 1")
            connection.commit()
            assert verify(connection, expect=before.head).entries == before.entries + 1
        elsewhere.start()
        assert elsewhere.get("/health")[0] == 200
        assert elsewhere.stop() == 0
