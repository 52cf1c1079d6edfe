"""What is in the catalogue now, what would a strategy fire for in it, and how does the running release see it?

The console keeps entities in memory as a decision worker does: it reads the log of entities itself and follows it, once
when asked and once a second. A process holds the catalogue once for each schema that is asked about: the newest, and
while it differs, that of the running release. All work on it happens under one lock, for tables remember texts
without one; a count over a million entities takes some milliseconds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, RLock, Thread
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from aedile.console.settings import HOME
from aedile.console.strategies.codes import LOADING, NO_RELEASE_YET
from aedile.console.strategies.matching import Matches, find_matches
from aedile.console.strategies.profiles import Profile, make_profile
from aedile.console.strategies.releases import raw_connection
from aedile.console.strategies.world import current_schema, lists_held
from aedile.engine.engine import Engine, lists_used
from aedile.engine.release import Release
from aedile.engine.release_reader import ReleaseReader
from aedile.engine.strategy import Strategy
from aedile.errors import ConsoleError, StoreError
from aedile.language.columns import Column
from aedile.language.schema import Schema
from aedile.server.entities import EntityFeed
from aedile.store.entity_log import EntityLog
from aedile.store.publish import lists_in
from aedile.store.published import Published

log = logging.getLogger("aedile.console")

Bools = npt.NDArray[np.bool_]
T = TypeVar("T")

#: Seconds between two looks at the log of entities while nobody asks.
FOLLOW = 1.0
#: Seconds for which somebody waits for the catalogue, which is being read when the process is new.
PATIENCE = 20.0


@dataclass(eq=False)
class Catalogue:
    """The entities as one schema reads them. revision: changes whenever they do. To be used under the lock."""

    schema: Schema
    engine: Engine
    feed: EntityFeed
    revision: int = 0
    _present: dict[str, tuple[int, Bools]] = field(default_factory=dict)
    _made: dict[str, tuple[int, object]] = field(default_factory=dict)

    @classmethod
    def read(cls, schema: Schema) -> Catalogue:
        """All that was logged so far."""
        found = cls(schema, Engine(schema, ()), EntityFeed(EntityLog(HOME.entities_log)))
        found.feed.load(found.engine)
        found.revision = found.feed.position
        return found

    def follow(self) -> None:
        """Take over what was logged since."""
        while entries := self.feed.read(self.engine.schema):
            for entry, entities in entries:
                for _ in self.feed.apply(self.engine, entry, entities):
                    pass
        self.revision = self.feed.position

    def present(self, kind: str) -> Bools:
        """The rows of a kind that hold an entity: of one that was withdrawn, nothing is known. bool (n,)."""
        known = self._present.get(kind)
        if known is None or known[0] != self.revision:
            known = self._present[kind] = (self.revision, self._find_present(kind))
        return known[1]

    def _find_present(self, kind: str) -> Bools:
        catalogue = self.engine.store.catalogues.get(kind)
        if catalogue is None:
            return np.zeros(0, np.bool_)
        found = catalogue.column(f"{kind}.as_of").known.copy()
        for name in catalogue.types:
            if found.all():
                break
            found |= catalogue.column(name).known
        return found

    def once(self, what: str, make: Callable[[], T]) -> T:
        """What was made of the entities as they are, made again when they change."""
        known = self._made.get(what)
        if known is None or known[0] != self.revision:
            known = self._made[what] = (self.revision, make())
        return known[1]  # type: ignore[return-value]  # what is made under a name is always of one type

    def close(self) -> None:
        self.feed.log.close()

    @property
    def nbytes(self) -> int:
        """Bytes that the features take in memory."""
        return sum(
            _bytes(catalogue.column(name))
            for catalogue in self.engine.store.catalogues.values()
            for name in catalogue.types
        )


@dataclass(frozen=True, slots=True)
class Running:
    """The release that decides, over the catalogue. digest: of its manifest."""

    number: int
    digest: str
    release: Release
    engine: Engine
    catalogue: Catalogue


_LOCK = RLock()
_CATALOGUES: dict[str, Catalogue] = {}
_READER = ReleaseReader()
_running: Running | None = None
_following: Event | None = None  # set, it ends the thread that follows


@contextmanager
def catalogue(schema: Schema | None = None) -> Iterator[Catalogue]:
    """The catalogue as it is now, by the newest schema or another; nobody else uses it meanwhile."""
    wanted = schema if schema is not None else current_schema()[0]
    with _held():
        yield _of(wanted)


@contextmanager
def current_engine() -> Iterator[Running]:
    """The running release over the catalogue, which nobody else uses meanwhile; a `ConsoleError` before the first."""
    global _running
    published = Published(raw_connection())
    number, digest = published.current_numbers().get("release", (0, ""))
    if number == 0:
        raise ConsoleError(
            NO_RELEASE_YET, "nothing has been released yet", hint="no strategy decides anything",
            fix="approve a strategy and let it go live",
        )  # fmt: skip
    with _held():
        if _running is None or (_running.number, _running.digest) != (number, digest):
            artefact = published.get("release", number)
            assert artefact is not None
            release = _READER.read(artefact.data, f"release {number}", lists_in(published))
            _running = _run(number, digest, release)
        _of(_running.release.schema)
        yield _running


def _run(number: int, digest: str, release: Release) -> Running:
    over = _of(release.schema)
    before = _running.engine if _running is not None and _running.catalogue is over else over.engine
    engine = before.replace(release.strategies, release.lists)
    kept = {release.schema.digest(), current_schema()[0].digest()}
    for old in set(_CATALOGUES) - kept:
        _CATALOGUES.pop(old).close()
    return Running(number, digest, release, engine, over)


def matches(strategy: Strategy, schema: Schema | None = None) -> Matches:
    """What a strategy, running or only written, would fire for now."""
    held = lists_held(lists_used(strategy))
    with catalogue(schema) as there:
        return find_matches(strategy, there.engine.store, there.schema, held, now(), there.present(strategy.applies_to))


def profile(name: str, schema: Schema | None = None) -> Profile:
    """The values of a feature in the catalogue."""
    with catalogue(schema) as there:
        kind = name.partition(".")[0]
        present = there.present(kind) if kind in there.schema.kinds else None
        return there.once(
            f"profile {name}", lambda: make_profile(name, there.engine.store, there.schema, now(), present)
        )


def now() -> int:
    """This moment, in microseconds since 1970."""
    return time.time_ns() // 1000


def forget() -> None:
    """Drop all that is held, and stop following; what is asked for next is read anew."""
    global _running, _following
    with _LOCK:
        if _following is not None:
            _following.set()
        _running = _following = None
        while _CATALOGUES:
            _CATALOGUES.popitem()[1].close()


@contextmanager
def _held() -> Iterator[None]:
    if not _LOCK.acquire(timeout=PATIENCE):
        raise ConsoleError(
            LOADING, "the catalogue is being read", hint="that takes some seconds after a start",
            fix="try again in a moment",
        )  # fmt: skip
    try:
        yield
    finally:
        _LOCK.release()


def _of(schema: Schema) -> Catalogue:
    """The catalogue by a schema, caught up."""
    found = _CATALOGUES.get(schema.digest())
    if found is None:
        found = _CATALOGUES[schema.digest()] = Catalogue.read(schema)
        _start_following()
    else:
        found.follow()
    found.schema = schema  # of the same meaning, maybe in other words
    return found


def _start_following() -> None:
    global _following
    if _following is None:
        _following = Event()
        Thread(target=_follow_until, args=(_following,), name="catalogue", daemon=True).start()


def _follow_until(ended: Event) -> None:
    """Keep up while nobody asks, so that whoever asks after a night need not wait."""
    while not ended.wait(FOLLOW):
        with _LOCK:
            for one in () if ended.is_set() else tuple(_CATALOGUES.values()):
                try:
                    one.follow()
                except StoreError as error:
                    log.error("%s", error)


def _bytes(column: Column) -> int:
    found = column.values.nbytes + column.known.nbytes
    if column.dictionary is not None:
        found += column.dictionary.nbytes
    if column.items is not None and column.offsets is not None:
        found += column.offsets.nbytes + _bytes(column.items)
    return found
