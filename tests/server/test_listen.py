"""What happens to connections that ask too much, too slowly, or no HTTP at all?"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
from contextlib import closing, contextmanager, suppress

import httpx
import pytest
import uvloop

from aedile.server import listen
from aedile.server.http import read_body, respond

CALL = b"GET / HTTP/1.1\r\n\r\n"


async def application(scope, receive, send):
    body = await read_body(scope, receive, 1 << 20)
    await respond(send, 200, json.dumps({"got": body.decode()}).encode())


@contextmanager
def listening(monkeypatch, host="127.0.0.1", **bounds):
    """The port of a listener with other bounds."""
    for name, value in bounds.items():
        monkeypatch.setattr(listen, name, value)
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    listener = listen.Listener(application, host, port)
    thread = threading.Thread(target=uvloop.run, args=(listener.run_until_stopped(),))
    thread.start()
    try:
        while not listener.started:
            time.sleep(0.01)
        yield port
    finally:
        listener.stop()
        thread.join(20)
        assert not thread.is_alive()


def said_over(connection):
    """(status, code of the error, calls answered before) of what comes until the other side closes."""
    connection.settimeout(10)
    said = b""
    while piece := connection.recv(65_536):
        said += piece
    last = [*re.finditer(rb"HTTP/1.1 \d", said)][-1].start()
    head, _, body = said[last:].partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    (error,) = json.loads(body)["errors"]
    assert error["fix"]
    return int(head.split()[1]), error["code"], said.count(b'{"got"')


def answered(connection):
    """What the application got, by its next answer."""
    connection.settimeout(10)
    said = b""
    while not said.endswith(b"}"):
        piece = connection.recv(65_536)
        assert piece, said
        said += piece
    return json.loads(said.rpartition(b"\r\n\r\n")[2])["got"]


def connected(port):
    return closing(socket.create_connection(("127.0.0.1", port), timeout=10))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_calls_are_answered_one_after_the_other_over_one_connection(monkeypatch, host):
    with listening(monkeypatch, host) as port, httpx.Client() as client:
        for _ in range(3):
            answer = client.get(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
            assert (answer.status_code, answer.json()) == (200, {"got": ""})
        assert "server" not in answer.headers


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x02\x00\x01\x00", b"HELO there\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_no_http_is_told_so(monkeypatch, said):
    with listening(monkeypatch) as port, connected(port) as connection:
        connection.sendall(said)
        assert said_over(connection) == (400, "AED-SRV-009", 0)


@pytest.mark.parametrize("offer", [b"h2c", b"websocket"])
@pytest.mark.parametrize("pieces", [1, 2, 9])
def test_an_offer_to_speak_another_protocol_is_passed_over(monkeypatch, offer, pieces):
    head = b"POST / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUPGRADE : %s\r\n" % offer
    head = head.replace(b"UPGRADE :", b"Upgrade:")
    said = head + b"Content-Length: 5\r\n\r\nhello"
    with listening(monkeypatch) as port, connected(port) as connection:
        for _ in range(2):
            for start in range(0, len(said), -(-len(said) // pieces)):
                connection.sendall(said[start : start + -(-len(said) // pieces)])
                time.sleep(0.02)
            assert answered(connection) == "hello"


def test_calls_that_come_at_once_are_answered_in_their_order(monkeypatch):
    call = b"POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\n"
    with listening(monkeypatch) as port, connected(port) as connection:
        connection.sendall(b"\r\n" + b"".join(call + b"%d" % n for n in range(9)) + call[:20])
        connection.settimeout(10)
        said = b""
        while said.count(b"got") < 9:
            said += connection.recv(65_536)
        places = [said.index(b'{"got": "%d"}' % n) for n in range(9)]
        assert places == sorted(places)
        connection.sendall(call[20:] + b"x")
        assert answered(connection) == "x"


@pytest.mark.parametrize(
    "said",
    [
        b"GET /" + b"x" * 200_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 40_000,
        CALL + CALL[:-2] + b"a: b\r\n" * 60_000,
        b"\r\n" * 100_000,
    ],
)
def test_a_head_without_end_is_cut_off(monkeypatch, said):
    with listening(monkeypatch) as port, connected(port) as connection:
        for start in range(0, len(said), 10_000):
            try:
                connection.sendall(said[start : start + 10_000])
            except OSError:  # it has been cut off
                break
            time.sleep(0.005)
        with suppress(ConnectionResetError):  # the answer is lost where more was on its way
            assert said_over(connection) == (431, "AED-SRV-010", said.count(CALL))


@pytest.mark.parametrize(
    ("said", "answers"),
    [(b"", 0), (CALL[:9], 0), (b"\r\n", 0), (CALL + CALL[:-4], 1), (CALL + CALL + b"G", 2)],
)
def test_who_does_not_ask_in_time_is_sent_away(monkeypatch, said, answers):
    with listening(monkeypatch, PATIENCE=0.4) as port, connected(port) as connection:
        connection.sendall(said)
        assert said_over(connection) == (408, "AED-SRV-011", answers)


def test_a_call_that_takes_longer_is_answered_before_patience_ends(monkeypatch):
    async def slow(scope, receive, send):
        await asyncio.sleep(1)
        await respond(send, 200, b'{"got": "it"}')

    monkeypatch.setitem(globals(), "application", slow)
    with listening(monkeypatch, PATIENCE=0.4) as port, connected(port) as connection:
        connection.sendall(CALL + CALL[:9])
        assert said_over(connection) == (408, "AED-SRV-011", 1)


def test_a_connection_that_has_asked_may_be_idle_for_longer(monkeypatch):
    with listening(monkeypatch, PATIENCE=0.2) as port, httpx.Client() as client:
        address = f"http://127.0.0.1:{port}/"
        for _ in range(2):
            assert client.get(address).status_code == 200
            (connection,) = client._transport._pool.connections
            time.sleep(0.6)
            assert connection.is_idle()
            assert not connection.has_expired()


def test_more_connections_than_there_may_be_are_told_so_and_the_others_go_on(monkeypatch):
    monkeypatch.setattr(listen, "most_connections", lambda: 2)
    with listening(monkeypatch) as port, connected(port) as first, connected(port) as second:
        for one in (first, second):
            one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert one.recv(65_536).startswith(b"HTTP/1.1 200")
        with connected(port) as third:
            assert said_over(third) == (503, "AED-SRV-012", 0)
        first.sendall(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n")
        while first.recv(65_536):
            pass
        with connected(port) as fourth:
            fourth.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert fourth.recv(65_536).startswith(b"HTTP/1.1 200")


def test_calls_under_way_are_answered_when_it_stops(monkeypatch):
    began = threading.Event()

    async def slow(scope, receive, send):
        began.set()
        await asyncio.sleep(0.5)
        await respond(send, 200, b"{}")

    monkeypatch.setitem(globals(), "application", slow)
    answers = []
    with listening(monkeypatch) as port:
        thread = threading.Thread(target=lambda: answers.append(httpx.get(f"http://127.0.0.1:{port}/")))
        thread.start()
        began.wait(10)
    thread.join(10)
    assert [answer.status_code for answer in answers] == [200]


def test_so_many_files_may_be_open_as_connections_take_and_the_worker_itself():
    most = listen.most_connections()
    assert most >= 1
    assert most <= listen.CONNECTIONS
