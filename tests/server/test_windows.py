"""A window never counts less than was shown in it, and little more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aedile.server.windows import Window
from aedile.store.exposure_counts import BUCKETS

UNITS = ("ann", "bob", "cyd")
windows = st.integers(1, 5_000)
starts = st.integers(0, 10**6)


def shown(window: Window, unit: str, now: int) -> None:
    window.add({window.bucket_at(now): {unit: 1}}, now)


@given(windows, starts, st.lists(st.tuples(st.sampled_from(UNITS), st.integers(0, 2_000))))
def test_an_exposure_counts_for_the_window_and_a_sixtieth_longer_at_most(
    length: int, now: int, steps: list[tuple[str, int]]
) -> None:
    window, past = Window(length), []
    for unit, step in steps:
        now += step
        shown(window, unit, now)
        past.append((unit, now))
        for one in UNITS:
            certain = sum(unit == one and now - at <= length for unit, at in past)
            possible = sum(unit == one and now - at < (BUCKETS + 1) * window.width for unit, at in past)
            assert certain <= window.counts[one] <= possible


@given(windows, starts, st.lists(st.tuples(st.sampled_from(UNITS), st.integers(-500, 1_000))))
def test_a_clock_that_steps_back_takes_no_exposure_away(length: int, now: int, steps: list[tuple[str, int]]) -> None:
    window, past, latest = Window(length), [], now
    for unit, step in steps:
        now = max(0, latest - length, now + step)  # no more than a window before the latest it has said
        latest = max(latest, now)
        shown(window, unit, now)
        past.append((unit, now))
        for one in UNITS:
            assert window.counts[one] >= sum(unit == one and latest - at <= length for unit, at in past)


@given(windows, st.lists(st.tuples(st.sampled_from(UNITS), st.integers(0, 9_000), st.integers(0, 2))))
def test_it_does_not_matter_who_counted_and_in_which_order_it_is_told(
    length: int, exposures: list[tuple[str, int, int]]
) -> None:
    now = 10_000
    together, parts = Window(length), [Window(length) for _ in range(3)]
    for unit, at, teller in exposures:
        bucket = {together.bucket_at(at): {unit: 1}}
        together.add(bucket, now)
        parts[teller].add(bucket, now)
    merged = Window(length)
    for part in reversed(parts):
        merged.add(part._buckets, now)
    assert merged.counts == together.counts
    assert merged._buckets == together._buckets


@given(windows, st.lists(st.tuples(st.sampled_from(UNITS), st.integers(0, 9_000))))
def test_what_is_out_of_the_window_takes_no_memory(length: int, exposures: list[tuple[str, int]]) -> None:
    window = Window(length)
    for unit, at in exposures:
        shown(window, unit, at)
    window.roll(9_000 + 62 * window.width)
    assert (window.entries, len(window.counts), window.since) == (0, 0, None)


def test_what_a_wrong_clock_stamped_far_ahead_is_forgotten() -> None:
    window = Window(600)
    shown(window, "ann", 100_000)
    shown(window, "ann", 1_000)
    assert window.counts["ann"] == 1


def test_the_oldest_goes_first_where_memory_is_short() -> None:
    window = Window(600)
    shown(window, "ann", 1_000)
    shown(window, "ann", 1_300)
    shown(window, "bob", 1_300)
    assert window.forget_oldest() == 1
    assert window.counts == {"ann": 1, "bob": 1}
