"""How often is a key let through, alone and over several workers?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.server.limits import Limits, OverLimit


def let_through(limits, times, limit, key="k"):
    passed = 0
    for now in times:
        try:
            limits.take(key, limit, now)
        except OverLimit:
            continue
        passed += 1
    return passed


def test_a_seconds_calls_go_through_at_once_and_then_as_many_a_second():
    limits = Limits()
    assert let_through(limits, [0.0] * 100, 10) == 10
    assert let_through(limits, [0.05 * n for n in range(1, 41)], 10) == 20


def test_it_says_when_one_more_is_allowed():
    limits = Limits()
    limits.take("k", 1, 0.0)
    with pytest.raises(OverLimit) as caught:
        limits.take("k", 1, 0.25)
    assert "0.75 s" in caught.value.hint
    assert caught.value.retry_after == 1
    limits.take("k", 1, 1.0)


def test_one_keys_calls_are_not_anothers():
    limits = Limits()
    let_through(limits, [0.0] * 5, 3, "greedy")
    limits.take("modest", 3, 0.0)


def test_a_clock_that_goes_back_gives_nothing_away():
    limits = Limits()
    assert let_through(limits, [10.0] * 5 + [5.0] * 5, 3) == 3


@given(st.lists(st.floats(0, 20), max_size=200), st.integers(1, 20))
def test_never_more_than_the_limit_times_the_span_and_one_second_more(gaps, limit):
    times = sorted(gaps)
    span = times[-1] - times[0] if times else 0
    assert let_through(Limits(), times, limit) <= limit * (span + 1) + 1e-6


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_over_several_workers_the_limit_on_average_and_in_one_second_no_more_than_each_twice_its_bucket(workers):
    ring, limit, by_second = [Limits() for _ in range(workers)], 20, []
    for second in range(60):
        times = [second + step / 100 for step in range(100)]
        by_second.append(sum(let_through(one, times, limit) for one in ring))
        told = [one.delta() for one in ring]
        for mine, one in enumerate(ring):
            for other, delta in enumerate(told):
                if other != mine:
                    one.merge(delta)
    assert max(by_second) <= 2 * workers * limit
    assert 0.9 * limit <= sum(by_second) / 60 <= limit + 2 * workers * limit / 60


def test_what_is_told_is_told_once():
    limits = Limits()
    limits.take("k", 5, 0.0)
    assert limits.delta() == {"k": 1}
    assert limits.delta() == {}
