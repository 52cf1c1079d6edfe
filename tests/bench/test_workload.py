"""Is the benchmark's workload what its table claims, and does it come out the same every time?"""

import json

import numpy as np
import pytest

from aedile.engine.strategy_read import parse_strategy
from aedile.language.schema import parse_schema
from bench.conditions import is_mixed, literals_of
from bench.dialect import Cel
from bench.features import FEATURES
from bench.measure import requests_by_peer
from bench.peers.base import Clock
from bench.peers.numpy_columns import NumpyPeer
from bench.strategies import unscoped
from bench.workload import make_cases, make_catalogue, make_requests, make_schema, make_strategies


def test_there_are_25_features_of_all_types():
    assert len(FEATURES) == 25
    types = {"bool", "int", "double", "string", "timestamp", "duration", "list(string)"}
    assert {feature.type for feature in FEATURES} == types


def test_a_strategy_has_about_four_and_a_half_literals_and_one_in_twenty_is_mixed():
    cases = make_cases(1_000)
    assert np.mean([len(list(literals_of(case.terms))) for case in cases]) == pytest.approx(4.5, abs=0.1)
    assert sum(is_mixed(case.terms) for case in cases) == 50


def test_a_candidate_fires_between_5_and_15_of_1000_strategies():
    catalogue, cases = make_catalogue(5_000), make_cases(1_000)
    answer = requests_by_peer(NumpyPeer(), cases, catalogue)
    for request in make_requests(5, 5_000):
        assert 5 <= answer(request, Clock(60)).bits.sum(axis=1).mean() <= 15


def test_the_same_seed_gives_the_same_and_another_seed_something_else():
    assert make_strategies(20) == make_strategies(40)[:20]
    assert make_strategies(20, seed=9) != make_strategies(20)
    one, two = make_catalogue(100), make_catalogue(100)
    assert all(one[name].equals(two[name]) for name in one)
    assert [r.to_dict() for r in make_requests(3, 5_000)] == [r.to_dict() for r in make_requests(5, 5_000)][:3]


def test_every_strategy_is_one_that_aedile_accepts():
    schema = parse_schema(json.dumps(make_schema()))
    for case in make_cases(200):
        read = parse_strategy(json.dumps(case.strategy), schema, f"{case.id}.yaml")
        assert (read.starts, read.expires) == (case.starts, case.expires)
        parse_strategy(json.dumps(unscoped(case).strategy), schema, f"{case.id}.yaml")


def test_without_its_scope_a_strategy_is_for_every_request():
    cases = [unscoped(case) for case in make_cases(200)]
    for request in make_requests(5, 5_000):
        asked = (request.market, request.channel, request.time, request.shopper)
        assert all(case.is_for(*asked) for case in cases)
    assert any(case.strategy["markets"] != ["all"] for case in make_cases(200))


def test_the_condition_of_the_file_says_what_the_neutral_terms_say():
    for case in make_cases(100):
        assert case.strategy["condition"] == Cel().condition(case.terms)
