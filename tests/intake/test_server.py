"""Does the server take facts in as it promises: to whom, in which formats, and under load?"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from aedile.client import AsyncClient, Client, LocalFacts
from aedile.errors import DataError
from aedile.facts import kind_of
from aedile.facts.reading import read_rows
from aedile.store.fact_seal import told_of
from aedile.store.fact_verify import verify
from aedile.store.home import Home
from bench.serving.processes import serving, until
from tests.intake.made import arrow_stream, exposure, ids_of, ndjson, now
from tests.server.marked import REQUEST, shop


@pytest.fixture(scope="module")
def server():
    with shop(workers=2, AEDILE_FACTS_MAX_BATCH="5000", AEDILE_FACTS_QUEUE_MB="1") as one:
        yield one.server


def rows_of(prefix, count, **others):
    return [exposure(f"{prefix}-{number}", at=now(), **others) for number in range(count)]


def until_sealed(server, ids):
    wanted = set(ids)
    until(lambda: wanted <= ids_of(Home(server.home)).keys(), "all to be sealed", 20)


def test_a_fact_is_queryable_within_ten_seconds_of_its_202_in_every_format(server):
    rows = {media: rows_of(f"format{number}", 3) for number, media in enumerate(("json", "list", "ndjson", "arrow"))}
    table = read_rows(kind_of("exposures"), rows["arrow"], time.time_ns() // 1000).table
    with server.client() as client:
        posts = [
            client.post("/v1/facts/exposures", json={"facts": rows["json"]}),
            client.post("/v1/facts/exposures", json=rows["list"]),
            client.post(
                "/v1/facts/exposures", content=ndjson(rows["ndjson"]), headers={"content-type": "application/x-ndjson"}
            ),
            client.post(
                "/v1/facts/exposures",
                content=arrow_stream(table),
                headers={"content-type": "application/vnd.apache.arrow.stream"},
            ),
        ]
    began = time.monotonic()
    assert [(post.status_code, post.json()) for post in posts] == [(202, {"accepted": 3, "refused": [], "dead": 0})] * 4
    until_sealed(server, [row["id"] for some in rows.values() for row in some])
    assert time.monotonic() - began < 10


def test_what_is_refused_is_told_by_its_row_and_the_rest_is_taken(server):
    rows = rows_of("some", 30)
    for row in rows[5:]:
        row["market"] = "UK"
    with server.client() as client:
        told = client.post("/v1/facts/exposures", json=rows).json()
    assert (told["accepted"], told["dead"], len(told["refused"])) == (5, 25, 20)
    first = told["refused"][0]
    assert (first["row"], first["code"], first["field"]) == (6, "AED-DATA-071", "market")
    assert "`GB`" in first["hint"]


def test_it_takes_a_key_for_facts(server):
    assert httpx.post(f"{server.url}/v1/facts/exposures", json=[exposure("a")]).status_code == 401
    key = server.run("key", "create", "--scope", "decide", "--scope", "explain").strip()
    headers = {"authorization": f"Bearer {key}"}

    def status():
        return httpx.post(f"{server.url}/v1/facts/exposures", json=[exposure("a")], headers=headers).status_code

    until(lambda: status() != 401, "the key to be known")
    assert status() == 403


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("exposure", b"[]", 400, "AED-DATA-070"),
        ("exposures", b"[]", 400, "AED-DATA-073"),
        ("exposures", b"{", 400, "AED-DATA-073"),
        ("exposures", b"[" * 200_000, 400, "AED-DATA-073"),
        ("exposures", b"[" + b",".join([b"{}"] * 5001) + b"]", 413, "AED-DATA-088"),
        ("..%2forders", b"[]", 404, "AED-SRV-002"),
    ],
)
def test_a_call_that_is_wrong_is_refused_as_a_whole(server, kind, body, status, code):
    with server.client() as client:
        answer = client.post(f"/v1/facts/{kind}", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_posts_of_the_same_ids_to_several_workers_at_once_leave_each_once(server):
    stamp = now()
    bodies = [ndjson([exposure(f"same-{n}", at=stamp) for n in range(start, start + 120)]) for start in (0, 40, 80)] * 6

    def post(body):
        headers = {"authorization": f"Bearer {server.key}", "content-type": "application/x-ndjson"}
        with httpx.Client(timeout=30) as client:  # a connection of its own: any worker may get it
            return client.post(f"{server.url}/v1/facts/exposures", content=body, headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, bodies)) == {202}
    until_sealed(server, [f"same-{n}" for n in range(200)])
    until(lambda: told_of(Home(server.home))["waiting"] == 0, "nothing to wait")
    found = {id_: count for id_, count in ids_of(Home(server.home)).items() if id_.startswith("same-")}
    assert found == {f"same-{n}": 1 for n in range(200)}


def test_clients_put_facts_from_a_thread_and_from_a_loop_and_without_a_server(server, tmp_path):
    table = read_rows(kind_of("exposures"), rows_of("table", 2), time.time_ns() // 1000).table
    with Client(server.url, server.key) as client:
        assert client.put_facts("exposures", rows_of("client", 2))["accepted"] == 2
        assert client.put_facts("exposures", table)["accepted"] == 2
        with pytest.raises(DataError) as caught:
            client.put_facts("exposure", rows_of("client", 1))
        assert caught.value.code.name == "AED-DATA-070"

    async def send():
        async with AsyncClient(server.url, server.key) as client:
            return await client.put_facts("exposures", rows_of("loop", 2, position=0))

    assert asyncio.run(send())["dead"] == 2
    with LocalFacts(tmp_path / "home") as local:
        assert local.put_facts("exposures", rows_of("local", 2))["accepted"] == 2
        assert local.put_facts("exposures", table)["accepted"] == 2
        assert local.seal() == 4
    assert ids_of(Home(tmp_path / "home")) == Counter(["local-0", "local-1", "table-0", "table-1"])


def test_what_was_taken_is_counted_for_prometheus(server):
    with server.client() as client:
        client.post(
            "/v1/facts/carts",
            json=[{"id": "c-1", "at": now(), "market": "ID", "item": "i", "quantity": 1}, {"id": "c-2"}],
        )

        def counted():
            text = client.get("/metrics").text
            return all(
                part in text
                for part in (
                    'kind="carts",outcome="accepted"', 'kind="carts",outcome="refused"',
                    'aedile_keeper_facts_total{kind="carts",outcome="sealed"} 1.0',
                    'aedile_keeper_facts_total{kind="carts",outcome="dead"} 1.0', "aedile_keeper_facts_waiting 0.0",
                    'aedile_keeper_dead_letters{code="AED-DATA-076",kind="carts"} 1.0',
                )
            )  # fmt: skip

        until(counted, "the counts", 30)


def test_the_doctor_names_a_file_with_a_flipped_byte(server):
    until(lambda: list(Home(server.home).facts.rglob("*.parquet")), "a sealed file")
    path = sorted(Home(server.home).facts.glob("exposures/*/*/*.parquet"))[0]
    data = path.read_bytes()
    try:
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        assert f"facts/{path.relative_to(Home(server.home).facts)} is changed" in server.run(
            "doctor", "--format", "json"
        )
        assert path.name in server.run("facts", "verify", "--format", "json")
    finally:
        path.write_bytes(data)
    assert "is changed" not in server.run("doctor", "--format", "json")


def test_what_does_not_fit_the_queue_is_sent_away_and_nothing_is_lost(server):
    bodies = [ndjson(rows_of(f"load{number}", 3000)) for number in range(12)]
    statuses: Counter[int] = Counter()
    lock = threading.Lock()

    def post(body):
        headers = {"content-type": "application/x-ndjson"}
        with server.client() as client:
            while True:
                answer = client.post("/v1/facts/exposures", content=body, headers=headers)
                with lock:
                    statuses[answer.status_code] += 1
                if answer.status_code != 429:
                    return
                assert answer.json()["errors"][0]["code"] == "AED-SRV-006"
                assert int(answer.headers["retry-after"]) >= 1
                time.sleep(0.05)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(post, bodies))
    assert statuses[202] == 12
    assert statuses[429] > 0
    assert set(statuses) == {202, 429}
    until_sealed(server, [f"load{number}-{n}" for number in range(12) for n in range(3000)])


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_on_a_full_disk_facts_are_refused_by_507_decisions_go_on_and_nothing_acknowledged_is_lost():
    root = Path(tempfile.mkdtemp(prefix="aedile-"))
    root.chmod(0o711)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,mode=711", "tmpfs", str(root)], check=True)
    try:
        with serving(root, workers=1, settings={"AEDILE_SERVER_OPEN": "true"}) as server:
            until(server.answers, "the server")
            kept: set[str] = set()
            with server.client() as client:

                def send(number):
                    rows = rows_of(f"full{number}", 200, entity="x" * 100)
                    answer = client.post("/v1/facts/exposures", json=rows)
                    if answer.status_code == 202:
                        kept.update(row["id"] for row in rows)
                    return answer

                assert send(0).status_code == 202
                (root / "filler").touch()
                with open(root / "filler", "wb") as file:
                    number = 1
                    fill(file.fileno())
                    while (answer := send(number)).status_code == 202:  # what room there was in its own files
                        number += 1
                        assert number < 2_000
                        if number % 50 == 0:
                            fill(file.fileno())  # what others gave back meanwhile
                assert answer.status_code == 507
                assert answer.json()["errors"][0]["code"] == "AED-STORE-103"
                assert int(answer.headers["retry-after"]) >= 1
                assert client.get("/health").status_code == 200
                (root / "filler").unlink()
                until(lambda: send(10_000).status_code == 202, "room")
            until_sealed(server, kept)
            found = ids_of(Home(server.home))
            assert {found[id_] for id_ in kept} == {1}
            assert verify(Home(server.home)).damage == []
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)
        shutil.rmtree(root)


def fill(file: int) -> None:
    for size in (1 << 20, 4096, 1):
        try:
            while True:
                os.write(file, b"\0" * size)
        except OSError:
            continue


def test_decisions_and_facts_go_side_by_side(server):
    with server.client() as client:
        for number in range(3):
            assert client.post("/v1/facts/exposures", json=rows_of(f"beside{number}", 500)).status_code == 202
            assert client.post("/v1/decisions", json=REQUEST).status_code == 200
