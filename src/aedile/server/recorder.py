"""How do decisions get into the log without an answer ever waiting for it?

The deciding thread copies a decision into the batch that is open; a thread beside it takes batches, some a second, and
writes them to the journal. Where the disk does not follow, they wait, and what there is no room for is dropped and
counted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from aedile.engine.decide import Decision
from aedile.engine.strategy import Strategy
from aedile.errors import StoreError
from aedile.store.decision_batch import Batch
from aedile.store.home import Home
from aedile.store.journal import DetailRow, Journal, Ledger, write_batch

log = logging.getLogger("aedile.server")

#: Seconds between two batches, and before the disk is tried again.
PAUSE, RETRY = 0.2, 1.0
#: Decisions in a batch at most; a full one wakes the writer before its time.
MOST = 256


@dataclass(slots=True)
class _Waiting:
    """Decisions by strategies of these names that wait to be written, and those of them that are logged in full; each
    market apart, as they are sealed."""

    names: pa.StringArray
    decisions: int = 0
    markets: dict[str, Batch] = field(default_factory=dict)
    details: list[DetailRow] = field(default_factory=list)

    def to_arrow(self) -> pa.Table:
        return pa.Table.from_batches([batch.to_arrow() for batch in self.markets.values()])


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
        self._lock = threading.Lock()  # around the two below
        self._open: _Waiting | None = None
        self._full: deque[_Waiting] = deque()
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
        if self._ledger.decided - self._written - self._dropped > self._room:
            self._lost["lost_disk" if self.trouble else "lost_queue"] += 1
            self._ledger.drop()
            return
        with self._lock:
            if self._open is not None and self._open.names is not self._names:
                self._close_open()
            if self._open is None:
                self._open = _Waiting(self._names)
            market = decision.request.market
            if market not in self._open.markets:
                self._open.markets[market] = Batch(self._names)
            self._open.markets[market].add(decision, release, shopper, decided_at)
            self._open.decisions += 1
            if detail is not None:
                self._open.details.append(DetailRow(decision.request.id, decided_at, release, detail))
            if self._open.decisions < MOST:
                return
            self._close_open()
        self._wake.set()

    def _close_open(self) -> None:
        assert self._open is not None
        self._full.append(self._open)
        self._open = None

    def counters(self) -> dict[str, int]:
        """Decisions to be logged, written, waiting, and lost by reason."""
        decided = self._ledger.decided
        waiting = decided - self._written - self._dropped
        return {"decided": decided, "written": self._written, "waiting": waiting, **self._lost}

    @property
    def _dropped(self) -> int:
        return self._lost["lost_queue"] + self._lost["lost_disk"]

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
            self._write_all()
        while (waiting := self._oldest()) is not None and self._write(waiting):
            pass

    def _write_all(self) -> None:
        """Write what waits now, and what gets full meanwhile: many small batches would cost far more than a few."""
        waiting = self._oldest()
        while waiting is not None and not self._stopping:
            if not self._write(waiting):
                time.sleep(RETRY)
            waiting = self._full[0] if self._full else None

    def _oldest(self) -> _Waiting | None:
        """The oldest batch, to which nothing is added any more; None where none waits."""
        with self._lock:
            if not self._full and self._open is not None:
                self._close_open()
            return self._full[0] if self._full else None

    def _write(self, waiting: _Waiting) -> bool:
        """Write the oldest batch; it leaves the queue when it is on disk. False where the disk refuses."""
        try:
            data = write_batch(waiting.to_arrow())
            self._journal.append(data, waiting.decisions, time.time_ns() // 1000, waiting.details)
        except StoreError as error:
            if self.trouble is None:
                log.error("%s", error)
            self.trouble = error.message
            return False
        if self.trouble is not None:
            log.info("the journal of decisions can be written again")
            self.trouble = None
        self._full.popleft()
        self._written += waiting.decisions
        return True
