"""How long does one engine take for one cell of the table, and are its answers right?

A cell has a budget of seconds. What is not done by then is extrapolated from what was, and the cell says so.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.peers.base import Clock, Counts, Peer, RequestPeer
from bench.peers.numpy_columns import NumpyPeer
from bench.strategies import BenchStrategy
from bench.workload import BenchRequest, Catalogue

Bits = npt.NDArray[np.bool_]

ENOUGH = ((100, 0.1), (10, 0.4))
"""A cell ends after so many requests once they took this share of the budget."""


GROUP = 250
"""Requests answered one after the other before any is compared."""

PRACTICE = 2
"""Requests answered before the clock counts."""


class DisagreementError(Exception):
    """Two engines gave different answers: nothing in the table can be trusted."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What an engine said of one request before its time was up.

    given: bool (rows done, len(numbers)), or what makes it once the clock has stopped. numbers: the strategies of its
    columns. share: of the request's work done.
    """

    given: Bits | Callable[[], Bits]
    numbers: npt.NDArray[np.int64]
    share: float

    @property
    def bits(self) -> Bits:
        return self.given() if callable(self.given) else self.given


AnswerRequest = Callable[[BenchRequest, Clock], Answer]
AnswerBatch = Callable[[BenchRequest, Clock], Counts]


@dataclass(slots=True)
class RequestCell:
    """Seconds of each request (extrapolated where it was cut short), and the verdict bits that were compared."""

    candidates: int
    seconds: list[float] = field(default_factory=list)
    cut_short: bool = False
    compared: int = 0

    @property
    def candidates_per_second(self) -> float:
        return self.candidates * len(self.seconds) / sum(self.seconds)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the requests was answered."""
        return float(np.quantile(self.seconds, share))


@dataclass(slots=True)
class BatchCell:
    """Seconds for the whole catalogue and all strategies; `rows` and `strategies` were done within the budget."""

    seconds: float
    rows: int
    strategies: int
    cut_short: bool
    compared: int


def scope_of(cases: Sequence[BenchStrategy], request: BenchRequest) -> npt.NDArray[np.int64]:
    """The numbers of the strategies whose scope the request is in."""
    asked = (request.market, request.channel, request.time, request.shopper)
    return np.array([number for number, case in enumerate(cases) if case.is_for(*asked)], np.int64)


def requests_by_peer(
    peer: RequestPeer[Any, Any], cases: Sequence[BenchStrategy], catalogue: Catalogue
) -> AnswerRequest:
    """The peer is spared what a server would do ahead or once: scope, programs, rows."""

    def answer(request: BenchRequest, clock: Clock) -> Answer:
        numbers = scope_of(cases, request)
        program = peer.compile([cases[number] for number in numbers], request.market)
        bits = peer.request(program, peer.rows(catalogue, request), clock)
        share = bits.size / max(len(request.rows) * len(numbers), 1)
        return Answer(bits, numbers[: bits.shape[1]], share)

    return answer


def batch_by_peer(peer: Peer[Any], cases: Sequence[BenchStrategy], catalogue: Catalogue) -> AnswerBatch:
    """All strategies, whatever their scope, with the parameters of the request's market."""

    def answer(request: BenchRequest, clock: Clock) -> Counts:
        return peer.batch(peer.compile(cases, request.market), catalogue, request, clock)

    return answer


class Reference:
    """The right answers for one set of strategies, from the NumPy peer (which tests hold against plain Python)."""

    def __init__(self, cases: Sequence[BenchStrategy], catalogue: Catalogue) -> None:
        self.cases = cases
        self.catalogue = catalogue
        self._peer = NumpyPeer()
        self._answer = requests_by_peer(self._peer, cases, catalogue)
        self._packed: dict[str, npt.NDArray[np.uint8]] = {}
        self._counts: dict[int, npt.NDArray[np.int64]] = {}

    def compare_request(self, request: BenchRequest, answer: Answer, engine: str) -> int:
        """The number of bits compared; raises `DisagreementError` at the first that differs."""
        if request.id not in self._packed:
            right = self._answer(request, Clock(float("inf")))
            whole = np.zeros((len(right.bits), len(self.cases)), np.bool_)
            whole[:, right.numbers] = right.bits
            self._packed[request.id] = np.packbits(whole, axis=1)
        expected = np.unpackbits(self._packed[request.id], axis=1, count=len(self.cases)).view(np.bool_)
        bits = answer.bits
        differs = bits != expected[: len(bits), answer.numbers]
        if differs.any():
            row, column = np.argwhere(differs)[0]
            case = self.cases[answer.numbers[column]]
            raise DisagreementError(f"{engine} on {case.id} and {request.ids[row]} in {request.id}: {case.terms}")
        return int(bits.size)

    def compare_batch(self, request: BenchRequest, counts: Counts, engine: str) -> int:
        """The same for the matches of each strategy in the rows that were done."""
        if counts.rows not in self._counts:
            part = {name: column.slice(0, counts.rows) for name, column in self.catalogue.items()}
            answer = batch_by_peer(self._peer, self.cases, part)
            self._counts[counts.rows] = answer(request, Clock(float("inf"))).counts
        expected = self._counts[counts.rows][: len(counts.counts)]
        wrong = np.flatnonzero(counts.counts != expected)
        if len(wrong):
            case = self.cases[wrong[0]]
            found, right = counts.counts[wrong[0]], expected[wrong[0]]
            raise DisagreementError(f"{engine} counts {found} rows for {case.id}, not {right}: {case.terms}")
        return counts.rows * len(expected)


@contextmanager
def settled_heap() -> Iterator[None]:
    """What was made ahead is not walked by the garbage collector while the clock runs, as in a server at work."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def measure_requests(
    engine: str, answer: AnswerRequest, requests: Sequence[BenchRequest], reference: Reference, budget: float
) -> RequestCell:
    """One request after another until there are enough, or the budget is used up. The first ones are practice.

    No request is answered twice, so that no engine can live on what it remembers of it. Answers are compared a group at
    a time: a server goes from one request to the next, without reading millions of bits in between.
    """
    cell = RequestCell(len(requests[0].ids))
    spent = 0.0
    waiting: list[tuple[BenchRequest, Answer]] = []
    for request in requests[:PRACTICE]:
        answer(request, Clock(budget / 20))
    with settled_heap():
        for request in requests[PRACTICE:]:
            clock = Clock(budget - spent)
            given = answer(request, clock)
            waiting.append((request, given))
            if len(waiting) == GROUP:
                cell.compared += _compared(waiting, reference, engine)
            spent += clock.spent
            if given.share < 1 and cell.seconds:
                break  # whole requests came before: they say more than a part does
            cell.seconds.append(clock.spent / given.share)
            cell.cut_short = given.share < 1
            if spent >= budget or any(len(cell.seconds) >= n and spent >= share * budget for n, share in ENOUGH):
                break
    cell.compared += _compared(waiting, reference, engine)
    return cell


def _compared(waiting: list[tuple[BenchRequest, Answer]], reference: Reference, engine: str) -> int:
    """The bits compared of the answers that wait, which then wait no more."""
    count = sum(reference.compare_request(request, answer, engine) for request, answer in waiting)
    waiting.clear()
    return count


def measure_batch(
    engine: str, answer: AnswerBatch, request: BenchRequest, reference: Reference, budget: float
) -> BatchCell:
    """The whole catalogue once."""
    clock = Clock(budget)
    counts = answer(request, clock)
    rows, strategies = len(reference.catalogue["id"]), len(reference.cases)
    done = counts.rows * len(counts.counts) / (rows * strategies)
    compared = reference.compare_batch(request, counts, engine)
    return BatchCell(clock.spent / done, counts.rows, len(counts.counts), done < 1, compared)
