"""Does a load that breaks a bound say so, and which?"""

from __future__ import annotations

import os
import shutil

import pytest

from bench.serving.run import grown, soak, too_slow
from bench.serving.stage import stage
from tests.scale import tenth_of

FAST = {"cpu_ms": 0.69, "rate": 2_001.0, "p99_ms": 30.0, "not_2xx": 0, "socket_errors": 0}
CALM = {"cpu_ms": 0.8, "rate": 1_400.0, "p99_ms": 9.9, "not_2xx": 0, "socket_errors": 0}


def tenths(*resident, pids=(7, 8), failed=0):
    return [
        {"tenth": n + 1, "requests": 9, "not_2xx": failed, "socket_errors": 0, "pids": pids, "resident": {"1": size}}
        for n, size in enumerate(resident)
    ]


def test_what_holds_is_not_told():
    assert too_slow(FAST, CALM) == []
    assert grown(tenths(1000, 1040, 900, 1049)) == []
    assert grown([]) == []


@pytest.mark.parametrize(
    ("fast", "calm", "words"),
    [
        ({"cpu_ms": 0.71}, {}, "0.71 ms of CPU"),
        ({"rate": 1_999.0}, {}, "1999.0 requests a second"),
        ({}, {"p99_ms": 10.5}, "10.5 ms at the 99th percentile"),
        ({"not_2xx": 1}, {}, "1 calls failed"),
        ({}, {"socket_errors": 2}, "2 calls failed"),
    ],
)
def test_each_bound_of_speed_that_is_broken_is_told(fast, calm, words):
    (told,) = too_slow({**FAST, **fast}, {**CALM, **calm})
    assert words in told


def test_memory_that_grows_a_worker_that_died_and_calls_that_failed_are_told():
    assert "grown by 6.0 per cent by tenth 3" in grown(tenths(100, 101, 106))[0]
    died = tenths(100, 100)
    died[1]["pids"] = (7, 9)
    assert "started again by tenth 2" in grown(died)[0]
    assert "3 calls failed in tenth 1" in grown(tenths(100, failed=3))[0]


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed; on Debian: wrk")
@pytest.mark.skipif("SOAK" in os.environ, reason="make soak makes all the requests afterwards, in full size")
def test_memory_stays_over_a_hundredth_of_the_long_load():
    requests = tenth_of(3_600_000) // 10  # a tenth takes ten minutes of both cores, half of what all tests may take
    with stage(strategies=200, items=20_000, workers=2, candidates=20) as running:
        found = soak(running, requests, 2_500)
    assert sum(tenth["requests"] for tenth in found) >= requests
    assert grown(found[4:]) == []  # by then logs, counts and allocators have what they need; a leak would go on
