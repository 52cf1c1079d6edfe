"""How long does a list of ten million take in the console: to bring in, to change, and to look at?

`python -m bench.console_lists [entries]` brings a shuffled file into a list of an installation of its own, as the
worker does, and then asks the pages; it prints seconds, milliseconds and the most memory the process ever held. What
PostgreSQL does comes on top of the CPU it names.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MILLION = 1_000_000


def make_file(path: Path, count: int) -> None:
    """GTIN-like numbers in no order, every twentieth with one of a hundred expiries."""
    rng = np.random.default_rng(7)
    numbers = pc.cast(pa.array(rng.permutation(count) * 977 + 4_000_000_000_000), pa.string())
    ends = [f"\t2027-{1 + n % 12:02}-{1 + n % 28:02}T00:00:00Z\n" for n in range(100)]
    tails = pa.array(["\n"] * 1900 + ends).take(pa.array(rng.integers(0, 2000, count)))
    lines = pc.binary_join_element_wise(numbers, tails, "")
    with path.open("wb") as file:
        for start in range(0, count, MILLION):
            file.write("".join(lines[start : start + MILLION].to_pylist()).encode())


@contextmanager
def installation() -> Iterator[None]:
    """A console over an embedded PostgreSQL in a folder of its own."""
    root = Path(tempfile.mkdtemp(prefix="aedile-bench-"))
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
        call_command("migrate", verbosity=0)
        yield
        connections.close_all()
    finally:
        database.close()
        shutil.rmtree(root)


SCHEMA = """
entities:
  item:
    meaning: A product listing.
    features:
      gtin: {type: string, meaning: The number of the trade item.}
"""
STRATEGY = {
    "id": "recalled-hold", "title": "Recalled", "why": "It was recalled.", "owner": "bench", "tier": "quality",
    "applies_to": "item", "markets": ["ID"], "channels": ["search"], "condition": 'in_list(item.gtin, "many")',
    "action": "exclude",
}  # fmt: skip


def person(name: str, *roles: str) -> Any:
    """Somebody with these roles."""
    from aedile.console.accounts.actor import Actor
    from aedile.console.accounts.models import Grant, Person, Team
    from aedile.console.base.acting import noted

    with noted("aedile", "cli", "bench"):
        made = Person.objects.create(email=f"{name}@example.com", name=name)
        Team.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
        for role in roles:
            Grant.objects.create(person=made, role=role, markets=["all"])
    return Actor(made)


def ask_the_list(actor: Any) -> None:
    """Let a live strategy ask it."""
    from aedile.console.strategies import actions

    other = person("other", "approver", "admin")
    actions.enter_schema(other, SCHEMA)
    version = actions.submit(actor, actions.create_draft(actor, STRATEGY), reach=0.01)
    actions.approve(other, version)
    actions.advance(actor, version, "live")


def memory() -> float:
    """GB that this process held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def timed(what: str, deed: Callable[[], Any]) -> Any:
    start, cpu = time.perf_counter(), time.process_time()
    found = deed()
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(f"{what:40} {wall:7.1f} s {cpu:7.1f} s of its own CPU {memory():6.2f} GB at most", flush=True)
    return found


def send(actor: Any, how: str, seen: int, path: Path) -> Any:
    """What the console does with a file, and then the worker."""
    from types import SimpleNamespace

    from aedile.console.base.jobs import run
    from aedile.console.lists.changes import Asked, begin
    from aedile.console.lists.models import Change

    change = begin(actor, "many", Asked(how, seen), lambda target: shutil.copy(path, target))
    if change.job is not None:
        run(SimpleNamespace(should_abort=lambda: False), job=str(change.job.pk))
    change = Change.objects.select_related("job").get(pk=change.pk)
    assert change.state == "done", (change.state, change.problems, change.job and change.job.problems)
    return change


def look(actor: Any, count: int, newest: int) -> None:
    """The median and the worst of some calls of each page, each on another place."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(actor.person, backend="allauth.account.auth_backends.AuthenticationBackend")
    step = count // 23
    pages = {
        "all lists": "",
        "the list's page": "many/",
        "a page of entries, somewhere": "many/?offset={place}",
        "entries that begin with": "many/?q=40{turn:02}",
        "an entry": "many/?match=exact&q={number}",
        "what the newest revision changed": f"many/revisions/{newest}/",
        "what revision 2 changed, all of it": "many/revisions/2/",
    }
    for what, address in pages.items():
        taken, cpu = [], time.process_time()
        for turn in range(20):
            told = address.format(turn=turn, place=step * turn, number=4_000_000_000_000 + 977 * step * turn)
            start = time.perf_counter()
            answer = client.get(f"/lists/{told}")
            taken.append(1000 * (time.perf_counter() - start))
            assert answer.status_code == 200, answer.content
        cpu = 1000 * (time.process_time() - cpu) / len(taken)
        print(
            f"{what:40} {np.median(taken):7.0f} ms median {max(taken):7.0f} ms at most {cpu:7.0f} ms of its own CPU",
            flush=True,
        )
    start = time.perf_counter()
    size = sum(len(part) for part in client.get(f"/lists/many/revisions/{newest}/file").streaming_content)
    print(f"{'the whole as a file':40} {time.perf_counter() - start:7.1f} s {size / 1e6:7.0f} MB", flush=True)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10 * MILLION
    with installation(), tempfile.TemporaryDirectory() as folder:
        from aedile.console.lists.actions import create_list

        actor, path = person("bench", "strategist"), Path(folder) / "many.txt"
        count -= 1_000  # room for what is added
        make_file(path, count)
        print(f"{count:,} entries, {path.stat().st_size / 1e6:.0f} MB; {memory():.2f} GB before", flush=True)
        create_list(actor, "many", "bench", "Many entries.")
        timed("bring all in", lambda: send(actor, "replace", 1, path))
        few = Path(folder) / "few.txt"
        few.write_text("".join(f"{4_000_000_000_001 + 97_700 * n}\n" for n in range(10)))
        timed("add ten", lambda: send(actor, "put", 2, few))
        timed("replace all by the file again", lambda: send(actor, "replace", 3, path))
        few.write_text("".join(f"{4_000_000_000_000 + 977 * 1000 * n}\n" for n in range(count // 1000)))
        timed("remove one in a thousand", lambda: send(actor, "remove", 4, few))
        look(actor, count, 5)
        timed("let a live strategy ask it", lambda: ask_the_list(actor))
        few.write_text("4000000000001\n")
        timed("take one out, and publish", lambda: send(actor, "remove", 5, few))


if __name__ == "__main__":
    main()
