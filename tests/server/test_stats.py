"""Do the counts say what was decided, whatever release came between, and do they add up over workers?"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from aedile.engine import kernel
from aedile.errors import ServerError
from aedile.server.desk import NO_RELEASE
from aedile.server.gather import board_of, gathered
from aedile.server.metrics import METRICS, exposition
from aedile.server.stats import (
    BADGES,
    BOUNDS,
    MOVES,
    OF_STRATEGY,
    REFERS,
    Stats,
    count_compiled,
    count_in_numpy,
    quantile,
)
from aedile.store.board import Board
from tests.engine.slate.worlds import World, build, verdicts_of, worlds
from tests.server.shop import Worker, cap, engine_of, request, strategy

STANDING = {
    "release": {"number": 7, "digest": "d", "author": "ann", "time": "2026-11-24T00:00:00Z"}, "described": {},
    "muted": {}, "killed": None, "alerts": [], "refused": None, "log": {"decided": 3, "lost_disk": 1},
    "entities": {"position": 2, "rows": {"applied": 2}}, "trouble": {}, "resident": 1000,
}  # fmt: skip


def counted(stats):
    """Strategy → outcome → count, without the zeros."""
    told = stats.told(STANDING)["strategies"]
    return {id_: {name: n for name, n in zip(OF_STRATEGY, counts, strict=True) if n} for id_, counts in told.items()}


def decide(stats, worker, *ids, times=1):
    for _ in range(times):
        stats.add(worker.show(request(list(ids))), 0.001)


@pytest.fixture
def worker():
    return Worker(
        engine_of(
            strategy("all-badge", {"badge": {"key": "new"}}),
            strategy("a-exclude", "exclude", 'item.id == "a"', tier="quality"),
            strategy("b-demote", {"demote": {"factor": 0.5}}, 'item.id == "b"'),
            strategy("a-boost", {"boost": {"factor": 2.0}}, 'item.id == "a"'),
            strategy("c-shadow-boost", {"boost": {"factor": 2.0}}, 'item.id == "c"', stage="shadow"),
            cap("one-of-d-cap", "entity", 1, condition='item.id == "d"'),
        )
    )


@pytest.mark.parametrize("times", [1, 35])
def test_each_outcome_is_counted_once_a_candidate(worker, times):
    stats = Stats(1)
    stats.configure(worker.engine.strategies)
    decide(stats, worker, "a", "b", "c", times=times)
    assert counted(stats) == {
        "all-badge": {"fired": 3 * times, "badged": 2 * times},
        "a-exclude": {"fired": times, "excluded": times},
        "b-demote": {"fired": times, "moved": times},
        "a-boost": {"fired": times},
        "c-shadow-boost": {"shadow": times},
        "one-of-d-cap": {},
    }
    told = stats.told(STANDING)
    assert (told["requests"], told["candidates"], told["excluded"]) == (times, 3 * times, times)
    assert told["places"] == [["ID", "live", times]]
    assert sum(told["latency"]) == times


def test_counts_go_on_where_they_were_when_another_release_comes(worker):
    stats = Stats(1)
    stats.configure(worker.engine.strategies)
    decide(stats, worker, "b")
    other = Worker(engine_of(strategy("new-badge", {"badge": {"key": "x"}}), *worker.engine.strategies[2:]))
    stats.configure(other.engine.strategies)
    decide(stats, other, "b")
    stats.configure(worker.engine.strategies)
    decide(stats, worker, "b")
    found = counted(stats)
    assert found["all-badge"]["fired"] == found["b-demote"]["fired"] == 3
    assert found["new-badge"] == {"fired": 1, "badged": 1}


def test_refusals_are_counted_by_their_code():
    stats = Stats(1)
    for _ in range(3):
        stats.refused(ServerError(NO_RELEASE, "none", fix="wait"))
    assert stats.told(STANDING)["refusals"] == {"AED-SRV-001": 3}


@given(st.lists(st.floats(1e-6, 5), min_size=1), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_quantile_is_the_bound_that_so_many_stayed_below(seconds, q):
    histogram = np.bincount(np.searchsorted(BOUNDS, seconds), minlength=len(BOUNDS) + 1).tolist()
    found = quantile(histogram, q)
    inside = sum(one <= found for one in seconds) / len(seconds)
    assert inside >= q or found == BOUNDS[-1]


def test_without_decisions_there_is_no_quantile():
    assert quantile([0] * len(BOUNDS), 0.5) is None


@pytest.fixture
def boards(tmp_path, worker):
    """Two workers and a keeper have said how they stand, and one worker long ago."""
    for number in (1, 2):
        stats = Stats(number)
        stats.configure(worker.engine.strategies)
        decide(stats, worker, "a", "b", times=number)
        stats.add_unknown({("b-demote", "item.price"): 2})
        Board(board_of(tmp_path, number)).post(stats.told(STANDING))
    old = Stats(3).told(STANDING)
    Board(board_of(tmp_path, 3)).post({**old, "at": time.time() - 60, "requests": 1000})
    keeper = {"at": time.time(), "pid": 1, "postgres": "connected", "error": None, "refused": None, "trouble": {}}
    Board(board_of(tmp_path, "keeper")).post({**keeper, "log": {"lost_crash": 4}})
    return tmp_path


def test_all_workers_that_are_alive_add_up(boards):
    told = gathered(boards)
    assert told["requests"] == 3
    assert told["strategies"]["a-exclude"][OF_STRATEGY.index("excluded")] == 3
    assert told["log"] == {"decided": 6, "lost_disk": 2, "lost_crash": 4}
    assert told["unknown"] == [["b-demote", "item.price", 4]]
    assert [worker["worker"] for worker in told["workers"]] == [1, 2]
    assert told["release"]["number"] == 7


def test_before_any_worker_says_anything_the_page_has_something_to_show(tmp_path):
    told = gathered(tmp_path)
    assert (told["requests"], told["release"], told["p50_ms"], told["workers"]) == (0, None, None, [])


def test_prometheus_reads_every_metric_and_each_worker_under_its_own_name(boards):
    families = {one.name: one for one in text_string_to_metric_families(exposition(boards).decode())}
    assert families.keys() == METRICS.keys()
    requests = {sample.labels["worker"]: sample.value for sample in families["aedile_requests"].samples}
    assert requests == {"1": 1.0, "2": 2.0}
    assert families["aedile_keeper_postgres_up"].samples[0].value == 1
    lost = {s.labels["outcome"]: s.value for s in families["aedile_log"].samples if s.labels["worker"] == "1"}
    assert lost == {"decided": 3.0, "lost_disk": 1.0}
    assert families["aedile_keeper_lost"].samples[0].value == 4


@pytest.mark.skipif(kernel.compiled is None, reason="the kernel is not compiled on this machine")
@given(worlds(), st.integers(0, 99))
def test_the_kernel_counts_what_numpy_counts(world: World, seed: int):
    rng = np.random.default_rng(seed)
    verdicts, slate, k = verdicts_of(world), build(world), len(world.actions)
    shadow = rng.integers(0, k, 5 if k else 0).astype(np.int32)
    verdicts = replace(verdicts, acts=rng.random(len(verdicts.fired)) < 0.8, shadow=shadow)
    does = rng.choice([0, MOVES, BADGES, REFERS], k).astype(np.uint8)
    by_kernel, by_numpy = np.ones((2, len(OF_STRATEGY), k), np.int64)
    assert count_compiled(by_kernel, does, verdicts, slate) == count_in_numpy(by_numpy, does, verdicts, slate)
    assert by_kernel.tolist() == by_numpy.tolist()
