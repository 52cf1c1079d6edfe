"""How long does the engine take for each of these requests?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aedile.engine.decide import Decider
from aedile.engine.requests import Request
from aedile.language.columns import Column

#: Requests of the round that counts for nothing.
PRACTICE = 20


@dataclass(frozen=True, slots=True)
class Timing:
    """One step over many requests; p50 and p99 in milliseconds a request."""

    step: str
    p50_ms: float
    p99_ms: float
    candidates_per_second: int
    times: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Part:
    """The candidates of one kind as `classify` takes them."""

    kind: str
    ids: list[str]
    sent: Mapping[str, Column]


def measure(decider: Decider, requests: Sequence[Request], seconds: float) -> list[Timing]:
    """Asks the requests in turns until the time is up, at least once.

    classify: which strategies fire and what is excluded and multiplied, for all candidates. decide: the same with
    what is unknown, and the slate. The two take turns, so that a slow moment hits both.
    """
    for request in requests[:PRACTICE]:
        decider.decide(request)
    parts = [_parts(request, decider) for request in requests]
    classify, decide = [], []
    end, turn = time.perf_counter() + seconds, 0
    while turn == 0 or time.perf_counter() < end:
        number = turn % len(requests)
        classify.append(_timed(lambda n=number: _classify(decider, requests[n], parts[n])))  # type: ignore[misc]
        decide.append(_timed(lambda n=number: decider.decide(requests[n])))  # type: ignore[misc]
        turn += 1
    asked = sum(len(requests[number % len(requests)].candidates) for number in range(turn))
    return [_timing("classify", classify, asked), _timing("decide", decide, asked)]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _parts(request: Request, decider: Decider) -> list[_Part]:
    candidates = request.candidates
    parts = []
    for kind in dict.fromkeys(candidates.kinds):
        places = [place for place, one in enumerate(candidates.kinds) if one == kind]
        names = decider.engine.schema.sendable_with(kind)
        sent = {name: column.take(np.array(places)) for name, column in candidates.features.items() if name in names}
        parts.append(_Part(kind, [candidates.ids[place] for place in places], sent))
    return parts


def _classify(decider: Decider, request: Request, parts: Sequence[_Part]) -> None:
    values = decider.values(request)
    for part in parts:
        decider.engine.classify(part.kind, part.ids, values, part.sent)


def _timing(step: str, seconds: list[float], candidates: int) -> Timing:
    p50, p99 = np.quantile(seconds, (0.5, 0.99)) * 1000
    rate = round(candidates / sum(seconds))
    return Timing(step, round(float(p50), 4), round(float(p99), 4), rate, len(seconds))
