"""Is no secret and no shopper's id to be read anywhere: not in logs, answers, files, or the decisions themselves?"""

from __future__ import annotations

import json
import subprocess

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aedile.store.decision_detail import read_detail
from aedile.store.decision_log import DecisionLog
from aedile.store.home import Home
from aedile.store.journal import Journal
from aedile.store.seal import seal_all
from bench.serving.processes import AEDILE
from tests.server.marked import LOG, REQUEST, shop

SHOPPER = "shopper-of-this-very-test-4711"


@pytest.fixture(scope="module")
def after():
    """A server that decided for a shopper, was called wrongly in every way, and was stopped."""
    with shop(workers=2, AEDILE_LOG_FULL_SHARE="1") as one:
        server = one.server
        with server.client() as client:
            for number in range(50):
                asked = {**REQUEST, "id": f"q{number}", "shopper": SHOPPER}
                assert SHOPPER not in client.post("/v1/decisions", json=asked).text
            for bad in ({**REQUEST, "shopper": SHOPPER, "market": 3}, {**REQUEST, "shopper": [SHOPPER]}):
                assert client.post("/v1/decisions", json=bad).status_code == 400
            for path in ("/v1/stats", "/metrics"):
                assert SHOPPER not in client.get(path).text
        for scheme in ("Bearer", "bearer", "Basic", "Token"):
            headers = {"authorization": f"{scheme} {server.key}x"}
            assert server.key[-20:] not in httpx.get(f"{server.url}/v1/release", headers=headers).text
        server.until_logged(50)
        server.stop()
        yield server


def test_no_file_of_the_home_holds_a_key_or_a_shopper(after):
    secret = after.key.rpartition("_")[2]
    looked = 0
    for path in (*after.home.rglob("*"), after.root / LOG):
        if path.is_file() and "binaries" not in path.parts:
            looked += 1
            data = path.read_bytes()
            assert secret.encode() not in data, path
            assert SHOPPER.encode() not in data, path
    assert looked > 50


def test_no_logged_decision_holds_a_shopper_but_all_hold_the_same_pseudonym(after):
    home = Home(after.home)
    details = [read_detail(data) for data in DecisionLog(home).details()]
    texts = [repr(detail) + str([decode(detail, kind) for kind in detail.entities]) for detail in details]
    for path in home.journal.glob("*.sqlite"):
        journal = Journal(path)
        texts += [str(batch.to_pylist()) for batch in journal.batches()]
        journal.close()
    seal_all(home, 2**40, everything=True)
    tables = [pq.read_table(path, partitioning=None) for path in (home.decisions / "brief").rglob("*.parquet")]
    rows = [row for table in tables for row in table.to_pylist()]
    texts += [str(row) for row in rows]
    asked = [row for row in rows if row["request_id"].startswith("q")]
    assert len(asked) == len([detail for detail in details if detail.request_id.startswith("q")]) == 50
    assert len({row["shopper"] for row in asked}) == 1
    assert all(SHOPPER not in text for text in texts)


def decode(detail, kind):
    with pa.ipc.open_stream(detail.entities[kind]) as stream:
        return stream.read_all().to_pylist()


def test_only_its_owner_reads_what_is_kept(after):
    for path in after.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0, path


def test_the_keys_that_are_published_are_hashes(after):
    keys = json.loads(next((after.home / "published" / "keys").glob("*.json")).read_bytes())["keys"]
    assert len(keys) == 1
    assert after.key.rpartition("_")[2] not in str(keys)
    assert len(keys[0]["hash"]) == 64


def test_a_database_password_is_shown_by_no_verb(tmp_path):
    environment = {
        "PATH": "/usr/bin:/bin", "AEDILE_HOME": str(tmp_path / "home"),
        "AEDILE_DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/none?connect_timeout=1",
    }  # fmt: skip
    verbs = ("config", "config --format json", "key list", "release history", "freeze list")
    for words in map(str.split, verbs):
        done = subprocess.run(
            [*AEDILE, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert "hunter2" not in done.stdout + done.stderr, words
