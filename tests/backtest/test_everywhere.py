"""A backtest comes out the same in one process, in two, and on a cluster, whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from random import Random

import pytest

from aedile.errors import DataError
from aedile.store import backtest_local
from aedile.store.backtest_local import Asked, run_local
from aedile.store.home import Home
from bench.serving.processes import until
from tests.backtest.conftest import LoggingMall
from tests.backtest.logs import DAYS, exposed, put_facts, same_tables, seal, sides
from tests.engine.classify.test_many import bare
from tests.replay.mall import read_lists

REQUESTS = 1_200


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """An installation with two days of decisions and what followed them; its mall."""
    rng = Random(11)
    mall = LoggingMall(rng, read_lists(tmp_path_factory.mktemp("lists")))
    home = Home(tmp_path_factory.mktemp("home")).prepare()
    for number, day in enumerate(DAYS):
        table = mall.log([bare(mall.ask(number * REQUESTS + one)) for one in range(REQUESTS)])
        seal(home, table, day, number + 1)
        for kind, rows in zip(("exposures", "clicks", "orders"), exposed(table, rng), strict=True):
            put_facts(home, kind, rows, DAYS[0])
        mall.live_on()
    return home, mall


def asked(mall, **more):
    before, after = sides(mall)
    return Asked(before, after, by=("item.seller_id", "item.category"), **more)


def test_two_processes_say_what_one_says(world, monkeypatch):
    home, mall = world
    alone = run_local(home, asked(mall), mall.known())
    monkeypatch.setattr(backtest_local, "FEW", 0)
    steps = []
    together = run_local(home, asked(mall), mall.known(), lambda done, total: steps.append((done, total)))
    same_tables(alone, together)
    told = alone.to_json()
    assert told["requests"]["requests"] == 2 * REQUESTS
    assert told["total"]["exposures"] > 1000
    assert told["requests"]["requests_changed"] > 0
    assert steps[-1][0] == told["total"]["candidates"]
    assert list((home.root / "backtests").iterdir()) == []


def test_a_backtest_that_is_stopped_leaves_nothing_behind(world, monkeypatch):
    home, mall = world
    monkeypatch.setattr(backtest_local, "FEW", 0)

    def stop(done, _total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_local(home, asked(mall), mall.known(), stop)
    assert list((home.root / "backtests").iterdir()) == []


@pytest.mark.parametrize("whom", ["the one that watches", "one that works"])
def test_a_process_that_is_killed_is_told_and_takes_the_others_along(world, monkeypatch, whom):
    home, mall = world
    monkeypatch.setattr(backtest_local, "FEW", 0)
    seen = set()

    def kill(done, _total):
        master = next(pid for pid in children_of(os.getpid()) if "spawn_main" in words_of(pid))
        workers = children_of(master)
        seen.update({master, *workers})
        if whom == "one that works" and done:
            os.kill(workers[0], signal.SIGKILL)
        elif whom == "the one that watches":
            os.kill(master, signal.SIGKILL)

    with pytest.raises(DataError) as caught:
        run_local(home, asked(mall), mall.known(), kill)
    assert caught.value.code.name == "AED-DATA-124"
    until(lambda: not [pid for pid in seen if is_alive(pid)], "all of them to be gone")
    assert list((home.root / "backtests").iterdir()) == []


def children_of(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def words_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_text()


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_cluster_says_what_one_process_says(world, spark):
    from aedile.store.backtest_spark import run_in_session

    home, mall = world
    same_tables(run_local(home, asked(mall), mall.known()), run_in_session(home, asked(mall), mall.known(), spark))


def test_a_cluster_that_loses_a_worker_says_the_same(world, tmp_path):
    """A driver of its own, for the cluster that other tests use must stay whole."""
    import subprocess
    import sys

    from tests.spark import start_cluster, stop

    home, mall = world
    cluster = start_cluster(tmp_path)
    try:
        job = tmp_path / "job.pickle"
        import pickle

        job.write_bytes(pickle.dumps((home.root, asked(mall), mall.known())))
        driver = subprocess.Popen(
            [sys.executable, "-m", "tests.backtest.driver", str(job), cluster.url, str(tmp_path / "out")]
        )
        killer = threading.Thread(target=_kill_when_busy, args=(tmp_path, cluster))
        killer.start()
        assert driver.wait(180) == 0
        killer.join()
        assert (tmp_path / "killed").exists()
        result = pickle.loads((tmp_path / "out").read_bytes())
    finally:
        stop(list(cluster.pids))
    same_tables(run_local(home, asked(mall), mall.known()), result)


def _kill_when_busy(folder, cluster):
    """Kill a worker, with its executor, as soon as a task of the backtest says that it has begun."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if (folder / "begun").exists():
            os.killpg(cluster.pids[1], signal.SIGKILL)
            (folder / "killed").touch()
            return
        time.sleep(0.01)
