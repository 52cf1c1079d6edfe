"""A server whose every answer shows which release made each part of it, and a load that looks at every answer."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aedile.engine.release import Manifest
from aedile.errors import StoreError
from aedile.store.database import Database
from aedile.store.home import Home
from aedile.store.postgres import EmbeddedPostgres
from aedile.store.publish import Files, publish
from bench.serving.processes import Serving, folder, serving, until

SCHEMA = """
entities:
  item:
    meaning: A product listing.
    features:
      title: {type: string, meaning: Its headline.}
      price: {type: int, meaning: In cents.}
      weight: {type: double, meaning: In grams., missing: allowed}
"""
#: Candidates of each request; one of them is excluded by the list of the release.
IDS = [f"item-{number}" for number in range(20)]
REQUEST = {
    "id": "r", "market": "ID", "channel": "live", "time": "2026-11-24T08:00:00Z", "shopper": "ann-the-shopper",
    "candidates": [{"id": id_, "score": 20 - number} for number, id_ in enumerate(IDS)],
}  # fmt: skip


#: What the processes of the server wrote, below its root.
LOG = "server.log"


def strategy(id_: str, action: str, condition: str = "true") -> str:
    return f"""id: {id_}
title: {id_}
why: To see which release it is of.
owner: testers
tier: quality
applies_to: item
markets: [all]
channels: [all]
condition: {condition}
action: {action}
stage: live
"""


def excluded_by(release: int) -> str:
    return IDS[release % len(IDS)]


def write_files(root: Path, release: int, *more: str) -> Files:
    """What is published as this release: two badges with its number, and a list that excludes one item.

    more: further strategies.
    """
    files = Files(root / "schema.yaml", root / "strategies", root / "lists")
    for made in (files.strategies, root / "lists"):
        made.mkdir(parents=True, exist_ok=True)
    files.schema.write_text(SCHEMA)
    marks = [strategy(f"mark-{name}", f"{{badge: {{key: {name}-{release}}}}}") for name in ("first", "last")]
    gone = strategy("gone-exclude", "exclude", 'in_list(item.id, "gone")')
    for text in (*marks, gone, *more):
        id_ = text.partition("\n")[0].removeprefix("id: ")
        (files.strategies / f"{id_}.yaml").write_text(text)
    (root / "lists" / "gone.txt").write_text(excluded_by(release) + "\n")
    return files


def mixed(answer: dict[str, Any]) -> str | None:
    """What of an answer is not of the release it names; None where all is."""
    number = answer["release"]
    badges = {badge for placed in answer["slate"] for badge in placed["badges"]}
    if badges != {f"first-{number}", f"last-{number}"}:
        return f"release {number} with badges {sorted(badges)}"
    gone = [one["id"] for one in answer["excluded"]]
    return None if gone == [excluded_by(number)] else f"release {number} without {gone}"


@dataclass(slots=True)
class Shop:
    """A running server over the marked files, and what publishes to it."""

    server: Serving
    database: Database
    number: int = 0

    def publish(self) -> Manifest:
        self.number += 1
        return publish(self.database, write_files(self.server.root / "files", self.number), by="tests")

    def publish_and_wait(self) -> None:
        self.publish()
        until(lambda: self.server.decides_by(self.number), f"release {self.number} on all workers")

    def postgres(self) -> str:
        """How the keeper stands with PostgreSQL."""
        return (self.server.status()["keeper"] or {}).get("postgres", "gone")


@contextmanager
def shop(*, workers: int = 2, **settings: str) -> Iterator[Shop]:
    """A server with release 1 and a key; the folder is gone afterwards."""
    with folder() as root, serving(root, workers=workers, settings=settings, log=root / LOG) as server:
        home = Home(server.home)
        own = settings.get("AEDILE_DATABASE_URL")
        server.make_key()
        opened = Shop(server, Database(own or EmbeddedPostgres(home.postgres).dsn, None))
        until(lambda: connects(opened.database), "the keeper to have PostgreSQL")  # after the key's own is stopped
        opened.publish_and_wait()
        yield opened


def connects(database: Database) -> bool:
    try:
        with database.connect():
            return True
    except StoreError:
        return False


@dataclass(slots=True)
class Load:
    """Threads that ask without end, each over its connections in turn, and note whatever is not as it should be.

    again: tries after a connection broke. asked: (when asked, release of the answer).
    """

    server: Serving
    threads: int = 6
    connections: int = 3
    pause: float = 0.004
    again: int = 0
    problems: list[str] = field(default_factory=list)
    asked: list[tuple[float, int]] = field(default_factory=list)
    broken: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        for number in range(self.threads):
            thread = threading.Thread(target=self._run, args=(number,), name=f"load {number}")
            thread.start()
            self._running.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join()

    def more(self, count: int = 200) -> None:
        """Wait until so many more were answered."""
        wanted = len(self.asked) + count
        until(lambda: len(self.asked) >= wanted or self.problems, f"{count} more answers")

    def until_all_decide_by(self, release: int) -> None:
        """Wait until every connection was answered by this release or a newer one, some of them several times."""
        last = 4 * self.threads * self.connections
        count = len(self.asked)
        until(
            lambda: (
                self.problems
                or (len(self.asked) >= count + last and all(one[1] >= release for one in self.asked[-last:]))
            ),
            f"answers by release {release}",
        )

    def _run(self, thread: int) -> None:
        headers = {"authorization": f"Bearer {self.server.key}", "content-type": "application/json"}
        open_ = [self._connect() for _ in range(self.connections)]
        number = 0
        while not self._stop.is_set():
            place = number % len(open_)
            body = json.dumps({**REQUEST, "id": f"{thread}-{number}"})
            number += 1
            began = time.monotonic()
            told = self._ask(open_, place, body, headers)
            if told is not None:
                self._look(began, *told)
            time.sleep(self.pause)
        for connection in open_:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)

    def _ask(
        self, open_: list[http.client.HTTPConnection], place: int, body: str, headers: dict[str, str]
    ) -> tuple[int, bytes] | None:
        for try_ in range(self.again + 1):
            try:
                open_[place].request("POST", "/v1/decisions", body, headers)
                answer = open_[place].getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.broken += 1
                open_[place].close()
                open_[place] = self._connect()
                if try_ == self.again:
                    self.problems.append(f"{type(error).__name__}: {error}")
        return None

    def _look(self, began: float, status: int, body: bytes) -> None:
        if status != 200:
            self.problems.append(f"{status}: {body[:300]!r}")
            return
        answer = json.loads(body)
        if (wrong := mixed(answer)) is not None:
            self.problems.append(wrong)
        self.asked.append((began, answer["release"]))
