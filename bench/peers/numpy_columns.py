"""NumPy, vectorised: one closure a literal, over columns of numbers and dictionary codes."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench import features as f
from bench.conditions import (
    Choice,
    Compare,
    Flag,
    Holds,
    Literal,
    Member,
    Mixed,
    Prefix,
    Present,
    Since,
    Term,
    features_of,
    value_in,
)
from bench.peers.base import Clock, Counts, RequestPeer, columns_of
from bench.strategies import BenchStrategy
from bench.workload import BenchRequest, Catalogue

Columns = Mapping[str, Any]
"""Arrays of the items and scalars of the request. Missing is NaN in numbers and code -1 in texts."""
Mask = Any
"""bool (n,), or one bool that holds for all rows."""
Closure = Callable[[Columns], Mask]

OPERATORS: dict[str, Callable[[Any, Any], Mask]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
DICTIONARIES: dict[str, tuple[str, ...]] = {
    "item.category": f.CATEGORIES,
    "item.brand": f.BRANDS,
    "item.colour": f.COLOURS,
    "item.country": f.COUNTRIES,
    "item.condition": f.CONDITIONS,
    "request.segment": f.SEGMENTS,
    "request.favourite_brand": f.BRANDS,
}
BLOCK = 16_384
"""Rows a block of the batch: the columns of a block stay in the second-level cache."""
CHECK_EVERY = 50
"""Strategies between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Conjunctions:
    """Strategies as lists of (place, closure); terms that are the same have the same place and are answered once."""

    strategies: list[list[tuple[int, Closure]]]
    places: int


class NumpyPeer(RequestPeer[Conjunctions, Columns]):
    name = "NumPy, vectorised"

    def __init__(self) -> None:
        self.closures: dict[tuple[Term, str], Closure] = {}

    def compile(self, cases: Sequence[BenchStrategy], market: str) -> Conjunctions:
        places: dict[Term, int] = {}
        strategies = []
        for case in cases:
            # Terms over the request alone cost one Python comparison: first.
            ordered = sorted(case.terms, key=lambda term: not _is_request_only(term))
            strategies.append([(places.setdefault(t, len(places)), self._closure(t, market)) for t in ordered])
        return Conjunctions(strategies, len(places))

    def _closure(self, term: Term, market: str) -> Closure:
        if (term, market) not in self.closures:
            self.closures[term, market] = _term(term, market)
        return self.closures[term, market]

    def rows(self, catalogue: Catalogue, request: BenchRequest) -> Columns:
        return _columns(catalogue, request, request.rows)

    def request(self, program: Conjunctions, rows: Columns, clock: Clock) -> npt.NDArray[np.bool_]:
        bits = np.zeros((len(program.strategies), len(rows["item.price"])), np.bool_)
        answers: list[Mask] = [None] * program.places
        with clock.running():
            deadline = clock.deadline()
            for number, terms in enumerate(program.strategies):
                bits[number] = _fires(terms, rows, answers)
                if number % CHECK_EVERY == 0 and time.perf_counter() > deadline:
                    return bits[: number + 1].T
        return bits.T

    def batch(self, program: Conjunctions, catalogue: Catalogue, request: BenchRequest, clock: Clock) -> Counts:
        total = len(catalogue["id"])
        counts = np.zeros(len(program.strategies), np.int64)
        for start in range(0, total, BLOCK):
            stop = min(start + BLOCK, total)
            rows = _columns(catalogue, request, slice(start, stop))
            with clock.running():
                for number, terms in enumerate(program.strategies):
                    counts[number] += _count(terms, rows, stop - start)
            if clock.is_over:
                return Counts(counts, stop)
        return Counts(counts, total)


def _fires(terms: list[tuple[int, Closure]], rows: Columns, answers: list[Mask]) -> Mask:
    """The conjunction, of answers already there where there are any; False ends it early."""
    mask: Mask = True
    for place, closure in terms:
        answer = answers[place]
        if answer is None:
            answer = answers[place] = closure(rows)
        if answer is False:
            return False
        mask = answer if mask is True else answer & mask
    return mask


def _count(terms: list[tuple[int, Closure]], rows: Columns, length: int) -> int:
    """How many rows of a block fire; answers are not kept, for thousands of them would not fit into the cache."""
    mask: Mask = True
    for _, closure in terms:
        answer = closure(rows)
        if answer is False:
            return 0
        mask = answer if mask is True else answer & mask
    return length if mask is True else int(np.count_nonzero(mask))


def _is_request_only(term: Term) -> bool:
    literals = term.literals if isinstance(term, Choice) else (term,)
    return all(name.startswith("request.") for literal in literals for name in features_of(literal))


def _term(term: Term, market: str) -> Closure:
    if not isinstance(term, Choice):
        return _literal(term, market)
    closures = [_literal(literal, market) for literal in term.literals]

    def either(rows: Columns) -> Mask:
        mask = closures[0](rows)
        for closure in closures[1:]:
            mask = closure(rows) | mask
        return mask

    return either


def _literal(literal: Literal, market: str) -> Closure:
    match literal:
        case Compare(feature, op, value) if feature in DICTIONARIES:
            code = DICTIONARIES[feature].index(str(value_in(value, market)))
            return lambda rows: rows[feature] == code
        case Compare(feature, op, value):
            compare, constant = OPERATORS[op], value_in(value, market)
            return lambda rows: compare(rows[feature], constant)
        case Member(feature, values, negated):
            return _look_up(feature, [(text in values) is not negated for text in DICTIONARIES[feature]])
        case Prefix(feature, prefix):
            return _look_up(feature, [text.startswith(prefix) for text in DICTIONARIES[feature]])
        case Flag(feature, wanted):
            return (lambda rows: rows[feature]) if wanted else lambda rows: rows[feature] ^ True
        case Present(feature, wanted):
            return _presence(feature, wanted)
        case Holds(feature, text):
            code = f.TAGS.index(text)
            return lambda rows: (rows[feature] == code).any(axis=1)
        case Mixed(left, op, right, factor):
            return _mixed(left, op, right, factor)
        case Since(feature, op, span):
            compare = OPERATORS[op]
            return lambda rows: compare(rows["request.time"] - rows[feature], span)


def _look_up(feature: str, wanted: list[bool]) -> Closure:
    # The last place answers for code -1, a missing value.
    table = np.array([*wanted, False])
    if feature.startswith("request."):
        return lambda rows: bool(table[rows[feature]])
    return lambda rows: table[rows[feature]]


def _presence(feature: str, wanted: bool) -> Closure:
    if feature in DICTIONARIES:
        return lambda rows: (rows[feature] >= 0) if wanted else rows[feature] < 0
    return lambda rows: np.isnan(rows[feature]) ^ wanted


def _mixed(left: str, op: str, right: str, factor: float | None) -> Closure:
    compare = OPERATORS[op]
    if left in DICTIONARIES:  # the request's missing text must not equal the item's
        return lambda rows: compare(rows[left], rows[right]) & (rows[left] >= 0)
    if factor is None:
        return lambda rows: compare(rows[left], rows[right])
    return lambda rows: compare(rows[left], rows[right] * factor)


def _columns(catalogue: Catalogue, request: BenchRequest, rows: npt.NDArray[np.int64] | slice) -> Columns:
    columns: dict[str, Any] = {name: _array(values) for name, values in columns_of(catalogue, rows).items()}
    for name, value in request.values().items():
        if name in DICTIONARIES:
            columns[name] = -1 if value is None else DICTIONARIES[name].index(value)
        else:
            columns[name] = value
    return columns


def _array(values: pa.Array) -> npt.NDArray[Any]:
    if isinstance(values, pa.LargeListArray):
        return _padded(values)
    if isinstance(values, pa.DictionaryArray):
        values = values.indices.fill_null(-1)
    elif values.null_count:  # integers of this workload are exact as doubles
        values = values.cast(pa.float64(), safe=False).fill_null(float("nan"))
    array: npt.NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return array


def _padded(lists: pa.LargeListArray) -> npt.NDArray[np.int16]:
    """Lists as a matrix of codes, -1 beyond each list's end."""
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy()
    codes = pc.index_in(lists.flatten(), pa.array(f.TAGS, pa.large_string())).to_numpy()
    matrix = np.full((len(lists), int(lengths.max(initial=0))), -1, np.int16)
    matrix[np.arange(matrix.shape[1]) < lengths[:, None]] = codes
    return matrix
