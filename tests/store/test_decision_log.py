"""Is every decision in the log once, whole, and found again, whatever happens in between?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aedile.engine import kernel
from aedile.engine.rows import decision_rows
from aedile.errors import StoreError
from aedile.server.recorder import Recorder
from aedile.store import seal
from aedile.store.decision_batch import Batch
from aedile.store.decision_log import DecisionLog
from aedile.store.home import Home
from aedile.store.journal import Journal, Ledger, read_batch, write_batch
from aedile.store.seal import lost_in_crashes, retain, seal_all
from tests.replay.mall import NOON, Mall, read_lists
from tests.replay.test_replay import decisions

DAY = 86_400_000_000
ONCE = ("request_id", "release", "market", "channel")


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    return read_lists(tmp_path_factory.mktemp("lists"))


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home").prepare()


def names_of(mall):
    return pa.array([strategy.id for strategy in mall.engine.strategies], pa.string())


def log_some(home, lists, count=40, *, seed=3, worker=1, step=1_000_000):
    """A worker that logs some decisions, every fifth of them in full, and ends; returns them."""
    recorder, logged = Recorder(home, worker, queue=1000), []
    for number, (mall, one) in enumerate(decisions(seed, lists, count)):
        if number == 0:
            recorder.begin(mall.engine.strategies)
        at = NOON + number * step
        recorder.record(one.decision, 7, "2026-11.abc", at, one.detail if number % 5 == 0 else None)
        logged.append((one, at))
    recorder.close()
    return mall, logged


def batched(made):
    batch = Batch(names_of(made[0][0]))
    for _, one in made:
        batch.add(one.decision, 7, None, NOON)
    return read_batch(write_batch(batch.to_arrow()))


@pytest.mark.parametrize("seed", range(8))
def test_a_batch_is_the_same_with_and_without_the_kernel(seed, lists, monkeypatch):
    made = list(decisions(seed, lists, 30))
    by_kernel = batched(made)
    monkeypatch.setattr(kernel, "compiled", None)
    assert batched(made).equals(by_kernel)


@pytest.mark.parametrize("seed", range(8))
def test_a_batch_says_of_each_candidate_what_the_rows_say(seed, lists):
    made = [(mall, one) for mall, one in decisions(seed, lists, 30)]
    mall = made[0][0]
    rows = batched(made).to_pylist()
    for row, (_, one) in zip(rows, made, strict=True):
        said = {(c["kind"], c["id"]): c for c in row["candidates"]}
        wanted = decision_rows(one.decision, mall.engine.strategies, 7)
        assert len(said) == len(wanted)
        for candidate in wanted:
            del candidate["unknown"]
            assert {**said[candidate["kind"], candidate["id"]], **{name: row[name] for name in ONCE}} == candidate
        assert row["page"] == one.decision.slate.page.tolist()


def test_a_decision_is_found_before_it_is_sealed_and_after(home, lists):
    _, logged = log_some(home, lists)
    log = DecisionLog(home)
    before = {one.decision.request.id: log.find(one.decision.request.id) for one, _ in logged}
    full = list(log.details())
    assert seal_all(home, time.time()) == len(logged)
    assert list(home.journal.iterdir()) == []
    for number, (one, at) in enumerate(logged):
        (found,) = log.find(one.decision.request.id)
        assert [found] == before[one.decision.request.id]
        assert (found.decided_at, found.row["shopper"]) == (at, "2026-11.abc")
        assert found.detail == (one.detail if number % 5 == 0 else None)
    assert list(log.details()) == full == [one.detail for number, (one, _) in enumerate(logged) if number % 5 == 0]
    assert log.find("request-unheard-of") == []


def test_details_are_read_by_time(home, lists):
    _, logged = log_some(home, lists, 30, step=DAY // 10)
    seal_all(home, time.time())
    since, until = NOON + DAY, NOON + 2 * DAY
    wanted = [one.detail for number, (one, at) in enumerate(logged) if number % 5 == 0 and since <= at < until]
    assert list(DecisionLog(home).details(since, until)) == wanted
    assert len({path.parent for path in (home.decisions / "full").rglob("*.parquet")}) == 4


def test_a_journal_of_two_releases_is_sealed_as_one(home, lists):
    recorder = Recorder(home, 1, queue=1000)
    wanted = {}
    for seed in (1, 2):
        for number, (mall, one) in enumerate(decisions(seed, lists, 10)):
            if number == 0:
                recorder.begin(mall.engine.strategies)
            at = NOON + seed * 1000 + number
            recorder.record(one.decision, seed, None, at)
            wanted[at] = {c["id"]: c["fired"] for c in decision_rows(one.decision, mall.engine.strategies, seed)}
    recorder.close()
    assert seal_all(home, time.time()) == 20
    found = [entry for number in range(10) for entry in DecisionLog(home).find(f"request-{number}")]
    assert {entry.decided_at: {c["id"]: c["fired"] for c in entry.row["candidates"]} for entry in found} == wanted


@pytest.mark.parametrize("broken", ["_write", "sealed"])
@pytest.mark.parametrize("calls", [0, 1, 2, 4])
def test_sealing_that_is_broken_off_anywhere_loses_and_doubles_nothing(home, lists, monkeypatch, broken, calls):
    _, logged = log_some(home, lists)
    left = [calls]

    def failing(original):
        def step(*arguments):
            if left[0] == 0:
                raise OSError("no space left on device")
            left[0] -= 1
            original(*arguments)

        return step

    where = seal if broken == "_write" else Journal
    with monkeypatch.context() as patched:
        patched.setattr(where, broken, failing(getattr(where, broken)))
        try:
            seal_all(home, time.time())
        except OSError:
            log_some(home, lists, 5, seed=9, worker=2)  # what comes meanwhile is no part of what was begun
    seal_all(home, time.time())
    log = DecisionLog(home)
    found = [entry for one, _ in logged for entry in log.find(one.decision.request.id) if entry.decided_at <= NOON * 2]
    brief = pa.concat_tables(
        [pa.parquet.read_table(path, columns=["decided_at"]) for path in (home.decisions / "brief").rglob("*.parquet")]
    )
    assert len({entry.decided_at for entry in found}) == len(logged)
    assert len(brief) == len(logged) + (5 if len(brief) > len(logged) else 0)
    assert lost_in_crashes(home) == 0


def test_sealing_twice_writes_the_same_file(home, lists):
    log_some(home, lists)
    copy = Home(home.root.with_name("copy"))
    shutil.copytree(home.root, copy.root)
    for one in (home, copy):
        seal_all(one, time.time())
    files = sorted(path.relative_to(home.root) for path in home.decisions.rglob("*.parquet"))
    assert files
    assert all((home.root / file).read_bytes() == (copy.root / file).read_bytes() for file in files)


def test_a_queue_that_is_full_drops_and_counts(home, lists):
    _, one = next(decisions(0, lists))
    recorder = Recorder(home, 1, queue=3)
    recorder._stopping = True  # the writer does nothing from here on
    recorder._thread.join()
    for number in range(10):
        recorder.record(one.decision, 7, None, NOON + number)
    assert recorder.counters() == {"decided": 10, "written": 0, "waiting": 3, "lost_queue": 7, "lost_disk": 0}
    recorder.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_decisions_go_on_while_the_disk_is_full_and_the_loss_is_counted(tmp_path, lists):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=True)
    try:
        home = Home(disk / "home").prepare()
        recorder = Recorder(home, 1, queue=20)
        mall = Mall(Random(0), lists)
        recorder.begin(mall.engine.strategies)
        one = mall.decide(mall.ask(0), NOON)
        recorder.record(one.decision, 7, None, NOON)
        _until(lambda: recorder.counters()["written"] == 1)
        filler = disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(disk).free // 4096 * 4096))
        for number in range(1, 2001):
            recorder.record(one.decision, 7, None, NOON + number, b"x" * 4096)
        _until(lambda: recorder.trouble is not None)
        for number in range(2001, 3001):
            recorder.record(one.decision, 7, None, NOON + number)
        stuck = recorder.counters()
        assert stuck["lost_disk"] >= 900
        filler.unlink()
        _until(lambda: recorder.counters()["waiting"] == 0)
        counted = recorder.counters()
        recorder.close()
        assert counted["decided"] == 3001 == counted["written"] + counted["lost_disk"] + counted["lost_queue"]
        seal_all(home, time.time())
        assert lost_in_crashes(home) == 0
        assert len(DecisionLog(home).find("request-0")) == counted["written"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _until(holds):
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.05)


WRITER = """
import sys
from pathlib import Path
from random import Random
from aedile.server.recorder import Recorder
from aedile.store.home import Home
from tests.replay.mall import NOON, Mall, read_lists
root = Path(sys.argv[1])
mall = Mall(Random(0), read_lists(root))
one = mall.decide(mall.ask(0), NOON)
recorder = Recorder(Home(root / "home").prepare(), 1, queue=100000)
recorder.begin(mall.engine.strategies)
print("begun", flush=True)
number = 0
while True:
    number += 1
    recorder.record(one.decision, 7, None, NOON + number)
    if number % 100 == 0:
        (root / "made").write_text(str(number))
"""


def sealed_at(home):
    """When each decision that is sealed was made."""
    files = (home.decisions / "brief").rglob("*.parquet")
    return [at for file in files for at in pq.ParquetFile(file).read(["decided_at"])["decided_at"].to_pylist()]


@pytest.mark.parametrize("after", [0.0, 0.15, 0.4, 0.9])
def test_what_a_killed_writer_took_along_is_counted_to_the_last_decision(tmp_path, after):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    with writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(after)
        writer.send_signal(signal.SIGKILL)
    home = Home(tmp_path / "home")
    (ledger,) = home.journal.glob("*.ledger")
    alive = Ledger(ledger)  # while somebody holds it, its writer counts as alive, and its journal stays
    decided = alive.decided
    seal_all(home, time.time(), everything=True)
    assert ledger.exists()
    assert lost_in_crashes(home) == 0
    alive.close()
    for _ in range(2):
        seal_all(home, time.time())
        kept = sealed_at(home)
        assert len(kept) == len(set(kept))
        assert len(kept) + lost_in_crashes(home) == decided
    made = tmp_path / "made"
    assert decided >= (int(made.read_text() or 0) if made.exists() else 0)
    assert list(home.journal.iterdir()) == []


def test_days_that_are_too_old_go(home, lists):
    log_some(home, lists, 30, step=DAY // 10)
    seal_all(home, time.time())
    now = (NOON + 3 * DAY) / 1e6
    assert retain(home, now, 1) == ["2026-11-24", "2026-11-25"]
    assert {entry.name for entry in (home.decisions / "brief").iterdir()} == {"date=2026-11-26", "date=2026-11-27"}
    assert retain(home, now, 1) == []


def test_a_damaged_file_is_named(home, lists):
    log_some(home, lists)
    seal_all(home, time.time())
    path = next((home.decisions / "brief").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StoreError, match=path.name) as caught:
        DecisionLog(home).find("request-1")
    assert caught.value.code.name == "AED-STORE-082"
