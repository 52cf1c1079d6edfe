"""What is wrong with the console of an installation, and how is it mended? Looked at from outside, without Django."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from aedile.console.up import Address, require_safe
from aedile.errors import AedileError
from aedile.server.checkup import Finding, State
from aedile.settings import Settings
from aedile.store.database import database_at
from aedile.store.home import Home

#: Seconds after the last sign of life of a worker at which it counts as gone.
SILENT = 10
_OURS = Path(__file__).parent


@dataclass(slots=True)
class ConsoleCheckup:
    """Looks at the console of one installation."""

    settings: Settings
    home: Home

    def findings(self) -> list[Finding]:
        """All findings. Where PostgreSQL cannot be reached the server's checkup has said so."""
        found = [*self._address()]
        database = database_at(self.home, self.settings.database_url)
        if database.embedded is not None and (
            database.embedded.version_of_data() is None or not database.embedded.is_running()
        ):
            return found
        try:
            with database.connect() as connection:
                found += self._database(connection)
        except (AedileError, psycopg.Error):
            return found
        return found

    def _address(self) -> Iterator[Finding]:
        console = self.settings.console
        try:
            require_safe(self.settings)
        except AedileError as error:
            yield Finding("console", "bad", error.message, error.fix)
        if Address(console.host, console.port, "/health").answers():
            yield Finding("console", "good", f"it answers at {console.address}")
        elif _listens(console.host, console.port):
            yield Finding(
                "console", "bad", f"what listens at {console.host}:{console.port} says that it does not work",
                "see its log; where PostgreSQL is gone it goes on by itself once that is back",
            )  # fmt: skip
        else:
            yield Finding("console", "look", "it does not run", "aedile up")

    def _database(self, connection: psycopg.Connection) -> Iterator[Finding]:
        exists = connection.execute("select to_regclass('django_migrations') is not null").fetchone()
        if not exists or not exists[0]:
            yield Finding("console tables", "look", "they are not made yet", "`aedile up` makes them")
            return
        yield from _migrations(connection)
        yield from _people(connection)
        yield from _worker(connection)
        yield from self._notices(connection)

    def _notices(self, connection: psycopg.Connection) -> Iterator[Finding]:
        dead = _number(connection, "select count(*) from base_outbox where state = 'dead'")
        if dead:
            yield Finding("notices", "look", f"{dead:,} were given up", "see Settings, Outbox, and try them again")
        notices = self.settings.notices
        if not notices.send:
            yield Finding("notices", "look", "none leaves this machine", "set notices.send, and notices.mail for mail")
        elif notices.mail is None:
            yield Finding("notices", "look", "no mail is sent to people", "set notices.mail")
        elif not dead:
            yield Finding("notices", "good", "they are sent")


def _migrations(connection: psycopg.Connection) -> Iterator[Finding]:
    there = set(connection.execute("select app, name from django_migrations").fetchall())
    ours = {(path.parents[1].name, path.stem) for path in _OURS.glob("*/migrations/0*.py")}
    apps = {app for app, _ in ours}
    newer = sorted(f"{app}.{name}" for app, name in there - ours if app in apps)
    missing = ours - there
    if newer:
        yield Finding("console tables", "bad", f"a newer aedile made {newer[0]}", "install that version again")
    elif missing:
        yield Finding("console tables", "look", f"{len(missing)} steps are missing", "`aedile up` makes them")
    else:
        yield Finding("console tables", "good", "up to date")


def _people(connection: psycopg.Connection) -> Iterator[Finding]:
    admins = _number(
        connection,
        "select count(distinct person_id) from accounts_grant join accounts_person on person_id = accounts_person.id "
        "where role = 'admin' and is_active",
    )
    if not admins:
        yield Finding("people", "look", "nobody is admin", "aedile person add EMAIL --name NAME")


def _worker(connection: psycopg.Connection) -> Iterator[Finding]:
    alive = _number(
        connection,
        "select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => %s)",
        SILENT,
    )
    waiting = _number(connection, "select count(*) from base_job where state = 'waiting'")
    if alive:
        yield Finding("job worker", "good", f"it is alive; {waiting:,} jobs wait")
    else:
        state: State = "bad" if waiting else "look"
        yield Finding("job worker", state, f"it gives no sign of life; {waiting:,} jobs wait", "aedile up")


def _number(connection: psycopg.Connection, query: LiteralString, *values: int) -> int:
    row = connection.execute(query, values).fetchone()
    return int(row[0]) if row is not None else 0


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False
