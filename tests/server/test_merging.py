"""All workers know of each other's exposures within a beat or two, whatever happens in between."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.synchronize
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aedile.server.merging import Merging
from aedile.store.exposure_log import FOLD_AFTER, ExposureLog
from tests.server.shop import DAY, HOUR, NOON, SECOND, Worker, cap, engine_of, request, strategy

MOST = 3
ENGINE = engine_of(
    cap("capped", "entity", MOST, condition='item.id != "filler"'),
    strategy("demote", {"demote": {"factor": 0.5}}, 'item.id == "a"', tier="quality", budget={"exposures": 0.3}),
)


class Keys:
    """What callers' keys used, as limits count it."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}
        self.others: dict[str, int] = {}

    def delta(self) -> dict[str, int]:
        used, self.used = self.used, {}
        return used

    def merge(self, other: dict[str, int]) -> None:
        for key, count in other.items():
            self.others[key] = self.others.get(key, 0) + count


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


class Process(Worker):
    """A worker with its exchange, but for the process."""

    def __init__(self, path: Path, clock: Clock, floor: int = 10) -> None:
        super().__init__(ENGINE, floor=floor)
        self.clock = clock
        self.keys = Keys()
        self.merging = Merging(path, self.exposures, self.keys, clock)
        self.merging.catch_up()

    def ask(self) -> bool:
        """Ask for the one place there is; whether the capped item got it."""
        decision = self.show(request(["a", "filler"], limit=1), self.clock.now)
        return decision.request.candidates.ids[int(decision.slate.page[0])] == "a"

    def beat(self) -> None:
        asyncio.run(self.merging.beat())

    def known(self) -> int:
        return self.count("capped", "a", self.clock.now)

    def die(self) -> None:
        """As SIGKILL would have it: nothing is told any more."""
        self.exposures.delta()
        self.merging.close()


@contextmanager
def processes(path: Path, number: int) -> Iterator[tuple[Clock, list[Process]]]:
    clock = Clock()
    workers = [Process(path, clock) for _ in range(number)]
    try:
        yield clock, workers
    finally:
        for worker in workers:
            worker.merging.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exposures.sqlite"


def test_each_knows_what_all_have_shown_after_a_beat_of_all_and_one_more(path: Path) -> None:
    with processes(path, 3) as (_, workers):
        assert [worker.ask() for worker in workers] == [True, True, True]
        for worker in [*workers, *workers]:
            worker.beat()
        assert [worker.known() for worker in workers] == [3, 3, 3]
        assert not any(worker.ask() for worker in workers)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "beat", "beat", "die", "later", "back", "tidy"]),
        st.integers(0, 2),
    ),
    max_size=40,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_overshoot_is_bounded_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """At most `max` by each worker in a window; a worker that was killed and started again counts as one more."""
    folder = tmp_path_factory.mktemp("merging")
    path = folder / "exposures.sqlite"
    lost = 0
    with processes(path, 3) as (clock, workers), ExposureLog(path) as log:
        shown = 0
        untold = [0, 0, 0]
        for what, number in steps:
            worker = workers[number]
            if what == "ask":
                admitted = worker.ask()
                assert not admitted or worker.known() <= MOST
                shown += admitted
                untold[number] += admitted
            elif what == "beat":
                worker.beat()
                untold[number] = 0
            elif what == "die":
                worker.die()
                lost += untold[number]
                untold[number] = 0
                workers[number] = Process(path, clock)
            elif what == "tidy":
                log.tidy(clock.now)
            else:  # all of it takes less than the window
                clock.now += 65 * SECOND if what == "later" else -10 * SECOND
            assert shown <= 3 * MOST + lost
        for worker in [*workers, *workers]:
            worker.beat()
        assert [worker.known() for worker in workers] == 3 * [shown - lost]
        assert all(worker.exposures.alerts() == workers[0].exposures.alerts() for worker in workers)
    shutil.rmtree(folder)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, MOST), st.permutations([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]))
def test_between_merges_each_shows_what_the_cap_still_allowed(
    tmp_path_factory: pytest.TempPathFactory, before: int, order: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("merging")
    with processes(folder / "log", 3) as (_, workers):
        for _ in range(before):
            workers[0].ask()
        for worker in [*workers, *workers]:
            worker.beat()
        shown = before + sum(workers[number].ask() for number in order)
        assert shown == MOST + 2 * (MOST - before)
    shutil.rmtree(folder)


def test_a_worker_that_starts_again_knows_what_it_has_shown(path: Path) -> None:
    with processes(path, 1) as (clock, (worker,)):
        worker.ask()
        worker.beat()
        again = Process(path, clock)
        assert again.known() == 1
        again.merging.close()


def test_a_worker_that_stops_tells_what_it_had_not_told(path: Path) -> None:
    with processes(path, 2) as (_, (one, two)):
        one.ask()
        one.merging.close()
        two.beat()
        assert two.known() == 1


def test_a_worker_that_slept_while_rows_were_folded_counts_nothing_twice(path: Path) -> None:
    with processes(path, 2) as (clock, (awake, asleep)), ExposureLog(path) as log:
        for worker in (asleep, awake):
            worker.ask()
            worker.beat()
        asleep.beat()
        awake.ask()
        awake.beat()
        asleep.ask()
        clock.now += 2 * FOLD_AFTER
        log.tidy(clock.now)
        asleep.beat()
        awake.beat()
        assert [asleep.known(), awake.known()] == [4, 4]


def test_a_full_disk_lets_each_count_on_and_is_made_up_for(path: Path) -> None:
    with processes(path, 2) as (_, (one, two)):
        one.beat()
        folder = path.parent
        folder.rename(folder.with_name("away"))
        one.merging.close()
        one.ask()
        one.beat()
        one.ask()
        one.beat()
        assert one.merging.trouble["disk"] >= 2
        assert one.known() == 2
        folder.with_name("away").rename(folder)
        one.beat()
        two.beat()
        assert [one.known(), two.known()] == [2, 2]


def test_a_damaged_row_is_counted_and_the_rest_is_heard(path: Path) -> None:
    with processes(path, 2) as (_, (one, two)), ExposureLog(path) as log:
        one.ask()
        one.beat()
        log._db.execute("update exposures set counts = x'c1'")
        one.ask()
        one.beat()
        two.beat()
        assert two.merging.trouble["damaged"] == 1
        assert two.known() == 1


def test_workers_agree_on_who_pauses_and_so_does_one_that_starts(path: Path) -> None:
    with processes(path, 2) as (clock, workers):
        for _ in range(3):
            for worker in workers:
                worker.ask()
        for worker in [*workers, *workers]:
            worker.beat()
        assert [worker.exposures.muted() for worker in workers] == 2 * [{"demote"}]
        again = Process(path, clock)
        assert again.exposures.muted() == {"demote"}
        again.merging.close()
        clock.now += DAY
        for worker in workers:
            worker.beat()
        assert [worker.exposures.muted() for worker in workers] == 2 * [frozenset()]


def test_what_keys_used_is_told_while_it_matters(path: Path) -> None:
    with processes(path, 2) as (clock, (one, two)):
        one.keys.used = {"search": 7}
        one.beat()
        two.beat()
        one.beat()
        assert (one.keys.others, two.keys.others) == ({}, {"search": 7})
        one.keys.used = {"search": 7}
        one.beat()
        clock.now += HOUR
        two.beat()
        assert two.keys.others == {"search": 7}


def _ask_and_beat(path: Path, ready: multiprocessing.synchronize.Barrier, told: multiprocessing.Queue) -> None:
    worker = Process(path, Clock())
    shown = 0
    for _ in range(5):
        ready.wait()
        shown += sum(worker.ask() for _ in range(4))
        worker.beat()
        ready.wait()
        worker.beat()
    told.put((shown, worker.known()))
    worker.merging.close()


def test_real_processes_overshoot_no_more_and_agree(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(3, timeout=60), context.Queue()
    workers = [context.Process(target=_ask_and_beat, args=(path, ready, told)) for _ in range(3)]
    for worker in workers:
        worker.start()
    results = [told.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
        worker.close()
    told.close()
    told.join_thread()
    shown = sum(shown for shown, _ in results)
    assert MOST <= shown <= 3 * MOST
    assert {known for _, known in results} == {shown}
