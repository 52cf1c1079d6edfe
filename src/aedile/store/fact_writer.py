"""How do many small posts of facts become few writes to disk?

One thread writes; whatever comes while it does waits, and goes to disk together with the next write, in one
transaction. Whoever put something is told once it is there.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import pyarrow as pa

from aedile.errors import StoreError
from aedile.store.fact_journal import FactJournal, Part, not_kept
from aedile.store.held import Held
from aedile.store.journal import write_batch

#: Rows that are written in one transaction at most.
MOST = 200_000


class FactWriter:
    """The journal's writer in one process. `put` may be called from any thread.

    name: begins the names of the files that are sealed from it; no two processes have the same. The journal is made
    when it is first needed, so that a disk that refuses it stops nothing else.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}-{time.time_ns() // 1000}.sqlite"
        self._journal: FactJournal | None = None
        self._held: Held | None = None
        self._parts: deque[tuple[Part, Future[None]]] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="facts", daemon=True)
        self._thread.start()

    def put(self, part: Part) -> Future[None]:
        """Keep it. The future is done once it is on disk, or has the `StoreError` that says why it is not."""
        done: Future[None] = Future()
        self._parts.append((part, done))
        self._wake.set()
        return done

    def close(self) -> None:
        """Write what waits, and end."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        if self._journal is not None:
            self._journal.close()
        if self._held is not None:
            self._held.close()

    def _run(self) -> None:
        while not self._stopping or self._parts:
            self._wake.wait()
            self._wake.clear()
            while self._parts:
                self._write(self._next())

    def _next(self) -> list[tuple[Part, Future[None]]]:
        group = [self._parts.popleft()]
        rows = len(group[0][0].table)
        while self._parts and rows + len(self._parts[0][0].table) <= MOST:
            group.append(self._parts.popleft())
            rows += len(group[-1][0].table)
        return group

    def _write(self, group: Sequence[tuple[Part, Future[None]]]) -> None:
        try:
            journal = self._open()
            dead = [row for part, _ in group for row in part.dead]
            batches = _batches([part for part, _ in group])
            if batches or dead:
                journal.append(batches, dead, time.time_ns() // 1000)
        except StoreError as error:
            if self._journal is not None:  # another try begins anew: what SQLite holds may be of the trouble
                self._journal.close()
                self._journal = None
            for _, done in group:
                done.set_exception(error)
            return
        for _, done in group:
            done.set_result(None)

    def _open(self) -> FactJournal:
        try:
            if self._held is None:
                self._held = Held(self.path.with_suffix(".lock"))
        except OSError as error:
            raise not_kept(self.path, error) from None
        if self._journal is None:
            self._journal = FactJournal(self.path)
        return self._journal


def _batches(parts: Sequence[Part]) -> list[tuple[str, bytes, int]]:
    """Of each kind one batch, in the order in which the rows came."""
    tables: dict[str, list[pa.Table]] = {}
    for part in parts:
        if len(part.table):
            tables.setdefault(part.kind, []).append(part.table)
    found = []
    for kind, some in tables.items():
        table = pa.concat_tables(some).combine_chunks() if len(some) > 1 else some[0]
        found.append((kind, write_batch(table), len(table)))
    return found
