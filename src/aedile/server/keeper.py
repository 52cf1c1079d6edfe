"""Who brings what is published from PostgreSQL to the workers, and tidies up behind them?

One process beside the workers. Without PostgreSQL it tries again for ever, and starts the embedded one where it has
died; the workers go on by what is on the shelf. `python -m aedile.server.keeper`, started by `aedile serve`.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any

import psycopg

from aedile.engine.engine import Engine
from aedile.engine.release_reader import ReleaseReader
from aedile.errors import AedileError, Errors, StoreError
from aedile.server.chores import chores_beside, chores_of
from aedile.server.gather import board_of
from aedile.server.signals import stopping
from aedile.server.supervised import supervisor
from aedile.settings import Settings, load_settings
from aedile.store.board import Board
from aedile.store.controls import Controls
from aedile.store.database import Database, database_at
from aedile.store.fact_seal import told_of
from aedile.store.home import Home
from aedile.store.keys import KeyRing
from aedile.store.publish import lists_in
from aedile.store.published import Artefact, Published
from aedile.store.seal import lost_in_crashes
from aedile.store.shelf import Pointer, Shelf

log = logging.getLogger("aedile.server")

#: Seconds between two tries to reach PostgreSQL, and two looks whether anything was missed.
RETRY, LOOK = 0.5, 5.0
#: Seconds that a chore beside may take to end.
STOPPING = 10.0
#: Seconds between two looks at how facts stand.
FACTS = 2.0


@dataclass(slots=True)
class Chore:
    """Something to be done every so many seconds; trouble with the disk is told, and it is tried again."""

    name: str
    every: float
    work: Callable[[], object]
    next: float = 0.0
    trouble: str | None = None

    def run_if_due(self) -> None:
        if time.monotonic() >= self.next:
            self.run()

    def run(self) -> None:
        try:
            self.work()
            self.trouble = None
        except (OSError, StoreError) as error:
            self.trouble = str(error).splitlines()[0]
            log.error("%s: %s", self.name, self.trouble)
        self.next = time.monotonic() + self.every


class Beside(threading.Thread):
    """A chore in a thread of its own: what takes longer than a moment must not hold up what is published."""

    def __init__(self, chore: Chore) -> None:
        super().__init__(name=chore.name, daemon=True)
        self.chore = chore
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(self.chore.every):
            self.chore.run()

    def stop(self) -> None:
        """After what is under way; a keeper that is killed instead leaves nothing half done."""
        self._stopping.set()
        self.join(STOPPING)


class Stopped(Exception):  # noqa: N818  not an error: the keeper was told to stop
    """By a signal."""


@dataclass(slots=True)
class Keeper:
    """Keeps the shelf of one home as PostgreSQL is."""

    settings: Settings
    home: Home
    shelf: Shelf = field(init=False)
    chores: Sequence[Chore] = field(init=False)
    beside: Sequence[Beside] = field(init=False)
    _reader: ReleaseReader = field(default_factory=ReleaseReader, init=False)
    _seen: dict[str, int] = field(default_factory=dict, init=False)
    _refused: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    _status: dict[str, Any] = field(init=False)
    _board: Board = field(init=False)
    _told_facts: dict[str, Any] = field(default_factory=dict, init=False)
    _facts_at: float = field(default=-60.0, init=False)
    _parent: int = field(default_factory=supervisor, init=False)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.home.shelf)
        self._board = Board(board_of(self.home.workers, "keeper"))
        self._status = {"postgres": "gone", "error": None, "refused": None}
        self.chores = [Chore(*chore) for chore in chores_of(self.home, self.settings.log.keep_days)]
        self.beside = [Beside(Chore(*chore)) for chore in chores_beside(self.home, self.settings.facts.keep or "")]

    def run(self) -> None:
        """Until `Stopped` is raised in it."""
        database = database_at(self.home, self.settings.database_url)
        for thread in self.beside:
            thread.start()
        try:
            while True:
                try:
                    database.open()
                    self._follow(database)
                except (AedileError, psycopg.Error) as error:
                    self._status |= {"postgres": "gone", "error": str(error).splitlines()[0]}
                    log.warning("PostgreSQL is gone, trying again: %s", self._status["error"])
                    self._idle(RETRY)
        except Stopped:
            for thread in self.beside:
                thread.stop()
            database.close()

    def _follow(self, database: Database) -> None:
        """Fetch what is new, and then whatever is told, until the connection breaks."""
        with database.connect(autocommit=True) as connection:
            published = Published(connection)
            published.listen()
            self._status |= {"postgres": "connected", "error": None}
            looked = 0.0
            while True:
                if time.monotonic() - looked > LOOK:
                    self.catch_up(published)
                    looked = time.monotonic()
                self._beat()
                if any(True for _ in published.told(0.5)):
                    self.catch_up(published)

    def _idle(self, seconds: float) -> None:
        self._beat()
        time.sleep(seconds)

    def _beat(self) -> None:
        if os.getppid() != self._parent:
            log.error("the supervisor is gone, the keeper stops")
            raise Stopped
        for thread in self.beside:
            if not thread.is_alive() and thread.ident is not None:
                raise RuntimeError(f"{thread.name} ended by a defect, which the log has; the keeper starts again")
        for chore in self.chores:
            chore.run_if_due()
        chores = [*self.chores, *(thread.chore for thread in self.beside)]
        trouble = {chore.name: chore.trouble for chore in chores if chore.trouble}
        told = {"at": time.time(), "pid": os.getpid(), **self._status, "trouble": trouble}
        told["log"] = {"lost_crash": lost_in_crashes(self.home)}
        told["facts"] = self._facts()
        try:
            self._board.post(told)
        except OSError as error:
            log.error("%s", error)

    def _facts(self) -> dict[str, Any]:
        """[kind, what, facts] of what was sealed ever, and how many wait to be sealed or mended."""
        now = time.monotonic()
        if now - self._facts_at > FACTS:
            self._facts_at = now
            try:
                self._told_facts = told_of(self.home)
            except StoreError as error:
                log.error("%s", error)
        return self._told_facts

    def catch_up(self, published: Published) -> None:
        """Prove what is new, put it on the shelf, and point to it. What cannot be read changes nothing, and is told."""
        current = self.shelf.current()
        new = current
        for kind, (number, _) in published.current_numbers().items():
            held: Pointer | None = getattr(current, kind, None)
            if kind not in ("release", "keys", "settings") or self._seen.get(kind) == number:
                continue
            if held is None or held.number != number:
                artefact = published.get(kind, number)
                assert artefact is not None
                if self._is_good(artefact, published):
                    new = replace(new, **{kind: self.shelf.put(kind, number, artefact.data)})
            self._seen[kind] = number
        if new != current:
            self.shelf.point(new)

    def _is_good(self, artefact: Artefact, published: Published) -> bool:
        try:
            if artefact.kind == "release":
                list_of = lists_in(published)
                release = self._reader.read(artefact.data, f"release {artefact.number}", list_of)
                Engine(release.schema, release.strategies, release.lists)
                for name, digest in release.manifest.lists.items():
                    if not self.shelf.has_list(digest):
                        self.shelf.put_list(digest, list_of(name, digest))
            elif artefact.kind == "keys":
                KeyRing.parse(artefact.data)
            else:
                Controls.parse(artefact.data)
        except (AedileError, Errors) as error:
            log.error("%s %d is refused: %s", artefact.kind, artefact.number, error)
            self._tell_refused(artefact, str(error)[:500])
            return False
        self._tell_refused(artefact, None)
        return True

    def _tell_refused(self, artefact: Artefact, error: str | None) -> None:
        """Of each kind the newest counts; of several that are refused one is told at a time."""
        self._refused.pop(artefact.kind, None)
        if error is not None:
            self._refused[artefact.kind] = {"kind": artefact.kind, "release": artefact.number, "error": error}
        self._status["refused"] = next(iter(self._refused.values()), None)


_STOPPING = stopping()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    for name in _STOPPING:
        signal.signal(name, _stop_already)  # a terminal and a supervisor may both send one
    raise Stopped


def _stop_already(_signal: int, _frame: FrameType | None) -> None:
    """The keeper is stopping."""


def main() -> None:
    """Run the keeper with the settings of the environment."""
    logging.basicConfig(level=logging.INFO, format="keeper: %(message)s")
    for name in _STOPPING:
        signal.signal(name, _stop)
    settings = load_settings()
    keeper = Keeper(settings, Home(settings.home).prepare())
    keeper.run()
    if any(thread.is_alive() for thread in keeper.beside):
        os._exit(0)  # the interpreter cannot end around a thread that is in the midst of native code


if __name__ == "__main__":
    main()
