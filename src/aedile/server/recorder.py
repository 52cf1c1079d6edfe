"""How do decisions get into the log without an answer ever waiting for it?

The deciding thread puts a reference into a queue; a thread beside it makes batches of them, some a second, and writes
them to the journal. Where the disk does not follow, the queue fills, and what does not fit is dropped and counted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa

from aedile.engine.decide import Decision
from aedile.engine.strategy import Strategy
from aedile.errors import StoreError
from aedile.store.decision_batch import Noted, batch_of
from aedile.store.home import Home
from aedile.store.journal import DetailRow, Journal, Ledger, write_batch

log = logging.getLogger("aedile.server")

#: Seconds between two batches, and before the disk is tried again.
PAUSE, RETRY = 0.2, 1.0
#: Decisions in a batch at most; so many wake the writer before its time.
MOST = 256


class _Queued(NamedTuple):
    noted: Noted
    detail: bytes | None


class Recorder:
    """The log's writer in one worker. `record` is called in the deciding thread, and never waits or fails.

    queue: decisions that may wait. Lost are those that did not fit (`lost_queue`), those of them while the disk refused
    (`lost_disk`), and those a crash takes along, which the ledger tells afterwards.
    """

    def __init__(self, home: Home, worker: int, *, queue: int) -> None:
        writer = f"{worker}-{time.time_ns() // 1000}"
        self.trouble: str | None = None
        self._ledger = Ledger(home.journal / f"{writer}.ledger")
        self._journal = Journal(home.journal / f"{writer}.sqlite")
        self._room = queue
        self._queue: deque[_Queued] = deque()
        self._names = pa.array([], pa.string())
        self._written = 0
        self._lost = {"lost_queue": 0, "lost_disk": 0}
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def begin(self, strategies: Sequence[Strategy]) -> None:
        """Decisions are by these strategies from now on."""
        self._names = pa.array([strategy.id for strategy in strategies], pa.string())

    def record(
        self, decision: Decision, release: int, shopper: str | None, decided_at: int, detail: bytes | None = None
    ) -> None:
        """Log a decision. shopper: the pseudonym; decided_at: microseconds since 1970; detail: all, where wanted."""
        self._ledger.decide()
        waiting = len(self._queue)
        if waiting >= self._room:
            self._lost["lost_disk" if self.trouble else "lost_queue"] += 1
            self._ledger.drop()
            return
        self._queue.append(_Queued(Noted(decision, self._names, release, shopper, decided_at), detail))
        if waiting == MOST:
            self._wake.set()

    def counters(self) -> dict[str, int]:
        """Decisions to be logged, written, waiting, and lost by reason."""
        decided = self._ledger.decided
        lost = sum(self._lost.values())
        waiting = decided - self._written - lost
        return {"decided": decided, "written": self._written, "waiting": waiting, **self._lost}

    def close(self) -> None:
        """Write what waits, and end; what the disk refuses is then lost, and counted as by a crash."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._journal.close()
        self._ledger.close()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(PAUSE)
            self._wake.clear()
            while self._queue and not self._stopping:
                if not self._write_some():
                    time.sleep(RETRY)
        while self._queue and self._write_some():
            pass

    def _write_some(self) -> bool:
        """Write the oldest; they leave the queue when they are on disk. False where the disk refuses."""
        waiting = [self._queue[place] for place in range(min(MOST, len(self._queue)))]
        _, group = next(groupby(waiting, key=lambda one: id(one.noted.names)))
        some = list(group)
        details = [
            DetailRow(one.noted.decision.request.id, one.noted.decided_at, one.noted.release, one.detail)
            for one in some
            if one.detail is not None
        ]
        try:
            batch = write_batch(batch_of([one.noted for one in some]))
            self._journal.append(batch, len(some), time.time_ns() // 1000, details)
        except StoreError as error:
            if self.trouble is None:
                log.error("%s", error)
            self.trouble = error.message
            return False
        if self.trouble is not None:
            log.info("the journal of decisions can be written again")
            self.trouble = None
        for _ in some:
            self._queue.popleft()
        self._written += len(some)
        return True
