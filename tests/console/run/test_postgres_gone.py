"""PostgreSQL dies and comes back: the console says so, goes on by itself, and has lost nothing that it acknowledged."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest

from .conftest import until
from .installation import installation

PASSWORD = "correct horse battery staple"
MAKE_ADMIN = f"""
import django
django.setup()
from aedile.console.accounts import people
from aedile.console.base.acting import noted
with noted("aedile", "cli", "person.manage"):
    person = people.add_person("admin@shop.example", "Admin")
    person.set_password({PASSWORD!r})
    person.save()
    people.grant(person, "admin", ["all"])
"""


@pytest.fixture
def at():
    with installation() as made:
        made.start()
        environment = {**os.environ, "AEDILE_HOME": str(made.home), "DJANGO_SETTINGS_MODULE": "aedile.console.settings"}
        subprocess.run([sys.executable, "-c", MAKE_ADMIN], env=environment, check=True, timeout=60, cwd=made.root)
        yield made


def signed_in(at) -> httpx.Client:
    browser = httpx.Client(base_url=f"http://localhost:{at.console}", timeout=30)
    at.browsers.append(browser)
    page = browser.get("/account/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    form = {"csrfmiddlewaretoken": token, "login": "admin@shop.example", "password": PASSWORD}
    assert browser.post("/account/login/", data=form).status_code == 302
    return browser


class Writer(threading.Thread):
    """Makes one team after another until told to stop, and notes which of them were acknowledged."""

    def __init__(self, at, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.browser, self.number, self.stop = signed_in(at), number, stop
        self.acknowledged: list[str] = []
        self.refused: list[int] = []

    def run(self) -> None:
        turn = 0
        while not self.stop.is_set():
            turn += 1
            slug = f"team-{self.number}-{turn}"
            form = {"csrfmiddlewaretoken": self.browser.cookies["aedile_csrf"], "slug": slug, "name": slug}
            try:
                answer = self.browser.post("/settings/teams/add/", data=form)
            except httpx.TransportError:
                continue
            if answer.status_code == 302:
                self.acknowledged.append(slug)
            else:
                self.refused.append(answer.status_code)
            time.sleep(0.02)


def test_no_acknowledged_write_is_lost_and_the_console_recovers_by_itself(at):
    stop = threading.Event()
    writers = [Writer(at, number, stop) for number in range(3)]
    for writer in writers:
        writer.start()
    for _ in range(2):
        before = len(writers[0].acknowledged)
        until(lambda least=before: len(writers[0].acknowledged) > least + 3, what="writes")
        killed = at.postmaster()
        os.kill(killed, signal.SIGKILL)
        until(lambda pid=killed: at.postmaster() not in (None, pid), 60, "the next PostgreSQL")
    before = [len(writer.acknowledged) for writer in writers]
    until(lambda: all(len(w.acknowledged) > b for w, b in zip(writers, before, strict=True)), what="later writes")
    stop.set()
    for writer in writers:
        writer.join()
    assert {status for writer in writers for status in writer.refused} <= {503}
    there = teams(at)
    lost = {slug for writer in writers for slug in writer.acknowledged} - there
    assert lost == set()
    verified = subprocess.run(
        [at.command, "history", "verify", "--home", at.home], capture_output=True, text=True, timeout=60, check=False,
        cwd=at.root, env={name: value for name, value in os.environ.items() if not name.startswith("AEDILE_")},
    )  # fmt: skip
    assert verified.returncode == 0, verified.stderr


def teams(at) -> set[str]:
    import psycopg

    from aedile.store.database import database_at
    from aedile.store.home import Home

    with psycopg.connect(database_at(Home(at.home), None).dsn) as connection:
        return {row[0] for row in connection.execute("select slug from accounts_team")}


def test_while_postgresql_is_gone_a_page_says_what_is_wrong(at):
    browser = signed_in(at)
    held = hold_back(at)
    try:
        until(lambda: browser.get("/").status_code == 503, what="a page that says so")
        page = browser.get("/settings/teams/")
        assert page.status_code == 503
        assert page.headers["Retry-After"] == "5"
        assert "the console does not reach PostgreSQL" in page.text
        assert "AED-CON-005" in page.text
        assert at.get("/health")[0] == 503
        assert at.get("/health", at.server)[0] == 200, "decisions go on"
    finally:
        held()
    until(lambda: browser.get("/settings/teams/").status_code == 200, 60, "the page again")


def hold_back(at):
    """Kill PostgreSQL, and keep the next one from starting until the function that is returned is called."""
    data = at.home / "postgres" / "data"
    control = data / "global" / "pg_control"
    os.kill(at.postmaster(), signal.SIGKILL)
    control.rename(control.with_suffix(".away"))
    return lambda: control.with_suffix(".away").rename(control)
