"""How long does the console take for a page, with a hundred thousand versions, ten million entries, a million writes?

`python -m bench.console_pages [share]` fills an installation of its own, to a share of that, and asks every page of a
list with every filter, sort and search, from its first page to far ones; it prints what the server took: the median,
95 of a hundred, and the most. `--without-lists` leaves the ten million entries to `bench.console_lists`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bench.console_effect import SCHEMA
from bench.console_lists import installation, make_file, send

BOUND = 300.0
VERSIONS, HISTORY, ENTRIES, RUNNING, RELEASES = 100_000, 1_000_000, 10_000_000, 1_000, 2_000
#: How often each address is asked; the first time is not counted: it plans, compiles and fills caches.
TURNS = 40
_SQL = Path(__file__).with_suffix("").with_name("console_scale.sql")
_FEATURE = "      category: {type: string, meaning: Where it stands.}\n"


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is."""

    versions: int
    history: int
    entries: int
    running: int
    releases: int

    @classmethod
    def of(cls, share: float) -> Size:
        whole = (VERSIONS, HISTORY, ENTRIES, RUNNING, RELEASES)
        return cls(*(max(10, round(number * share)) for number in whole))


def fill(dsn: str, size: Size) -> Mapping[str, Any]:
    """Make it all; who looks at it: by name somebody for all markets, and somebody for one."""
    from aedile.console.accounts.actor import Actor
    from aedile.console.accounts.models import Grant, Person, Team
    from aedile.console.base.acting import noted
    from aedile.console.strategies.actions import enter_schema

    looks = {}
    with noted("aedile", "cli", "bench"):
        for number in range(20):
            Team.objects.create(slug=f"team-{number:02}", name=f"Team {number}")
        for name, markets in (("everywhere", ["all"]), ("in one market", ["ID"])):
            looks[name] = Person.objects.create(email=f"{name.replace(' ', '-')}@example.com", name=name)
            for role in ("admin", "strategist", "approver", "compliance"):
                Grant.objects.create(person=looks[name], role=role, markets=markets)
        for number in range(300):
            person = Person.objects.create(email=f"person{number}@example.com", name=f"Person {number}")
            Grant.objects.create(
                person=person, role="strategist", markets=["all"], team_id=f"team-{number % 20:02}"
            )  # fmt: skip
    enter_schema(Actor(looks["everywhere"]), SCHEMA + _FEATURE)
    sizes = {
        "strategies": size.versions // 5, "running": size.running, "releases": size.releases, "history": size.history,
    }  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as connection:
        for part in _SQL.read_text().split("-- Name: ")[1:]:
            text = part.partition("\n")[2]
            for name, number in sizes.items():
                text = text.replace(f"{{{name}}}", str(number))
            connection.execute(text)  # type: ignore[call-overload]  # a file of our own
        connection.execute("vacuum analyze")
    return looks


def make_lists(actor: Any, entries: int) -> None:
    """A list of so many entries, and two hundred small ones."""
    from aedile.console.lists.actions import create_list

    for number in range(200):
        create_list(actor, f"list-{number:03}", "team-01", f"What is small, number {number}.")
    create_list(actor, "many", "team-01", "What is much.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.txt"
        make_file(path, entries)
        send(actor, "replace", 1, path)
        shutil.rmtree(path, ignore_errors=True)


def pages(size: Size, *, with_lists: bool) -> Iterator[tuple[str, str]]:
    """What is asked: in words, and its address, in which `{turn}` is another number each time."""
    table = {
        "strategies": "", "by id": "sort=strategy", "by id, from the end": "sort=-strategy", "by title": "sort=title",
        "by change, the oldest": "sort=changed", "live ones": "stage=live", "drafts": "stage=draft",
        "retired": "stage=retired", "with an error": "stage=problems", "emergencies": "stage=emergency",
        "of a tier": "tier=legal", "of a tier, by id": "tier=legal&sort=strategy", "of an action": "action=boost",
        "of a market": "market=VN", "of a market nobody has": "market=BR", "of a channel": "channel=live",
        "of a team": "team=team-07", "with a common word": "q=dear", "with a rare word": "q=recalled-{turn}6%22",
        "with a word nobody wrote": "q=zebra{turn}", "with words, live, by title": "q=fake+price&stage=live&sort=title",
        "of a team, retired, by id": "team=team-03&stage=retired&sort=strategy",
    }  # fmt: skip
    for words, query in table.items():
        yield f"strategies: {words}", f"/strategies/?{query}"
    yield "strategy debt", "/strategies/debt"
    yield "strategy debt, far on", "/strategies/debt?page=40"
    yield "a version", "/strategies/strategy-000006/4/"
    yield "a dossier", "/strategies/strategy-000006/4/dossier"
    yield "releases", "/releases/"
    yield "releases, far on", "/releases/?page=30"
    yield "a release", f"/releases/{size.releases}/"
    yield "today", "/"
    yield "palette: an id", "/find?q=strategy-0{turn}1"
    yield "palette: a word", "/find?q=copied"
    yield "palette: a word nobody wrote", "/find?q=zebra{turn}"
    yield "people", "/settings/people/"
    yield "people by a word", "/settings/people/?q=person{turn}"
    yield "teams", "/settings/teams/"
    yield "a team", "/settings/teams/team-07/"
    yield "outbox", "/settings/outbox/"
    for words, query in {
        "all": "", "far on": f"before={size.history // 2}", "of a person": "actor=person{turn}%40example.com",
        "of nobody": "actor=zebra{turn}", "of an action": "action=strategy.approve",
        "of a table": "table=accounts_grant",
        "of a row": "table=strategies_version&key={turn}01", "of a person and an action": "actor=person8%40example.com"
        "&action=strategy.write", "what never met": "action=list.write&table=accounts_grant",
        "since a day": "since=2026-11-01", "until a day": "until=2026-03-01&action=list.write",
    }.items():  # fmt: skip
        yield f"history: {words}", f"/settings/history/?{query}"
    if with_lists:
        step = max(1, size.entries // 15)
        yield "lists", "/lists/"
        yield "lists by a word", "/lists/?q=small"
        yield "a list", "/lists/many/"
        yield "a list's entries, somewhere", f"/lists/many/?offset={{turn*{step}}}"
        yield "a list's last entries", f"/lists/many/?offset={size.entries - 40}"
        yield "entries that begin with", "/lists/many/?q=40{turn}"
        yield "an entry", f"/lists/many/?match=exact&q={4_000_000_000_000 + 977 * (size.entries // 3)}"


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds that the server took for one address, sorted."""

    page: str
    times: tuple[float, ...]

    @property
    def best(self) -> float:
        return self.times[0]

    @property
    def p95(self) -> float:
        return float(np.quantile(self.times, 0.95, method="higher"))

    def __str__(self) -> str:
        return f"{self.page:48} {np.median(self.times):6.0f} ms {self.p95:6.0f} ms {self.times[-1]:6.0f} ms"


def ask(person: Any, size: Size, *, with_lists: bool, turns: int = TURNS) -> Iterator[Taken]:
    """Ask each page again and again, as somebody."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    for words, address in pages(size, with_lists=with_lists):
        times = []
        for turn in range(turns + 1):
            told = _with_turn(address, turn)
            start = time.perf_counter()
            answer = client.get(told)
            body = answer.content
            times.append(1000 * (time.perf_counter() - start))
            assert answer.status_code == 200, (told, answer.status_code, body[-1500:])
        yield Taken(words, tuple(sorted(times[1:])))


def _with_turn(address: str, turn: int) -> str:
    if "{turn*" in address:
        head, _, rest = address.partition("{turn*")
        step, _, tail = rest.partition("}")
        return f"{head}{turn * int(step)}{tail}"
    return address.replace("{turn}", str(turn))


def main() -> int:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    size, with_lists = Size.of(float(words[0]) if words else 1.0), "--without-lists" not in sys.argv
    with installation():
        from aedile.console.accounts.actor import Actor
        from aedile.console.settings import AEDILE, HOME
        from aedile.store.database import database_at

        start = time.perf_counter()
        looks = fill(database_at(HOME, AEDILE.database_url).dsn, size)
        if with_lists:
            make_lists(Actor(looks["everywhere"]), size.entries)
        print(f"{size}, made in {time.perf_counter() - start:.0f} s", flush=True)
        slow = []
        for name, person in looks.items():
            print(f"\nfor somebody {name:34} median    95 %     most", flush=True)
            for taken in ask(person, size, with_lists=with_lists):
                print(f"{taken} {'<<<' if taken.p95 > BOUND else ''}", flush=True)
                if taken.p95 > BOUND:
                    slow.append(taken)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
