"""Is every cell of the table of permissions kept, by the console's pages and by the API, markets and teams included?

What may be done is read from the page under review (`../accounts/permissions.txt`), never from the code that decides.
Each call is made by somebody of each role, whose market is ID and whose team is `ours`, on what is of ID, of ID and VN,
of VN, of `ours` and of `theirs`. What they may do is done, and the history has it; what they may not is refused with
403, or 404 where they may not even know of it, and nothing was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import pytest

from tests.console.accounts.test_permissions import grid
from tests.console.permissions.calls import CALLS, WITHOUT_PAGE, Call
from tests.console.permissions.conftest import MARKETS, ROLES, TEAMS, World


def is_documented(call: Call) -> bool:
    """Whether the API's own document has the call."""
    parts = call.address.partition("?")[0].split("/")
    return any(_fits(path.split("/"), parts) and call.method.lower() in does for path, does in document().items())


def _fits(pattern: list[str], parts: list[str]) -> bool:
    pairs = zip(pattern, parts, strict=False)
    return len(pattern) == len(parts) and all(one.startswith("{") or one == other for one, other in pairs)


@cache
def document() -> Any:
    from aedile.console.api.app import api

    return api.get_openapi_schema()["paths"]


def test_every_permission_has_a_page_and_a_call_that_need_it(world: World) -> None:
    from aedile.console.accounts.permissions import PERMISSIONS

    assert set(CALLS) == set(PERMISSIONS)
    assert {name for name, calls in CALLS.items() if all(call.is_api for call in calls)} == set(WITHOUT_PAGE)
    assert all(any(call.is_api for call in calls) for calls in CALLS.values())
    assert [str(call) for calls in CALLS.values() for call in calls if call.is_api and not is_documented(call)] == []


def cells(name: str, reach: str) -> Iterator[tuple[str, str]]:
    """Markets and team of what is acted upon; one cell where these do not count."""
    if reach == "anywhere":
        yield "ID", "ours"
    elif name.startswith("decision."):  # a decision is of one market, and of no team
        yield from product(("ID", "VN"), ("ours",))
    else:
        yield from product(MARKETS, TEAMS)


@pytest.mark.parametrize("name", list(CALLS))
def test_each_cell_holds(world: World, name: str) -> None:
    ((_, reach),) = [row for row in grid("roles") if row[0] == name]
    has, by_market, by_team = (
        grid("roles")[name, reach], grid("markets")[reach, "ID"], grid("teams")[reach, "ours"]
    )  # fmt: skip
    wrong, made = [], 0
    for call, (markets, team) in product(CALLS[name], cells(name, reach)):
        for role in (*ROLES, "nobody"):
            may = role != "nobody" and has[role] and by_market[markets] and by_team[team]
            with world.taken_back():
                status, writes, told = answer(world, call, role, markets, team)
            made += 1
            kept = status in (200, 201, 302) and writes == call.writes if may else status in (403, 404) and not writes
            if not kept:
                said = "" if status in (403, 404) else told
                wrong.append(
                    f"{role}, {markets}, {team}: {call}: {status}, {'may' if may else 'may not'}, "
                    f"{'writes' if writes else 'writes nothing'} {said}"
                )
    assert not wrong, "\n".join(wrong)
    assert made >= len(ROLES) + 1


def answer(world: World, call: Call, role: str, markets: str, team: str) -> tuple[int, bool, bytes]:
    """The call's status, whether anything was written, and what it told."""
    from django.core.cache import cache
    from django.db import connection

    cache.clear()
    named = world.named[markets, team]
    market = "VN" if markets == "VN" else "ID"
    named = named | {"request": f"in-{market.lower()}", "at": str(world.decided[market])}
    if "stamp" in call.sent:
        named["stamp"] = stamp(world.people[role], named["files"])
    address = call.address.format_map(named)
    sent = {key: _filled(value, named) for key, value in call.sent.items()}
    before = written()
    client = world.browsers[role]
    if call.is_api:
        headers = {"Authorization": f"Bearer {world.keys[role]}"} if role in world.keys else {}
        found = client.generic(
            call.method, address, b"" if not call.writes else _json(sent), content_type="application/json",
            headers=headers,
        )  # fmt: skip
    else:
        found = client.post(address, sent) if call.writes else client.get(address)
    if found.streaming:
        list(found.streaming_content)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        after = written()
        cursor.execute("set constraints all deferred")
    return found.status_code, after != before, b"" if found.streaming else found.content[-600:]


def stamp(person: Any, texts: Any) -> str:
    """Of the plan that the pusher would have made, of what they see."""
    from aedile.console.accounts.actor import Actor
    from aedile.console.strategies.files import plan

    return plan(Actor(person, "api"), texts).stamp


def _filled(value: Any, named: Any) -> Any:
    return named[value[1:-1]] if isinstance(value, str) and value[:1] == "{" else value


def _json(sent: Any) -> bytes:
    import json

    return json.dumps(sent).encode()


def written() -> int:
    """How many entries the history has."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select seq from history_head")
        return cursor.fetchone()[0]
