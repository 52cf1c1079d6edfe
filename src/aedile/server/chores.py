"""What is to be tidied up behind the workers, and how often?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from aedile.engine.release_reader import ReleaseReader
from aedile.facts.keeping import read_keeping
from aedile.server.entities import fold
from aedile.store.decision_index import index_new
from aedile.store.entity_log import EntityLog
from aedile.store.exposure_log import ExposureLog
from aedile.store.fact_compact import compact, delete_old
from aedile.store.fact_seal import merge_ids, oldest_day, seal_facts
from aedile.store.home import Home
from aedile.store.pseudonyms import Pseudonyms
from aedile.store.seal import retain, seal_all
from aedile.store.shelf import Shelf


def chores_of(home: Home, keep_days: int) -> Iterator[tuple[str, float, Callable[[], object]]]:
    """(name, seconds between two runs, what is done) of each chore."""
    yield "folding exposures", 60.0, lambda: _tidy_exposures(home)
    yield "folding entities", 300.0, lambda: _fold_entities(home)
    yield "making keys of pseudonyms", 3600.0, lambda: Pseudonyms(home.secrets).make_ahead(time.time_ns() // 1000)
    yield "forgetting old decisions", 3600.0, lambda: _forget_decisions(home, keep_days)


def chores_beside(home: Home, keep: str = "") -> Iterator[tuple[str, float, Callable[[], object]]]:
    """The same of what may take seconds: each is done in a thread of its own.

    keep: how long facts are kept, as `read_keeping` reads it.
    """
    yield "sealing decisions", 5.0, lambda: seal_all(home, time.time())
    yield "indexing decisions", 5.0, lambda: index_new(home)
    yield "sealing facts", 3.0, lambda: seal_facts(home)
    yield "compacting facts", 300.0, lambda: [*compact(home)]
    yield "deleting old facts", 3600.0, lambda: [*delete_old(home, read_keeping(keep), datetime.now(UTC))]
    yield "merging ids of facts", 10.0, lambda: merge_ids(home)


def _tidy_exposures(home: Home) -> None:
    log = ExposureLog(home.exposures_log)
    try:
        log.tidy(time.time_ns() // 1000)
    finally:
        log.close()


def _forget_decisions(home: Home, keep_days: int) -> None:
    now = time.time()
    retain(home, now, keep_days)
    days = [int((now - keep_days * 86_400) * 1e6)]
    oldest = oldest_day(home)  # a key lives as long as anything that was kept in its month
    if oldest is not None:
        days.append(int(datetime.combine(oldest, datetime.min.time(), UTC).timestamp() * 1e6) - 86_400_000_000)
    Pseudonyms(home.secrets).forget(min(days))


def _fold_entities(home: Home) -> None:
    shelf = Shelf(home.shelf)
    pointer = shelf.current().release
    if pointer is None:
        return
    schema = ReleaseReader().read(shelf.read("release", pointer), "the current release", shelf.list_of).schema
    log = EntityLog(home.entities_log)
    try:
        fold(log, schema)
    finally:
        log.close()
