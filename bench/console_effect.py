"""How long is it from a click in the console until every worker of the decision server acts by it?

`python -m bench.console_effect [releases]` starts an installation of its own: a console, as `aedile up` serves it, and
a decision server of four workers that decides all the while. Then a person sends the form of a version's page again
and again, each time with another share of a canary; each is a release. The clock runs from before the form is sent
until the last request was asked that any worker answered by an older release.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.console_lists import installation
from bench.serving.processes import Serving, free_port, serving, until

WORKERS = 4
#: Strategies that run beside the one that is changed: each release holds them all.
OTHERS = 100
#: Seconds that the slowest of a hundred clicks may take.
BOUND = 1.5
SCHEMA = """
entities:
  item:
    meaning: A product listing.
    features:
      price: {type: double, unit: USD, meaning: What it costs.}
"""


def text(id_: str, condition: str) -> dict[str, Any]:
    return {
        "id": id_, "title": id_, "why": "To measure.", "owner": "bench", "tier": "quality", "applies_to": "item",
        "markets": ["all"], "channels": ["all"], "condition": condition, "action": {"demote": {"factor": 0.5}},
    }  # fmt: skip


def make_mall() -> Any:
    """A canary among others; the person who moves it. Django is set up."""
    from aedile.console.accounts.actor import Actor
    from aedile.console.accounts.models import Grant, Person, Team
    from aedile.console.base.acting import noted
    from aedile.console.strategies import actions
    from aedile.console.strategies.models import Stage

    people = {}
    with noted("aedile", "cli", "bench"):
        Team.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
        for role in ("strategist", "approver", "admin"):
            people[role] = Person.objects.create(email=f"{role}@bench.example", name=role)
            Grant.objects.create(person=people[role], role=role, markets=["all"])
    author, approver, admin = (Actor(people[role]) for role in ("strategist", "approver", "admin"))
    actions.enter_schema(admin, SCHEMA)
    versions = [actions.create_draft(author, text(f"other-{n}", f"item.price > {n}.0")) for n in range(OTHERS)]
    versions.append(actions.create_draft(author, text("the-canary", "item.price > 5.0")))
    for version in versions:
        actions.approve(approver, actions.submit(author, version, reach=0.01))
    with noted("aedile", "cli", "bench"):  # all at once: a release for each would be a hundred
        for version in versions[:-1]:
            version.refresh_from_db()
            version.stage = Stage.LIVE
            version.save()
    actions.advance(author, versions[-1], "canary", share=0.5)
    return author


@dataclass
class Clicks:
    """A person at the console's page of the canary."""

    browser: httpx.Client

    def move(self, share: float) -> None:
        """Send the form of the page; it is answered once the release is published."""
        form = {"csrfmiddlewaretoken": self.browser.cookies["aedile_csrf"], "share": str(share), "why": "to measure"}
        answer = self.browser.post("/strategies/the-canary/1/do/canary", data=form)
        assert answer.status_code == 302, answer.text[:2000]


@contextmanager
def console_of(home: Path, person: Any) -> Iterator[Clicks]:
    """The console as `aedile up` serves it, and somebody signed in to it."""
    from django.test import Client

    signed_in = Client(SERVER_NAME="localhost")
    signed_in.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    port = free_port()
    environment = {**os.environ, "AEDILE_HOME": str(home), "AEDILE_CONSOLE_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "aedile.console.serve"], env=environment)
    cookies = {"aedile_session": signed_in.cookies["aedile_session"].value}
    try:
        with httpx.Client(base_url=f"http://localhost:{port}", cookies=cookies, timeout=30) as browser:
            until(lambda: _answers(browser), "the console")
            browser.get("/strategies/the-canary/1/").raise_for_status()
            yield Clicks(browser)
    finally:
        process.terminate()
        process.wait(30)


def _answers(browser: httpx.Client) -> bool:
    try:
        return browser.get("/health").status_code == 200
    except httpx.TransportError:
        return False


@dataclass
class Watch:
    """Connections on which the server decides without end: `answered` has when each was asked, and by which release."""

    server: Serving
    threads: int = 4
    connections: int = 8
    answered: list[tuple[float, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._running = [threading.Thread(target=self._run) for _ in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join()

    def until_all_decide_by(self, release: int) -> None:
        """Wait until every connection was answered by this release."""
        last = 2 * self.threads * self.connections

        def holds() -> bool:
            found = self.answered[-last:]
            return bool(self.problems) or (len(found) == last and all(one[1] >= release for one in found))

        until(holds, f"decisions by release {release}")
        assert not self.problems, self.problems[:3]

    def _run(self) -> None:
        headers = {"authorization": f"Bearer {self.server.key}", "content-type": "application/json"}
        open_ = [http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30) for _ in range(self.connections)]
        said = {
            "id": "r", "market": "ID", "channel": "search", "time": "2026-11-24T08:00:00Z", "shopper": "ann",
            "candidates": [{"id": "item-1", "score": 1.0}],
        }  # fmt: skip
        body = json.dumps(said)
        while not self._stop.is_set():
            for connection in open_:
                began = time.monotonic()
                connection.request("POST", "/v1/decisions", body, headers)
                answer = connection.getresponse()
                told = json.loads(answer.read())
                if answer.status != 200:
                    self.problems.append(f"{answer.status}: {told}")
                    return
                self.answered.append((began, told["release"]))
                time.sleep(0.004)
        for connection in open_:
            connection.close()


def effects(root: Path, home: Path, releases: int) -> list[float]:
    """Seconds from each click to its effect in every worker. Django is set up on this home."""
    author = make_mall()
    taken = []
    with serving(root, workers=WORKERS, log=root / "server.log") as server:
        server.make_key()
        until(lambda: server.decides_by(1), "release 1")
        with console_of(home, author.person) as clicks, Watch(server) as watch:
            watch.until_all_decide_by(1)
            for number in range(2, releases + 2):
                clicked = time.monotonic()
                clicks.move(0.001 * number)
                watch.until_all_decide_by(number)
                older = max((began for began, release in watch.answered if release < number), default=clicked)
                taken.append(max(0.0, older - clicked))
            asked = [worker["requests"] for worker in server.workers()]
            until(lambda: server.decides_by(releases + 1), "all workers to say so")
        assert len(asked) == WORKERS, asked
        assert all(asked), asked  # else a worker was not watched
    return taken


def quantile(taken: Sequence[float], share: float) -> float:
    """The value that this share does not exceed."""
    return float(np.quantile(taken, share, method="higher"))


def told(taken: Sequence[float]) -> str:
    figures = ", ".join(f"{name} {quantile(taken, share):.3f} s" for name, share in (("p50", 0.5), ("p99", 0.99)))
    return f"{len(taken)} releases, click to effect in {WORKERS} workers: {figures}"


def main() -> int:
    releases = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with installation():
        home = Path(os.environ["AEDILE_HOME"])
        taken = effects(home.parent, home, releases)
    print(told(taken))
    return 0 if quantile(taken, 0.99) <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
