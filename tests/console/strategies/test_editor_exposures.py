"""Exposures are counted from the log as it is, sealed or not: each entity as often as it was on a page."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from aedile.server.recorder import Recorder
from aedile.store.seal import seal_all
from tests.replay.mall import Mall, read_lists

HOURS = 3_600_000_000


@pytest.fixture
def home(console_home: Any) -> Iterator[Any]:
    from aedile.console.settings import HOME

    def empty() -> None:
        for folder in (HOME.journal, HOME.decisions):
            shutil.rmtree(folder, ignore_errors=True)
        HOME.prepare()

    empty()
    yield HOME
    empty()


def log(home: Any, lists: Any, count: int, seed: int, hours_ago: int) -> Counter[tuple[str, str, str, str]]:
    """Log some decisions, as a worker does that then ends; how often each entity was shown, by market and channel."""
    mall, recorder, shown = Mall(Random(seed), lists), Recorder(home, seed, queue=1000), Counter()
    recorder.begin(mall.engine.strategies)
    for number in range(count):
        at = time.time_ns() // 1000 - hours_ago * HOURS + number
        request = mall.ask(1000 * seed + number)
        decision = mall.decide(request, at).decision
        recorder.record(decision, 1, None, at, None)
        candidates = request.candidates
        shown.update(
            (candidates.kinds[place], request.market, request.channel, candidates.ids[place])
            for place in decision.slate.page.tolist()
        )
        mall.live_on()
    recorder.close()
    return shown


def test_what_was_shown_is_counted_by_the_day(home, tmp_path) -> None:
    from aedile.console.strategies.exposed import count_exposures

    lists = read_lists(tmp_path)
    shown = log(home, lists, 40, 1, 12)
    seal_all(home, time.time(), everything=True)
    shown += log(home, lists, 30, 2, 2)
    found = count_exposures()
    told = {
        (place.kind, place.market, place.channel, id_): a_day
        for place in found.shown
        for id_, a_day in zip(place.ids.to_pylist(), place.a_day.tolist(), strict=True)
    }
    assert found.is_enough
    assert found.seconds == pytest.approx(12 * 3600, abs=60)
    assert told.keys() == shown.keys()
    for key, count in shown.items():
        assert told[key] == pytest.approx(2 * count, rel=0.01)  # half a day of log


def test_of_many_files_some_are_read_and_the_counts_are_scaled(home, tmp_path, monkeypatch) -> None:
    from aedile.console.strategies import exposed

    lists = read_lists(tmp_path)
    for seed in (1, 2, 3):
        log(home, lists, 20, seed, 6)
        seal_all(home, time.time(), everything=True)
    whole = exposed.count_exposures()
    monkeypatch.setattr(exposed, "FILES", 4)
    some = exposed.count_exposures()
    assert whole.read == 1.0
    assert 0 < some.read < 1

    def total(found: Any) -> float:
        return sum(float(place.a_day.sum()) for place in found.shown)

    assert total(some) == pytest.approx(total(whole), rel=0.6)


def test_without_a_log_nothing_is_told_and_a_young_one_is_not_enough(home, tmp_path) -> None:
    from aedile.console.strategies.exposed import COUNTER, count_exposures

    assert (count_exposures().shown, count_exposures().is_enough) == ((), False)
    assert log(home, read_lists(tmp_path), 5, 1, 0)
    young = count_exposures()
    assert young.shown
    assert not young.is_enough
    COUNTER.forget()
    assert COUNTER.exposures(30.0) is COUNTER.exposures(30.0)
    COUNTER.forget()
