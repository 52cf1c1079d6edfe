"""Does a client answer in time and as it was told to, whatever the server does?"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedile.client import Answer, AsyncClient, Client, Placed
from aedile.client.failure import undecided
from aedile.client.tries import PATIENCE, REST, Rest
from aedile.errors import DataError, ServerError
from aedile.wire.answers import Excluded

REQUEST = {
    "id": "r1", "market": "ID", "channel": "live", "time": "2026-11-25T08:30:00Z",
    "candidates": [{"id": "a", "score": 1.0}, {"id": "b", "score": 2.0}, {"kind": "content", "id": "c", "score": 2.0}],
}  # fmt: skip
GOOD = {
    "request": "r1",
    "release": 7,
    "size": 1,
    "slate": [{"id": "b", "score": 2.5}],
    "excluded": [{"id": "a", "by": "x"}],
}
ERROR = {"errors": [{"code": "AED-DATA-105", "message": "no", "field": "market", "hint": "h", "fix": "f"}]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.asked.append((self.path, self.rfile.read(int(self.headers.get("content-length", 0))), self.headers))
        self.server.answer(self)

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815

    def log_message(self, *_):
        pass


def says(status: int, body: object, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def in_turn(*answers):
    left = list(answers)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


@contextmanager
def serving(answer) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.answer, server.asked, server.daemon_threads = answer, [], True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_decision_comes_back_as_an_answer():
    with serving(says(200, GOOD)) as server, Client(server.url, "secret") as client:
        assert client.decide(REQUEST) == Answer("r1", 7, 1, [Placed("b", 2.5)], [Excluded("a", "x")])
    path, body, headers = server.asked[0]
    assert (path, json.loads(body), headers["authorization"]) == ("/v1/decisions", REQUEST, "Bearer secret")
    assert "secret" not in repr(client)


def test_both_clients_ask_and_answer_alike():
    async def ask(url):
        async with AsyncClient(url, "k") as client:
            return await client.decide(REQUEST), await client.explain(REQUEST, "a"), await client.release()

    with serving(says(200, {**GOOD, "number": 7})) as server:
        answers = asyncio.run(ask(server.url))
        with Client(server.url, "k") as client:
            assert (client.decide(REQUEST), client.explain(REQUEST, "a"), client.release()) == answers
    half = len(server.asked) // 2
    assert [asked[:2] for asked in server.asked[:half]] == [asked[:2] for asked in server.asked[half:]]


def test_what_the_caller_did_wrong_is_raised_as_the_error_the_server_raised():
    with serving(says(400, ERROR)) as server, Client(server.url) as client, pytest.raises(DataError) as caught:
        client.decide(REQUEST)
    assert (caught.value.code.name, caught.value.place.field, caught.value.fix) == ("AED-DATA-105", "market", "f")
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_answer_that_may_pass_is_asked_for_again(status):
    with (
        serving(in_turn(says(status, {"errors": []}), says(200, GOOD))) as server,
        Client(server.url, deadline=5) as client,
    ):
        assert client.decide(REQUEST).release == 7
    assert len(server.asked) == 2


def test_a_pause_that_the_server_asks_for_and_the_deadline_forbids_is_not_waited_for():
    with serving(says(429, {"errors": []}, Retry_After="30")) as server, Client(server.url, deadline=2) as client:
        began = time.monotonic()
        assert client.decide(REQUEST).failed == "status 429"
    assert time.monotonic() - began < 15  # the server asks for 30 s
    assert len(server.asked) == 1


def test_tries_have_an_end():
    with serving(says(503, {"errors": []})) as server, Client(server.url, deadline=5, retries=3) as client:
        assert client.decide(REQUEST).failed == "status 503"
    assert len(server.asked) == 4


def test_a_server_that_trickles_does_not_hold_anybody_past_the_deadline():
    stop = threading.Event()

    def trickle(handler):
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        while not stop.wait(0.02):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    with serving(trickle) as server:
        with Client(server.url, deadline=0.3) as client:
            began = time.monotonic()
            answer = client.decide(REQUEST)
            took = time.monotonic() - began
        stop.set()
    assert answer.failed.startswith("no answer within 0.3 s")
    assert took < 10  # the server takes 20 s


@pytest.mark.parametrize(("on_failure", "shown"), [("open", ["b", "c", "a"]), ("closed", [])])
def test_without_a_server_the_answer_is_as_told(on_failure, shown):
    with Client("http://127.0.0.1:9", on_failure=on_failure) as client:
        answer = client.decide(REQUEST)
    assert [placed.id for placed in answer.slate] == shown
    assert answer.failed
    assert answer.release is None


def test_without_a_server_whoever_wants_an_error_gets_one():
    with Client("http://127.0.0.1:9", on_failure="raise") as client, pytest.raises(ServerError) as caught:
        client.decide(REQUEST)
    assert caught.value.code.name == "AED-SRV-060"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"\xff"])
def test_an_answer_of_something_else_is_an_error_and_no_decision(body):
    with serving(says(200, body)) as server, Client(server.url) as client, pytest.raises(ServerError) as caught:
        client.decide(REQUEST)
    assert caught.value.code.name == "AED-SRV-061"


def test_a_server_that_is_down_is_left_alone_for_a_while():
    rest = Rest()
    for _ in range(PATIENCE):
        assert not rest.is_on(10.0)
        rest.failed(10.0)
    assert rest.is_on(10.0 + REST / 2)
    assert not rest.is_on(10.0 + REST)
    assert rest.is_on(10.0 + REST), "one call tries, the others wait for how it ends"
    rest.succeeded()
    assert not rest.is_on(10.0 + REST)


def test_many_threads_may_ask_through_one_client():
    with serving(says(200, GOOD)) as server, Client(server.url, deadline=10) as client:
        threads = [threading.Thread(target=client.decide, args=(REQUEST,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.asked) == 20


CANDIDATES = st.lists(
    st.tuples(st.text(min_size=1, max_size=3), st.floats(0, 5)), unique_by=lambda pair: pair[0], max_size=8
)


@given(candidates=CANDIDATES, offset=st.integers(0, 4), limit=st.none() | st.integers(1, 5))
def test_failing_open_shows_everything_by_score_then_id(candidates, offset, limit):
    request = {
        **REQUEST,
        "candidates": [{"id": i, "score": s} for i, s in candidates],
        "offset": offset,
        "limit": limit,
    }
    answer = undecided(request, "open", "down")
    ranked = [id_ for id_, _ in sorted(candidates, key=lambda pair: (-pair[1], pair[0]))]
    assert [placed.id for placed in answer.slate] == ranked[offset : None if limit is None else offset + limit]
    assert (answer.size, answer.excluded, answer.failed) == (len(candidates), [], "down")
