"""The console over a PostgreSQL of its own; every test begins with the tables as they are after migration."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from aedile.store.database import Database
from tests.console.tables import Template

#: Seconds in which a served console answers.
_PATIENCE = 60
_numbers = count(1)


@pytest.fixture(scope="session")
def console_home() -> Iterator[Path]:
    """A home whose PostgreSQL runs, with Django set up on it for the whole process."""
    root = Path(tempfile.mkdtemp(prefix="aedile-console-"))
    root.chmod(0o711)
    os.environ |= {"AEDILE_HOME": str(root / "home"), "DJANGO_SETTINGS_MODULE": "aedile.console.settings"}
    from aedile.console.settings import AEDILE, HOME
    from aedile.store.database import database_at

    database = database_at(HOME, AEDILE.database_url)
    database.open()
    try:
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        _forget_safety(database)
        call_command("migrate", verbosity=0)
        connections.close_all()
        yield root / "home"
        connections.close_all()
    finally:
        database.close()
        shutil.rmtree(root)
        del os.environ["AEDILE_HOME"], os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session")
def console_tables(console_home: Path) -> Template:
    """What the tables are like after migration, before anybody writes."""
    from aedile.console.settings import AEDILE, HOME
    from aedile.store.database import database_at

    return Template.of(database_at(HOME, AEDILE.database_url).dsn)


@pytest.fixture
def console(console_home: Path, console_tables: Template) -> Iterator[Database]:
    """Fresh tables. Whoever writes commits, as in real life: history is written at commit."""
    from django.core import mail
    from django.core.cache import cache
    from django.db import connections

    from aedile.console.settings import AEDILE, HOME
    from aedile.store.database import database_at

    database = database_at(HOME, AEDILE.database_url)
    connections.close_all()
    console_tables.restore()
    cache.clear()
    mail.outbox = []
    yield database
    connections.close_all()


def _forget_safety(database: Database) -> None:
    """Tables are copied for every test, and waiting for the disk takes most of it; nothing here outlives a crash."""
    with psycopg.connect(make_conninfo(database.dsn, dbname="postgres"), autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(name)))
        connection.execute("select pg_reload_conf()")


@pytest.fixture
def make_person(console: Database) -> Callable[..., Any]:
    """Makes a person with one role, or none: `make_person("strategist", markets=["ID"], team="brand-protection")`."""

    def make(
        role: str | None = None, *, markets: Sequence[str] = ("all",), team: str | None = None, **fields: Any
    ) -> Any:
        from aedile.console.accounts.models import Grant, Person, Team
        from aedile.console.base.acting import noted

        number = next(_numbers)
        with noted("aedile", "cli", "person.manage"):
            person = Person(email=f"person{number}@example.com", name=f"Person {number}", **fields)
            person.set_unusable_password()
            person.save()
            if team is not None:
                Team.objects.get_or_create(slug=team, defaults={"name": team.title()})
            if role is not None:
                Grant.objects.create(person=person, role=role, markets=list(markets), team_id=team)
        return person

    return make


@pytest.fixture
def actor_for() -> Callable[..., Any]:
    """The actor that a person is, in the console or another way."""

    def make(person: Any, via: str = "console") -> Any:
        from aedile.console.accounts.actor import Actor

        return Actor(person, via)

    return make


@pytest.fixture
def browse(console: Database) -> Callable[..., Any]:
    """Django's test client, signed in as a person; without one as a stranger."""

    def make(person: Any | None = None) -> Any:
        from django.test import Client

        client = Client(SERVER_NAME="localhost")
        if person is not None:
            client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def make_version(make_person: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a strategy with one version: `make_version(stage="live", share=0.1, markets=["ID"])`."""

    def make(id: str = "", *, author: Any = None, team: str = "quality", **fields: Any) -> Any:
        from aedile.console.accounts.models import Person, Team
        from aedile.console.base.acting import noted
        from aedile.console.strategies.models import Approval, Strategy, Version

        id = id or f"strategy-{next(_numbers)}"
        author = author or make_person("strategist", team=team)
        told = {"digest": "d" * 64, "markets": ["all"], "tier": "quality", "title": f"Title of {id}", **fields}
        told.setdefault("words", f"{id} {told['title']}".lower())
        ways = {"draft": (), "paused": ("proposed", "shadow", "paused"), "proposed": ("proposed",)}
        stage = told.pop("stage", "draft")
        with noted("aedile", "cli", "strategy.import"):
            Team.objects.get_or_create(slug=team, defaults={"name": team.title()})
            strategy, _ = Strategy.objects.get_or_create(id=id, defaults={"team_id": team})
            version = Version.objects.create(strategy=strategy, number=1, body={}, author=author, **told)
            if stage not in ("draft", "proposed") and version.emergency_until is None:
                approver = Person.objects.create(email=f"approver{next(_numbers)}@example.com", name="Approver")
                Approval.objects.create(version=version, person=approver, approves=True, digest=version.digest)
            for version.stage in ways.get(stage, ("proposed", stage)):
                version.save()
        return version

    return make


@pytest.fixture(scope="session")
def served(console_home: Path, console_tables: Template) -> Iterator[str]:
    """The console's address: one process for all tests, whose tables are made anew beneath it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--blocking-threads", "4", "--no-ws", "aedile.console.wsgi:application",
    ]  # fmt: skip
    log = open(console_home / "console.log", "w+b")  # noqa: SIM115  closed below
    process = subprocess.Popen(command, env={**os.environ, "AEDILE_HOME": str(console_home)}, stdout=log, stderr=log)
    address = f"http://localhost:{port}"
    try:
        _wait(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _wait(address: str, process: subprocess.Popen[bytes], log: Any) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            httpx.get(f"{address}/account/login/", timeout=10)
            return
        except httpx.TransportError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    log.seek(0)
    pytest.fail(f"the console did not start:\n{log.read().decode()[-4000:]}")
