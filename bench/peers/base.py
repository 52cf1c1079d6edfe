"""What must a peer offer to be measured?"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench.features import ITEM_FEATURES
from bench.strategies import BenchStrategy
from bench.workload import BenchRequest, Catalogue

Program = TypeVar("Program")
Rows = TypeVar("Rows")


class Clock:
    """Counts the seconds spent inside `running` only, and knows when the budget is used up."""

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self.spent = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.spent += time.perf_counter() - started

    @property
    def is_over(self) -> bool:
        """To be asked while the clock stands still."""
        return self.spent >= self.budget

    def deadline(self) -> float:
        """The `time.perf_counter()` at which the budget ends, if the clock runs from now on."""
        return time.perf_counter() + self.budget - self.spent


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How many of the first `rows` rows each of the first len(counts) strategies fired for: int64."""

    counts: npt.NDArray[np.int64]
    rows: int


class Peer(ABC, Generic[Program]):
    """One engine. What is not handed a clock is outside the measurement."""

    name: ClassVar[str]

    @abstractmethod
    def compile(self, cases: Sequence[BenchStrategy], market: str) -> Program:
        """The conditions with this market's parameters, ready to run again and again."""

    @abstractmethod
    def batch(self, program: Program, catalogue: Catalogue, request: BenchRequest, clock: Clock) -> Counts:
        """The whole catalogue, as if all of it were candidates of this one request."""


class RequestPeer(Peer[Program], Generic[Program, Rows]):
    """An engine that can also answer one request at a time."""

    @abstractmethod
    def rows(self, catalogue: Catalogue, request: BenchRequest) -> Rows:
        """The request's candidates in the form the peer likes best, request features included."""

    @abstractmethod
    def request(self, program: Program, rows: Rows, clock: Clock) -> npt.NDArray[np.bool_]:
        """Which strategies fire for which candidates: bool (rows done, strategies done) when the clock ran out."""


def columns_of(catalogue: Catalogue, rows: npt.NDArray[np.int64] | slice) -> dict[str, pa.Array]:
    """The item features of some rows; times as int64 microseconds, as all peers are handed them."""
    columns = {}
    for feature in ITEM_FEATURES:
        column = catalogue[feature.name]
        if isinstance(rows, slice):
            column = column.slice(rows.start, rows.stop - rows.start)
        else:
            column = column.take(pa.array(rows))
        columns[feature.name] = column.cast(pa.int64()) if feature.type in ("timestamp", "duration") else column
    return columns


def records_of(
    catalogue: Catalogue, request: BenchRequest, rows: npt.NDArray[np.int64] | slice
) -> list[dict[str, Any]]:
    """One dictionary a row, request features included; None where a value is missing."""
    columns = columns_of(catalogue, rows)
    names = list(columns)
    texts = (pc.cast(c, c.type.value_type) if isinstance(c, pa.DictionaryArray) else c for c in columns.values())
    values = zip(*(column.to_pylist() for column in texts), strict=True)
    shared = request.values()
    return [{**dict(zip(names, row, strict=True)), **shared} for row in values]
