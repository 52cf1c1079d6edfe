"""What has this worker done so far, and what have all of them?

A worker counts in arrays, and writes them down once a second; `gathered` reads what all of them wrote. Counts begin at
0 with a worker's start, as Prometheus expects of counters.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine import kernel
from aedile.engine.actions import Badge, Boost, Demote, Refer
from aedile.engine.decide import Decision
from aedile.engine.slate import Slate
from aedile.engine.strategy import Strategy
from aedile.engine.verdicts import Verdicts
from aedile.errors import AedileError, Errors

#: What is counted of a strategy, each a number of candidates: it fired, live or in canary; it would have (shadow, or
#: muted); it excluded; its factor counted; it pinned; its cap held back; its cap gave way; its reserve gave a place;
#: its badge is shown; it refers; an exempt held it back.
OF_STRATEGY = (
    "fired", "shadow", "excluded", "moved", "pinned", "capped", "relaxed", "reserved", "badged", "referred", "exempted",
)  # fmt: skip
#: Upper bounds of the latency histogram, in seconds: four a doubling from 0.1 ms to 1.6 s.
BOUNDS = tuple(round(1e-4 * 2 ** (step / 4), 8) for step in range(57))
#: Seconds of history that are told.
HISTORY = 60
#: A file older than this many seconds is of a process that is gone, or stuck.
STALE = 5.0


#: Bits of what a strategy does, as `_count.h` names them.
MOVES, BADGES, REFERS = 1, 2, 4


class Stats:
    """Counts of one worker; everything is called in the deciding thread."""

    def __init__(self, worker: int) -> None:
        self.worker = worker
        self.started = time.time()
        self.requests = self.candidates = self.excluded = 0
        self.refusals: dict[str, int] = {}
        self.places: dict[tuple[str, str], int] = {}
        self.unknown: dict[tuple[str, str], int] = {}
        self.latency = np.zeros(len(BOUNDS) + 1, np.int64)
        self.seconds = 0.0
        self._ids: list[str] = []
        self._counts = np.zeros((len(OF_STRATEGY), 0), np.int64)
        self._gone: dict[str, npt.NDArray[np.int64]] = {}
        self._does = _does(())
        self._history: deque[tuple[float, int, int, npt.NDArray[np.int64]]] = deque(maxlen=HISTORY + 1)

    def configure(self, strategies: Sequence[Strategy]) -> None:
        """Count these strategies from now on; those that were counted before go on where they were."""
        known = {**self._gone, **{id_: self._counts[:, number] for number, id_ in enumerate(self._ids)}}
        self._ids = [strategy.id for strategy in strategies]
        counts = np.zeros((len(OF_STRATEGY), len(self._ids)), np.int64)
        for number, id_ in enumerate(self._ids):
            if id_ in known:
                counts[:, number] = known.pop(id_)
        self._gone = {id_: column.copy() for id_, column in known.items()}
        self._counts, self._does = counts, _does(strategies)

    def add(self, decision: Decision, seconds: float) -> None:
        """Count one decision and how long it took, from the body read to the answer sent."""
        self.requests += 1
        self.candidates += len(decision.verdicts)
        self.seconds += seconds
        self.latency[bisect_left(BOUNDS, seconds)] += 1
        place = (decision.request.market, decision.request.channel)
        self.places[place] = self.places.get(place, 0) + 1
        count = count_in_numpy if kernel.compiled is None else count_compiled
        self.excluded += count(self._counts, self._does, decision.verdicts, decision.slate)

    def add_unknown(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Count (strategy id, feature) → candidates for which it was unknown; from a sample of decisions."""
        for key, count in counts.items():
            self.unknown[key] = self.unknown.get(key, 0) + count

    def refused(self, error: AedileError | Errors) -> None:
        """Count a call that was refused, by the code of its first error."""
        name = (error.errors[0] if isinstance(error, Errors) else error).code.name
        self.refusals[name] = self.refusals.get(name, 0) + 1

    def told(self, standing: Mapping[str, Any]) -> dict[str, Any]:
        """All counts, and how the worker stands beside them; called once a second."""
        now = time.time()
        self._history.append((now, self.requests, self.candidates, self.latency.copy()))
        return {
            "worker": self.worker, "pid": os.getpid(), "at": now, "started": self.started,
            "requests": self.requests, "candidates": self.candidates, "excluded": self.excluded,
            "seconds": self.seconds, "latency": self.latency.tolist(), "recent": self._recent(),
            "rates": self._rates(), "refusals": self.refusals,
            "places": [[market, channel, count] for (market, channel), count in self.places.items()],
            "unknown": [[strategy, feature, count] for (strategy, feature), count in self.unknown.items()],
            "strategies": self._by_strategy(), **standing,
        }  # fmt: skip

    def _by_strategy(self) -> dict[str, list[int]]:
        rows = self._counts.T.tolist()
        gone = {id_: column.tolist() for id_, column in self._gone.items()}
        return {**gone, **dict(zip(self._ids, rows, strict=True))}

    def _recent(self) -> list[int]:
        """The latency histogram of the last ten seconds."""
        before = self._history[max(0, len(self._history) - 11)][3]
        recent: list[int] = (self.latency - before).tolist()
        return recent

    def _rates(self) -> list[list[float]]:
        """[time, requests a second, candidates a second] for each of the last seconds, the newest last."""
        told = []
        for (before, requests, candidates, _), (at, more, most, _) in pairwise(self._history):
            span = max(at - before, 1e-3)
            told.append([round(at, 1), round((more - requests) / span, 1), round((most - candidates) / span)])
        return told


def _does(strategies: Sequence[Strategy]) -> npt.NDArray[np.uint8]:
    flags = {Demote: MOVES, Boost: MOVES, Badge: BADGES, Refer: REFERS}
    return np.array([flags.get(type(strategy.action), 0) for strategy in strategies], np.uint8)


def count_compiled(counts: npt.NDArray[np.int64], does: npt.NDArray[np.uint8], verdicts: Verdicts, slate: Slate) -> int:
    """Count one decision into `counts`, (rows of `OF_STRATEGY`, strategies); returns how many were excluded."""
    held, gave = slate.held_back.strategy, slate.gave_way.strategy
    excluded: int = kernel.compiled.count_decision(
        counts, does, len(does), len(verdicts),
        (verdicts.excluded_by, verdicts.fired_offsets, verdicts.fired, verdicts.acts, verdicts.shadow),
        len(verdicts.fired), len(verdicts.shadow), (slate.pinned, slate.reserved), (held, gave), len(held), len(gave),
    )  # fmt: skip
    return excluded


def count_in_numpy(counts: npt.NDArray[np.int64], does: npt.NDArray[np.uint8], verdicts: Verdicts, slate: Slate) -> int:
    """The same for machines without the compiled kernel, and as its oracle in tests."""

    def counted(numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        return np.bincount(numbers[numbers >= 0], minlength=len(does))

    out, fired, acts = verdicts.excluded_by, verdicts.fired, verdicts.acts
    acting = counted(fired[acts & np.repeat(out < 0, np.diff(verdicts.fired_offsets))])
    found = {
        "fired": counted(fired), "shadow": counted(verdicts.shadow), "excluded": counted(out),
        "moved": acting * (does == MOVES), "badged": acting * (does == BADGES),
        "referred": counted(fired[acts]) * (does == REFERS), "exempted": counted(fired[~acts]),
        "pinned": counted(slate.pinned), "reserved": counted(slate.reserved),
        "capped": counted(slate.held_back.strategy), "relaxed": counted(slate.gave_way.strategy),
    }  # fmt: skip
    counts += np.stack([found[name] for name in OF_STRATEGY])
    return int((out >= 0).sum())


def quantile(histogram: Sequence[int], q: float) -> float | None:
    """The upper bound, in seconds, below which this share of the decisions stayed; None where there were none."""
    counts = np.cumsum(histogram)
    if len(counts) == 0 or counts[-1] == 0:
        return None
    bucket = int(np.searchsorted(counts, q * counts[-1]))
    return BOUNDS[min(bucket, len(BOUNDS) - 1)]
