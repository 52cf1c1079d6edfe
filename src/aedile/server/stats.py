"""What has this worker done so far, and what have all of them?

A worker counts in arrays, and writes them down once a second; `gathered` reads what all of them wrote. Counts begin at
0 with a worker's start, as Prometheus expects of counters.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine.actions import Action, Badge, Boost, Demote, Refer
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
_ROW = {name: row for row, name in enumerate(OF_STRATEGY)}
#: Upper bounds of the latency histogram, in seconds: four a doubling from 0.1 ms to 1.6 s.
BOUNDS = tuple(round(1e-4 * 2 ** (step / 4), 8) for step in range(57))
#: Seconds of history that are told.
HISTORY = 60
#: Decisions that are counted together.
FOLDED = 32
#: A file older than this many seconds is of a process that is gone, or stuck.
STALE = 5.0


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Which strategies move, badge and refer, as masks."""

    moves: npt.NDArray[np.bool_]
    badges: npt.NDArray[np.bool_]
    refers: npt.NDArray[np.bool_]


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
        self._kinds = _kinds(())
        self._waiting: list[tuple[Verdicts, Slate]] = []
        self._seconds: list[float] = []
        self._history: deque[tuple[float, int, int, npt.NDArray[np.int64]]] = deque(maxlen=HISTORY + 1)

    def configure(self, strategies: Sequence[Strategy]) -> None:
        """Count these strategies from now on; those that were counted before go on where they were."""
        self._fold()
        known = {**self._gone, **{id_: self._counts[:, number] for number, id_ in enumerate(self._ids)}}
        self._ids = [strategy.id for strategy in strategies]
        counts = np.zeros((len(OF_STRATEGY), len(self._ids)), np.int64)
        for number, id_ in enumerate(self._ids):
            if id_ in known:
                counts[:, number] = known.pop(id_)
        self._gone = {id_: column.copy() for id_, column in known.items()}
        self._counts, self._kinds = counts, _kinds(strategies)

    def add(self, decision: Decision, seconds: float) -> None:
        """Count one decision and how long it took, from the body read to the answer sent."""
        self.requests += 1
        self.candidates += len(decision.verdicts)
        self.seconds += seconds
        self._seconds.append(seconds)
        place = (decision.request.market, decision.request.channel)
        self.places[place] = self.places.get(place, 0) + 1
        self._waiting.append((decision.verdicts, decision.slate))
        if len(self._waiting) == FOLDED:
            self._fold()

    def _fold(self) -> None:
        """Count what waits; a step costs about the same for one decision and for many."""
        waiting, self._waiting = self._waiting, []
        seconds, self._seconds = self._seconds, []
        if not waiting:
            return
        np.add.at(self.latency, np.searchsorted(BOUNDS, seconds), 1)
        verdicts, slates = [v for v, _ in waiting], [s for _, s in waiting]
        out = np.concatenate([v.excluded_by for v in verdicts])
        fired, acts = np.concatenate([v.fired for v in verdicts]), np.concatenate([v.acts for v in verdicts])
        sizes = np.concatenate([np.diff(v.fired_offsets) for v in verdicts])
        self.excluded += int((out >= 0).sum())
        acting = self._counted(fired[acts & np.repeat(out < 0, sizes)])
        counts = self._counts
        counts[_ROW["fired"]] += self._counted(fired)
        counts[_ROW["shadow"]] += self._counted(np.concatenate([v.shadow for v in verdicts]))
        counts[_ROW["excluded"]] += self._counted(out[out >= 0])
        counts[_ROW["exempted"]] += self._counted(fired[~acts])
        counts[_ROW["moved"]] += acting * self._kinds.moves
        counts[_ROW["badged"]] += acting * self._kinds.badges
        counts[_ROW["referred"]] += self._counted(fired[acts]) * self._kinds.refers
        for name, given in (("pinned", [s.pinned for s in slates]), ("reserved", [s.reserved for s in slates])):
            by = np.concatenate(given)
            counts[_ROW[name]] += self._counted(by[by >= 0])
        for name, pairs in (("capped", [s.held_back for s in slates]), ("relaxed", [s.gave_way for s in slates])):
            counts[_ROW[name]] += self._counted(np.concatenate([one.strategy for one in pairs]))

    def _counted(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        return np.bincount(numbers, minlength=self._counts.shape[1])

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
        self._fold()
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


def _kinds(strategies: Sequence[Strategy]) -> _Kinds:
    def of(*actions: type[Action]) -> npt.NDArray[np.bool_]:
        return np.array([isinstance(strategy.action, actions) for strategy in strategies], np.bool_)

    return _Kinds(of(Demote, Boost), of(Badge), of(Refer))


def quantile(histogram: Sequence[int], q: float) -> float | None:
    """The upper bound, in seconds, below which this share of the decisions stayed; None where there were none."""
    counts = np.cumsum(histogram)
    if len(counts) == 0 or counts[-1] == 0:
        return None
    bucket = int(np.searchsorted(counts, q * counts[-1]))
    return BOUNDS[min(bucket, len(BOUNDS) - 1)]
