"""What fails when something dies: PostgreSQL, a worker, the keeper, the supervisor, the disk?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from bench.serving.processes import Serving, folder, serving, until
from tests.server.marked import REQUEST, Load, shop


@pytest.fixture(scope="module")
def one():
    with shop(workers=2) as opened:
        yield opened


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_postgresql_is_killed_under_load_and_no_decision_fails_and_what_is_published_afterwards_decides(one):
    with Load(one.server) as load:
        load.more()
        killed = one.server.postmaster()
        os.kill(killed, signal.SIGKILL)
        load.more()
        until(lambda: one.postgres() == "connected" and one.server.postmaster() != killed, "PostgreSQL to be back")
        one.publish()
        load.until_all_decide_by(one.number)
    assert load.problems == []


def test_while_postgresql_is_away_a_publish_says_so_and_what_was_published_goes_on(one):
    database = one.database
    os.kill(one.server.postmaster(), signal.SIGSTOP)  # it hangs: worse than being gone
    try:
        with Load(one.server) as load:
            load.more()
        assert load.problems == []
    finally:
        os.kill(one.server.postmaster(), signal.SIGCONT)
    with database.connect() as connection:
        assert connection.execute("select count(*) from published where kind = 'release'").fetchone() == (one.number,)


def test_a_worker_is_killed_under_load_and_the_others_go_on_until_it_is_back(one):
    with Load(one.server, again=2) as load:
        load.more()
        first, *others = one.server.named("aedile.server.worker")
        os.kill(first, signal.SIGKILL)
        load.more()
        until(lambda: len(one.server.named("aedile.server.worker")) == 2, "the worker to be back")
        assert set(others) < set(one.server.named("aedile.server.worker"))
        until(lambda: one.server.decides_by(one.number), "the worker to decide")
        load.more()
    assert load.problems == []


def test_the_keeper_is_killed_and_comes_back_and_brings_what_was_published_meanwhile(one):
    with Load(one.server) as load:
        (keeper,) = one.server.named("aedile.server.keeper")
        os.kill(keeper, signal.SIGKILL)
        one.publish()
        load.until_all_decide_by(one.number)
    assert load.problems == []
    assert one.server.named("aedile.server.keeper") != [keeper]


def test_a_worker_that_starts_again_knows_the_entities_there_are(one):
    with one.server.client() as client:
        put = client.put("/v1/entities/item", json={"entities": [{"id": "item-3", "price": 777}]})
        assert put.status_code == 202
    os.kill(one.server.named("aedile.server.worker")[0], signal.SIGKILL)
    until(lambda: one.server.has_applied(put.json()["sequence"]), "the worker to have what was put")


def test_told_to_stop_it_stops_everything_it_started():
    with shop(workers=2) as one:
        pids = [*one.server.processes(), one.server.postmaster()]
        assert len(pids) >= 5
        with one.server.client() as client:
            assert client.post("/v1/decisions", json=REQUEST).status_code == 200
        assert one.server.stop() == 0
        assert [pid for pid in pids if not is_gone(pid)] == []


def test_without_its_supervisor_nothing_goes_on():
    with shop(workers=2) as one:
        children = [pid for pid in one.server.processes() if pid != one.server.process.pid]
        postmaster = one.server.postmaster()
        one.server.process.kill()
        one.server.process.wait()
        until(lambda: all(is_gone(pid) for pid in (*children, postmaster)), "all to end")


def test_a_server_starts_and_decides_without_postgresql():
    with folder() as root:
        with serving(root, workers=1, log=root / "log") as first:
            _publish_first(first)
        with serving(
            root, workers=2, log=root / "log", settings={"AEDILE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
        ) as again:
            until(again.answers, "the server to answer")
            again.key = first.key
            until(lambda: again.decides_by(1), "both workers")
            with Load(again) as load:
                load.more()
            assert load.problems == []
            keeper = again.status()["keeper"]
            assert keeper["postgres"] == "gone"
            assert "127.0.0.1:1" in keeper["error"]


def _publish_first(server: Serving) -> None:
    from tests.server.marked import write_files

    server.make_key()
    files = write_files(server.root / "files", 1)
    words = ("--schema", files.schema, "--strategies", files.strategies, "--lists", files.lists)
    server.run("release", "publish", *map(str, words))
    until(lambda: server.decides_by(1), "release 1")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_on_a_full_disk_decisions_go_on_and_what_is_lost_is_counted_and_shown():
    root = Path(tempfile.mkdtemp(prefix="aedile-"))
    root.chmod(0o711)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,mode=711", "tmpfs", str(root)], check=True)
    try:
        with serving(root, workers=2, settings={"AEDILE_LOG_QUEUE": "50"}) as server:
            _publish_first(server)
            filler = root / "filler"
            with Load(server) as load:
                load.more()
                with open(filler, "wb") as file:
                    _fill(file.fileno())
                with server.client() as client:
                    entity = {"entities": [{"id": "item-1", "title": "x" * 100_000}]}
                    refused = client.put("/v1/entities/item", json=entity)
                    assert refused.status_code == 503
                    assert int(refused.headers["retry-after"]) >= 1
                    assert refused.json()["errors"][0]["code"] == "AED-STORE-060"
                    until(lambda: _lost(client) > 0, "a loss to be counted")
                load.more()
                filler.unlink()
                with server.client() as client:
                    until(lambda: client.put("/v1/entities/item", json=entity).status_code == 202, "room for entities")
                until(lambda: (server.status()["keeper"] or {}).get("postgres") == "connected", "PostgreSQL")
                written = server.status()["log"]["written"]
                until(lambda: server.status()["log"]["written"] > written, "the log to go on")
            assert load.problems == []
            told = server.status()["log"]
            assert told["lost_disk"] > 0
            assert told["decided"] >= told["written"] + told["lost_disk"]
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)
        shutil.rmtree(root)


def _fill(file: int) -> None:
    """Until not one byte more fits."""
    for size in (1 << 20, 4096, 1):
        try:
            while True:
                os.write(file, b"\0" * size)
        except OSError:
            continue


def _lost(client) -> float:
    """What Prometheus sees of decisions that a full disk took."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if "aedile_log" in line and '"lost_disk"' in line)
