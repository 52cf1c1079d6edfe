"""A small mall that is made once, in which every call can be tried by everybody: what a call writes is taken back.

Nothing is mocked: each call goes through the whole console, its triggers and checks fire, and what the history noted is
read before the transaction around it ends.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.console.decisions.conftest import ITEMS, SCHEMA, Desk, put, request, text
from tests.console.tables import Template

ROLES = (
    "viewer", "analyst", "strategist", "approver", "auditor", "responder", "commander", "compliance", "admin",
)  # fmt: skip
#: Markets of what is acted upon, by what they are to somebody whose market is ID.
MARKETS = {"ID": ["ID"], "ID,VN": ["ID", "VN"], "VN": ["VN"]}
TEAMS = ("ours", "theirs")
STAGES = ("draft", "proposed", "approved", "live", "urgent")
LATER = "2099-01-01T00:00:00Z"


@dataclass
class World:
    """people: by role, `nobody` without one; each has their role in ID, in the team `ours`. named: what addresses name,
    by markets and team. decided: request by market → when."""

    people: dict[str, Any] = field(default_factory=dict)
    browsers: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    named: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    decided: Mapping[str, int] = field(default_factory=dict)

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """Whatever is written within is as if it had not been."""
        from django.db import connection, transaction

        with transaction.atomic():
            connection.atomic_blocks[-1]._from_testcase = True  # lets an action begin its transaction within this one
            yield
            transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(console_tables: Template) -> Iterator[World]:
    from django.core.cache import cache
    from django.db import connections

    from aedile.console.settings import HOME
    from aedile.console.strategies import live

    connections.close_all()
    console_tables.restore()
    cache.clear()

    def clear() -> None:
        live.forget()
        for folder in (HOME.journal, HOME.decisions, HOME.shelf, HOME.workers):
            shutil.rmtree(folder)
        for path in HOME.root.glob("entities.sqlite*"):
            path.unlink()
        HOME.prepare()

    clear()
    made = World()
    _make_people(made)
    _make_strategies(made)
    yield made
    clear()
    connections.close_all()


def _make_people(world: World) -> None:
    from django.test import Client

    from aedile.console.accounts.actor import Actor
    from aedile.console.accounts.keys import make_key
    from aedile.console.accounts.models import Grant, Person, Team
    from aedile.console.base.acting import noted

    with noted("aedile", "cli", "person.manage"):
        for slug in TEAMS:
            Team.objects.create(slug=slug, name=slug.title())
        for name in ("first", "writer", "second", "boss", "guard"):
            world.people[name] = Person.objects.create(email=f"{name}@example.com", name=name)
        for name, role in (("writer", "strategist"), ("second", "approver"), ("boss", "admin"), ("guard", "responder")):
            Grant.objects.create(person=world.people[name], role=role, markets=["all"])
        for role in (*ROLES, "nobody"):
            person = world.people[role] = Person.objects.create(email=f"{role}@shop.example", name=role)
            if role != "nobody":
                Grant.objects.create(person=person, role=role, markets=["ID"], team_id="ours")
    for role in (*ROLES, "nobody"):
        client = world.browsers[role] = Client(SERVER_NAME="localhost", raise_request_exception=False)
        client.force_login(world.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
        if Actor(world.people[role]).may("key.own"):
            world.keys[role] = make_key(Actor(world.people[role]), ("read", "write"), 1, "a test")[0]


def _make_strategies(world: World) -> None:
    from aedile.console.accounts.actor import Actor
    from aedile.console.accounts.server_keys import make_server_key
    from aedile.console.lists.actions import create_list
    from aedile.console.strategies.actions import enter_schema
    from aedile.console.strategies.body import to_text

    writer, second, boss, guard = (Actor(world.people[name]) for name in ("writer", "second", "boss", "guard"))
    enter_schema(boss, SCHEMA)
    put("item", ITEMS)
    create_list(writer, "recalled", "ours", "What was recalled.")
    key = make_server_key(boss, ["decide"], 1)[1].id
    for market, team in [(market, team) for market in MARKETS for team in TEAMS]:
        end = f"{market}-{team}".lower().replace(",", "-")

        def said(id_: str, *, market: str = market, team: str = team, **changes: Any) -> dict[str, Any]:
            return text(
                id_, "item.price > 1000000.0", {"demote": {"factor": 0.5}}, owner=team, markets=MARKETS[market],
                expires=LATER, **changes,
            )  # fmt: skip

        here = {stage: f"{stage}-{end}" for stage in STAGES}
        move = _stage_all(writer, second, guard, {stage: said(id_) for stage, id_ in here.items()})
        anew, fresh = said(here["draft"], why="Otherwise."), said(f"fresh-{end}")
        world.named[market, team] = {
            **here, "move": str(move.pk), "key": key, "schema": SCHEMA, "body": anew, "text": to_text(anew, "draft"),
            "new body": fresh, "new text": to_text(fresh, "draft"),
            "files": {f"fresh-{end}.yaml": to_text(fresh, "draft")},
        }  # fmt: skip
    desk = Desk(writer, second, boss)
    desk.decide([request("in-id", "ID"), request("in-vn", "VN")])
    world.decided = {"ID": desk.at["in-id"], "VN": desk.at["in-vn"]}


def _stage_all(writer: Any, second: Any, guard: Any, bodies: Mapping[str, Any]) -> Any:
    """Let a strategy stand in each stage; something scheduled for the one that is approved."""
    from datetime import UTC, datetime

    from aedile.console.strategies import actions

    versions = {stage: actions.create_draft(writer, said) for stage, said in bodies.items()}
    actions.emergency(guard, versions.pop("urgent"), "at once")
    for stage in ("proposed", "approved", "live"):
        versions[stage] = actions.submit(writer, versions[stage], reach=0.01)
    for stage in ("approved", "live"):
        actions.approve(second, versions[stage])
    actions.advance(writer, versions["live"], "live")
    return actions.schedule(writer, versions["approved"], "live", datetime(2099, 1, 1, tzinfo=UTC))
