"""How do the counts of all workers come together?

Once a second each worker appends what it counted to the shared log, and reads what the others appended. What can take
long (disk, decoding) runs beside the deciding thread; counts change in it alone, between two requests.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from aedile.errors import StoreError
from aedile.server.exposures import Exposures
from aedile.store.exposure_counts import Counts
from aedile.store.exposure_log import ExposureLog, Told

log = logging.getLogger("aedile.server")
T = TypeVar("T")

#: What callers' keys used longer ago than this, in microseconds, limits nobody any more.
LIMITS_COUNT_FOR = 2_000_000


class Used(Protocol):
    """What callers' keys have used: counted here, and told of the others'."""

    def delta(self) -> dict[str, int]: ...

    def merge(self, other: dict[str, int]) -> object: ...


def microseconds() -> int:
    """Now, since 1970."""
    return time.time_ns() // 1000


class Merging:
    """One worker's exchange with the others. Trouble with the disk never stops it: it counts on by itself, and tells
    what it could not tell when the disk works again. trouble: how often something failed, by what."""

    def __init__(self, path: Path, exposures: Exposures, limits: Used, clock: Callable[[], int] = microseconds) -> None:
        """path: of the log of exposures. Nothing is opened before the first exchange."""
        self.trouble: Counter[str] = Counter(disk=0, damaged=0)
        self._path = path
        self._exposures = exposures
        self._limits = limits
        self._clock = clock
        self._log: ExposureLog | None = None
        self._anew = True
        self._position = 0
        self._own: set[int] = set()

    def catch_up(self) -> None:
        """Count all that is in the log: what others have shown, and this worker before it was started again."""
        self._take_in(self._try(self._heard))

    async def beat(self) -> None:
        """Tell, hear, and judge budgets; to be called once a second."""
        delta = self._exposures.delta()
        delta.limits = self._limits.delta()
        if delta and await asyncio.to_thread(self._try, lambda: self._tell(delta)) is None:
            self._exposures.not_told(delta)
        heard = await asyncio.to_thread(self._try, self._heard)
        if heard and not self._anew and any(told.folded for told, _ in heard):
            # It slept so long that part of what it knows was added up with what it does not: all is read again.
            self._start_over()
            heard = await asyncio.to_thread(self._try, self._heard)
        self._take_in(heard)

    def close(self) -> None:
        """Tell what is left to tell, and close the log."""
        delta = self._exposures.delta()
        if delta:
            self._try(lambda: self._tell(delta))
        if self._log is not None:
            self._log.close()
            self._log = None

    def _tell(self, delta: Counts) -> int:
        seq = self._opened().append(delta, self._clock())
        self._own.add(seq)
        return seq

    def _heard(self) -> list[tuple[Told, Counts]]:
        """What was appended since the last time, by others; all that was ever, where it is read anew."""
        rows = self._opened().after(self._position)
        return [(told, self._read(told)) for told in rows if self._anew or told.seq not in self._own]

    def _read(self, told: Told) -> Counts:
        try:
            return told.read(self._path)
        except StoreError as error:
            self._note("damaged", error)
            return Counts()

    def _take_in(self, heard: Sequence[tuple[Told, Counts]] | None) -> None:
        now = self._clock()
        if heard is not None and self._anew:
            self._exposures.forget(now)
        for told, counts in heard or ():
            self._exposures.merge(counts, now)
            if not self._anew and now - told.at <= LIMITS_COUNT_FOR:
                self._limits.merge(counts.limits)
            self._position = told.seq
        self._anew = self._anew and heard is None
        self._own = {seq for seq in self._own if seq > self._position}
        self._exposures.settle(now)

    def _opened(self) -> ExposureLog:
        if self._log is None:
            self._log = ExposureLog(self._path)
        return self._log

    def _try(self, exchange: Callable[[], T]) -> T | None:
        """What the exchange gives; None on trouble with the disk, and the log is opened and read anew."""
        try:
            return exchange()
        except StoreError as error:
            self._note("disk", error)
            self._start_over()
            if self._log is not None:
                self._log.close()
                self._log = None
            return None

    def _start_over(self) -> None:
        """What is in the log is all that counts, beside what was not told yet: read it from its beginning."""
        self._anew = True
        self._position = 0
        self._own = set()

    def _note(self, what: str, error: StoreError) -> None:
        if not self.trouble[what]:
            log.error("%s", error)
        self.trouble[what] += 1
