"""Does a server that runs answer what it says it answers, and refuse all else in one shape?"""

from __future__ import annotations

import json
import socket

import httpx
import pyarrow as pa
import pytest

from bench.serving.processes import until
from tests.server.marked import IDS, REQUEST, mixed

ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


def errors(answer: httpx.Response) -> list[dict]:
    """The errors of an answer, which all have one shape."""
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told.keys() == {"errors"}
    assert told["errors"]
    for one in told["errors"]:
        assert one.keys() == {"code", "message", "file", "line", "column", "field", "span", "hint", "fix"}
        assert one["code"].startswith("AED-")
        assert one["message"]
        assert one["fix"]
        assert len(json.dumps(one)) < 2_000
    return told["errors"]


def arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def candidates(*more: dict, **changed: object) -> str:
    return json.dumps({**REQUEST, "candidates": [*REQUEST["candidates"], *more], **changed})


def test_a_decision_is_answered_as_json(client):
    answer = client.post("/v1/decisions", json=REQUEST)
    assert answer.status_code == 200
    told = answer.json()
    assert told["request"] == "r"
    assert mixed(told) is None
    assert [placed["id"] for placed in told["slate"]] == [id_ for id_ in IDS if id_ != told["excluded"][0]["id"]]


def test_a_request_may_come_as_arrow_and_is_answered_so(client):
    table = pa.table({"id": IDS, "score": [float(n) for n in range(len(IDS), 0, -1)]})
    others = {name: value for name, value in REQUEST.items() if name != "candidates"}
    table = table.replace_schema_metadata({"aedile.request": json.dumps(others)})
    answer = client.post("/v1/decisions", content=arrow(table), headers={"content-type": ARROW})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == ARROW
    rows = pa.ipc.open_stream(answer.content).read_all()
    assert set(rows["id"].to_pylist()) == set(IDS)
    as_json = client.post("/v1/decisions", json=REQUEST).json()
    page = sorted((row["rank_after"], row["id"]) for row in rows.to_pylist() if row["rank_after"] is not None)
    assert [id_ for _, id_ in page] == [placed["id"] for placed in as_json["slate"]]


def test_why_an_item_stands_where_it_stands_is_told(client):
    answer = client.post("/v1/decisions/explain", json={"request": REQUEST, "id": IDS[1]})
    assert answer.status_code == 200
    told = answer.json()
    assert {"release", "candidate", "strategies"} <= told.keys()
    assert told["candidate"]["id"] == IDS[1]
    by_id = {one["strategy"]: one for one in told["strategies"]}
    assert {"gone-exclude", "mark-first", "mark-last"} == by_id.keys()
    assert all(one["fires"] for one in by_id.values())


def test_an_entity_that_is_put_is_known_and_one_that_is_withdrawn_is_not(client, server):
    put = client.put(
        "/v1/entities/item", json={"entities": [{"id": "item-9", "price": 9}, {"id": "other", "price": 1}]}
    )
    assert put.status_code == 202
    assert put.json()["accepted"] == 2
    gone = client.request("DELETE", "/v1/entities/item", json={"ids": ["other"]})
    assert gone.status_code == 202
    assert gone.json()["sequence"] == put.json()["sequence"] + 1
    until(lambda: server.has_applied(gone.json()["sequence"]), "the change to be applied")


def test_entities_may_come_as_lines_and_as_arrow(client):
    lines = '{"id": "l1", "price": 1}\n{"id": "l2", "title": "ü"}\n'
    assert (
        client.put("/v1/entities/item", content=lines, headers={"content-type": "application/x-ndjson"}).json()[
            "accepted"
        ]
        == 2
    )
    table = pa.table({"id": ["a1"], "price": [3]})
    assert client.put("/v1/entities/item", content=arrow(table), headers={"content-type": ARROW}).status_code == 202


def test_the_release_health_and_readiness_are_told(client, server):
    told = client.get("/v1/release").json()
    assert told["number"] == 1
    assert len(told["digest"]) == 64
    assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{server.url}/ready").json() == {"status": "ready", "release": 1}


def test_what_prometheus_reads_counts_decisions(client):
    def decided() -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("aedile_requests_total{"))

    before = decided()
    for _ in range(5):
        client.post("/v1/decisions", json=REQUEST)
    until(lambda: decided() >= before + 5, "the counts")


DEEP = '{"id": "r", "market": "ID", "channel": "live", "time": "2026-11-24T08:00:00Z", "candidates": [], "context": '
BAD_REQUESTS = {
    "nothing": (b"", 400),
    "not JSON": (b"{", 400),
    "not UTF-8": (b'{"id": "\xff"}', 400),
    "another kind": (b"[1, 2]", 400),
    "a number": (b"7", 400),
    "a field unknown": (candidates(shoppper="ann").encode(), 400),
    "a field missing": (b'{"id": "r"}', 400),
    "a field of another type": (candidates(market=7).encode(), 400),
    "a market nobody knows": (candidates(market="UK").encode(), 400),
    "a time that is none": (candidates(time="yesterday").encode(), 400),
    "a score that is not finite": (candidates().replace('"score": 20', '"score": NaN').encode(), 400),
    "a score beyond all": (candidates().replace('"score": 20', '"score": 1e999').encode(), 400),
    "a score below nothing": (candidates().replace('"score": 20', '"score": -1').encode(), 400),
    "some without a score": (candidates({"id": "x"}).encode(), 400),
    "a candidate twice": (candidates({"id": IDS[0], "score": 1}).encode(), 400),
    "a key twice": (candidates().replace('"id": "r"', '"id": "r", "id": "s"').encode(), 400),
    "a feature nobody declared": (candidates({"id": "x", "score": 1, "features": {"item.age": 1}}).encode(), 400),
    "a feature known already": (candidates({"id": "x", "score": 1, "features": {"item.price": 1}}).encode(), 400),
    "a number too long": (candidates(offset="@").replace('"@"', "9" * 5_000).encode(), 400),
    "nested deeply": ((DEEP + "[" * 100_000 + "]" * 100_000 + "}").encode(), 400),
    "nested deeply in objects": ((DEEP + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}").encode(), 400),
    "too many candidates": (
        candidates(candidates=[{"id": f"i{n}", "score": 1} for n in range(10_001)]).encode(), 413,
    ),
    "a body too large": (b" " * (17 << 20), 413),
    "lone surrogates": (candidates(shopper="@").replace('"@"', '"\\ud800"').encode(), 400),
    "an id too long": (candidates(id="x" * 10_000).encode(), 400),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_REQUESTS)
def test_a_bad_request_is_refused_in_the_one_shape_and_the_server_goes_on(client, what):
    body, status = BAD_REQUESTS[what]
    answer = client.post("/v1/decisions", content=body, headers={"content-type": "application/json"})
    told = errors(answer)
    assert answer.status_code == status, told
    again = client.post("/v1/decisions/explain", content=b'{"id": "a", "request": ' + body + b"}")
    errors(again)
    assert again.status_code in (400, 413)
    assert client.post("/v1/decisions", json=REQUEST).status_code == 200


BAD_CALLS = {
    "an address unknown": ("GET", "/v2/decisions", {}, b"", 404),
    "a slash too many": ("POST", "/v1/decisions/", {}, b"{}", 404),
    "a method unknown": ("GET", "/v1/decisions", {}, b"", 405),
    "a made-up method": ("BREW", "/v1/release", {}, b"", 400),
    "another format": ("POST", "/v1/decisions", {"content-type": "text/csv"}, b"a,b", 415),
    "a compressed body": ("POST", "/v1/decisions", {"content-encoding": "gzip"}, b"\x1f\x8b", 415),
    "bytes for Arrow": ("POST", "/v1/decisions", {"content-type": ARROW}, b"ARROW1", 400),
    "a kind unknown": ("PUT", "/v1/entities/planet", {}, b'{"entities": [{"id": "a"}]}', 400),
    "no entities": ("PUT", "/v1/entities/item", {}, b'{"entities": []}', 400),
    "an entity without id": ("PUT", "/v1/entities/item", {}, b'{"entities": [{"price": 1}]}', 400),
    "a price of words": ("PUT", "/v1/entities/item", {}, b'{"entities": [{"id": "a", "price": "one"}]}', 400),
    "a feature unknown": ("PUT", "/v1/entities/item", {}, b'{"entities": [{"id": "a", "prize": 1}]}', 400),
    "an as_of that is none": ("PUT", "/v1/entities/item", {}, b'{"entities": [{"id": "a", "as_of": "now"}]}', 400),
    "too many entities": (
        "PUT", "/v1/entities/item", {}, json.dumps({"entities": [{"id": f"{n}"} for n in range(10_001)]}).encode(), 413,
    ),
    "an id of two lines": ("DELETE", "/v1/entities/item", {}, b'{"ids": ["a\\nb"]}', 400),
    "no ids": ("DELETE", "/v1/entities/item", {}, b'{"ids": []}', 400),
    "no asset": ("GET", "/assets/../page.py", {}, b"", 404),
    "an asset elsewhere": ("GET", "/assets/..%2fpage.py", {}, b"", 404),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_CALLS)
def test_a_bad_call_is_refused_in_the_one_shape(client, what):
    method, path, headers, body, status = BAD_CALLS[what]
    answer = client.request(method, path, content=body, headers={"content-type": "application/json", **headers})
    told = errors(answer)
    assert answer.status_code == status, told
    if status == 405:
        assert answer.headers["allow"]


def test_a_caller_that_goes_away_in_the_middle_harms_nobody(client, server):
    head = f"POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {server.key}\r\n"
    for said in (f"{head}content-length: 1000\r\n\r\n{{", f"{head}transfer-encoding: chunked\r\n\r\n5\r\n{{"):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(said.encode())
    assert client.post("/v1/decisions", json=REQUEST).status_code == 200


def test_a_body_in_pieces_is_taken_and_cut_at_the_limit(client):
    body = json.dumps(REQUEST).encode()
    pieces = (body[start : start + 7] for start in range(0, len(body), 7))
    assert client.post("/v1/decisions", content=pieces).status_code == 200
    endless = client.post("/v1/decisions", content=(b" " * (1 << 20) for _ in range(17)))
    errors(endless)
    assert endless.status_code == 413


@pytest.mark.parametrize("key", [None, "", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer aedile_unknown_secret"])
@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/explain", "/v1/entities/item", "/v1/release"])
def test_without_a_key_that_is_known_nothing_is_told(server, key, path):
    headers = {"authorization": key} if key is not None else {}
    method = {"/v1/release": "GET", "/v1/entities/item": "PUT"}.get(path, "POST")
    answer = httpx.request(method, server.url + path, headers=headers, content=b"{}" if method != "GET" else None)
    assert [one["code"] for one in errors(answer)] == ["AED-SRV-020"]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_with_a_wrong_secret_is_as_unknown_as_a_strange_one(server):
    wrong = httpx.get(f"{server.url}/v1/release", headers={"authorization": f"Bearer {server.key}x"})
    strange = httpx.get(f"{server.url}/v1/release", headers={"authorization": "Bearer aedile_strange_key"})
    assert wrong.status_code == strange.status_code == 401
    assert wrong.content == strange.content


def test_a_key_does_only_what_it_is_for_as_often_as_it_may_and_not_after_its_end(server):
    key = server.run("key", "create", "--scope", "decide", "--limit", "3", "--expires", "1d").strip()
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {key}"}) as client:
        until(lambda: client.get("/v1/release").status_code == 200, "the key to be known")
        forbidden = client.post("/v1/decisions/explain", json={})
        assert forbidden.status_code == 403
        assert errors(forbidden)[0]["code"] == "AED-SRV-021"
        answers = [client.get("/v1/release") for _ in range(20)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert errors(refused[0])[0]["code"] == "AED-SRV-030"
        assert int(refused[0].headers["retry-after"]) >= 1
        server.run("key", "revoke", key.split("_")[1])
        until(lambda: client.get("/v1/release").status_code == 401, "the key to be forgotten")


def test_the_page_is_for_this_machine_and_loads_nothing_from_elsewhere(server):
    page = httpx.get(server.url + "/")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "http" not in page.text.replace("http-equiv", "")
    for path in ("/", "/v1/stats", "/metrics"):
        strange = httpx.get(server.url + path, headers={"host": "evil.example:80"})
        assert strange.status_code == 421, path
        assert errors(strange)[0]["code"] == "AED-SRV-008"
    asset = httpx.get(server.url + "/assets/page.js")
    assert asset.status_code == 200
    tagged = httpx.get(server.url + "/assets/page.js", headers={"if-none-match": asset.headers["etag"]})
    assert tagged.status_code == 304
    assert httpx.get(server.url + "/docs").status_code == 200
