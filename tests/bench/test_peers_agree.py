"""Do all peers of the benchmark say the same, and is it what the conditions mean?"""

import operator
from typing import Any

import numpy as np
import pytest

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
    value_in,
)
from bench.peers import PEERS, load_peer
from bench.peers.base import Clock, Counts, RequestPeer, records_of
from bench.workload import BenchRequest, Catalogue, make_cases, make_catalogue, make_requests

ITEMS = 1_000
OPERATORS = {"==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
UNLIMITED = 1e9


def holds(literal: Literal, row: dict[str, Any], market: str) -> bool:
    """Whether the literal is true; a missing value makes any but a null test not true."""
    if isinstance(literal, Present):
        return (row[literal.feature] is not None) is literal.wanted
    names = (literal.left, literal.right) if isinstance(literal, Mixed) else (literal.feature,)
    if any(row[name] is None for name in names):
        return False
    match literal:
        case Compare(feature, op, value):
            return OPERATORS[op](row[feature], value_in(value, market))
        case Member(feature, values, negated):
            return (row[feature] in values) is not negated
        case Flag(feature, wanted):
            return row[feature] is wanted
        case Prefix(feature, prefix):
            return row[feature].startswith(prefix)
        case Holds(feature, text):
            return text in row[feature]
        case Mixed(left, op, right, factor):
            return OPERATORS[op](row[left], row[right] if factor is None else row[right] * factor)
        case Since(feature, op, span):
            return OPERATORS[op](row["request.time"] - row[feature], span)


def fires(terms: tuple[Term, ...], row: dict[str, Any], market: str) -> bool:
    choices = (term.literals if isinstance(term, Choice) else (term,) for term in terms)
    return all(any(holds(literal, row, market) for literal in literals) for literals in choices)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return make_catalogue(ITEMS)


@pytest.fixture(scope="module")
def requests() -> list[BenchRequest]:
    known, unknown = None, None
    for request in make_requests(100, ITEMS, candidates=80):
        if request.context.get("request.favourite_brand") is None:
            unknown = unknown or request
        else:
            known = known or request
    assert known is not None
    assert unknown is not None
    return [known, unknown]


def truth(cases: list[Any], catalogue: Catalogue, request: BenchRequest, rows: Any) -> np.ndarray:
    records = records_of(catalogue, request, rows)
    return np.array([[fires(case.terms, row, request.market) for case in cases] for row in records])


REQUEST_PEERS = [name for name in PEERS if name != "duckdb"]


@pytest.mark.parametrize("name", REQUEST_PEERS)
@pytest.mark.parametrize("strategies", [10, 220])
def test_a_peer_answers_a_request_as_the_conditions_mean(name, strategies, catalogue, requests):
    peer = load_peer(name)
    assert isinstance(peer, RequestPeer)
    cases = make_cases(strategies)
    for request in requests:
        bits = peer.request(peer.compile(cases, request.market), peer.rows(catalogue, request), Clock(UNLIMITED))
        expected = truth(cases, catalogue, request, request.rows)
        assert expected.any()
        np.testing.assert_array_equal(bits, expected)


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_counts_a_batch_as_the_conditions_mean(name, catalogue, requests):
    peer = load_peer(name)
    cases = make_cases(30)
    for request in requests:
        answer = peer.batch(peer.compile(cases, request.market), catalogue, request, Clock(UNLIMITED))
        assert answer.rows == ITEMS
        expected = truth(cases, catalogue, request, slice(0, ITEMS)).sum(axis=0)
        np.testing.assert_array_equal(answer.counts, expected)


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_whose_budget_is_used_up_says_how_far_it_came(name, catalogue, requests):
    peer = load_peer(name)
    cases = make_cases(220)
    program = peer.compile(cases, requests[0].market)
    answer = peer.batch(program, catalogue, requests[0], Clock(1e-9))
    assert isinstance(answer, Counts)
    done = len(answer.counts)
    assert (answer.rows, done) != (0, 0)
    expected = truth(cases[:done], catalogue, requests[0], slice(0, answer.rows)).sum(axis=0)
    np.testing.assert_array_equal(answer.counts, expected)


@pytest.mark.parametrize("name", REQUEST_PEERS)
def test_a_request_cut_short_holds_the_first_bits_of_the_whole(name, catalogue, requests):
    peer = load_peer(name)
    assert isinstance(peer, RequestPeer)
    cases = make_cases(220)
    program, rows = peer.compile(cases, requests[0].market), peer.rows(catalogue, requests[0])
    whole = peer.request(program, rows, Clock(UNLIMITED))
    part = peer.request(program, rows, Clock(1e-9))
    assert part.size > 0
    np.testing.assert_array_equal(part, whole[: part.shape[0], : part.shape[1]])
