"""The demo beside a running installation: `python -m aedile.console.demo`, started by `aedile up --demo`.

The first time it sets the marketplace up, which takes a minute; it goes on where it was stopped. Then shoppers ask.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError

import django
from django.db import OperationalError

from aedile.console.orphan import stop_when_orphaned
from aedile.errors import AedileError, Errors
from aedile.server.supervised import supervisor
from aedile.settings import Settings, load_settings
from aedile.store.database import database_at
from aedile.store.home import Home

log = logging.getLogger("aedile.console.demo")
DONE = "done.json"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aedile.console.settings")
    settings = load_settings()
    stop_when_orphaned(supervisor())
    django.setup()
    from aedile.console.ready import make_ready

    over = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: over.set())
    home = Home(settings.home).prepare()
    database = database_at(home, settings.database_url)
    try:
        make_ready(database)
        run(settings, home, over)
    except (AedileError, Errors, OperationalError) as error:
        log.error("%s", error)
        return 1
    finally:
        database.close()
    return 0


def run(settings: Settings, home: Home, over: threading.Event) -> None:
    """Set up what is missing, say how to sign in, and let shoppers ask until it is over."""
    from aedile.client.http import Client
    from aedile.console.demo import people, shoppers

    folder, url = home.root / "demo", f"http://localhost:{settings.server.port}"
    password = people.password_in(home.secrets)
    people.make_people(password)
    print(f"\n{people.logins(password, settings.console.address)}\n", flush=True)
    key = shoppers.key_in(home.secrets, people.actor("ada"))
    with Client(url, key, deadline=2.0) as client:
        if not (folder / DONE).exists():
            set_up(client, folder, url, over)
        shoppers.ask_for_ever(client, folder, over.is_set)


def set_up(client: object, folder: Path, url: str, over: threading.Event) -> None:
    """All that has happened so far."""
    from aedile.client.http import Client
    from aedile.console.demo import marketplace as mall
    from aedile.console.demo import shoppers
    from aedile.console.strategies.world import current_schema

    assert isinstance(client, Client)
    began = time.monotonic()
    past = mall.Past(datetime.now(UTC))
    mall.enter_schema(past)
    mall.fill_lists(past)
    mall.release_first(past)
    shoppers.write_requests(folder, past.now.date())
    _wait(f"{url}/ready", over)
    shoppers.put_items(client, folder, current_schema()[0])
    for _ in mall.release_all(past):
        if over.is_set():
            raise SystemExit(0)
    for step in (
        mall.change_lists, mall.write_next_versions, mall.pause_one, mall.roll_back_once, mall.leave_work_open,
        mall.talk, mall.plan_campaign, mall.start_emergency, mall.tell_teams,
    ):  # fmt: skip
        step(past)
    (folder / DONE).write_text(json.dumps({"at": past.now.isoformat()}))
    print(f"  The demo's marketplace is complete after {time.monotonic() - began:.0f} s.\n", flush=True)


def _wait(url: str, over: threading.Event) -> None:
    """Until the server decides by the first release."""
    while not over.is_set():
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  our own address
                if answer.status == 200:
                    return
        except (URLError, OSError):
            pass
        over.wait(0.2)
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
