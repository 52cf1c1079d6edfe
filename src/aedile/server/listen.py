"""How does a worker listen? uvicorn in the deciding thread itself, so that no call is handed from a thread to another.

Around it stands what uvicorn leaves open: how many connections there may be, how long and how large the head of a call
may be, and that whoever is sent away is told so in the one shape of errors. The workers of a server share its address.
"""

from __future__ import annotations

import re
import resource
import socket
from asyncio import TimerHandle, Transport
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aedile.errors import Code, ServerError, define
from aedile.server.http import error_answer

NOT_HTTP = define("AED-SRV-009", "What came over a connection is no HTTP that can be read.", "TLS on a plain port")
HEAD_TOO_LARGE = define("AED-SRV-010", "Address and headers of a call are larger than taken.", "1 MB of cookies")
HEAD_TOO_SLOW = define("AED-SRV-011", "A connection was opened and did not ask in time.", "headers sent byte by byte")
TOO_MANY = define("AED-SRV-012", "A worker holds as many connections as it may.", "a client that never closes one")

#: Connections that a worker holds at once, idle ones too: there may be many more than are busy.
CONNECTIONS = 8_192
#: Connections that the system accepts before the worker looks at them.
BACKLOG = 512
#: Files that a worker needs for itself: logs, journals, libraries.
OWN_FILES = 128
#: Bytes of the head of a call, and seconds in which all of it must be there.
HEAD, PATIENCE = 64 << 10, 30.0
#: Seconds that a connection may be idle between two calls; clients keep theirs for less.
IDLE = 75
#: Seconds that calls under way have to end when the worker stops.
GRACE = 10
#: The end of a head, and the header that offers another protocol, as Java's client does on each new connection.
_END, _OFFER = b"\r\n\r\n", b"\r\nupgrade"
_OFFERS = re.compile(rb"(?<=\r\n)upgrade(?=[ \t]*:)", re.IGNORECASE)


class Listener(Server):
    """Serves an application at an address until `stop`; whoever runs it handles signals."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        connection: Any = partial(Connection, most=most_connections())
        config = Config(
            app, http=connection, ws="none", lifespan="off", interface="asgi3", backlog=BACKLOG, log_config=None,
            log_level="error", access_log=False, proxy_headers=False, server_header=False, timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=GRACE,
        )  # fmt: skip
        super().__init__(config)
        self._address = host, port

    async def run_until_stopped(self) -> None:
        await self.serve(listening_at(*self._address))

    def stop(self) -> None:
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are the worker's."""
        yield


class Connection(HttpToolsProtocol):
    """A connection, within bounds. The head of a call is held back until it is whole, and loses an offer to go on by
    another protocol: the parser would stop after it, and the body be lost."""

    def __init__(self, *args: Any, most: int, **named: Any) -> None:
        """most: connections of the worker, this one included."""
        super().__init__(*args, **named)
        self._most = most
        self._is_between = True  # two calls, or before the first
        self._has_begun = False  # a call, in what came last
        self._held = b""
        self._size = 0  # of what came and is no whole head yet
        self._patience: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            full = f"this worker holds {self._most} connections already"
            self._send_away(TOO_MANY, full, "keep connections open and use them again, or start more workers")
        else:
            self._wait_for_head(0)

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_patient()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():  # it was sent away
            return
        size = self._size + len(data)
        was_between = self._is_between
        if was_between:
            data = self._held + data
            end = data.find(_END)
            if (end < 0 and data[:1].isalpha()) or end > HEAD:
                self._held = data
                self._wait_for_head(max(size, end))
                return
            self._held = b""
            if _OFFER in data[: max(end, 0)].lower():
                data = _OFFERS.sub(b"x-offered", data[:end]) + data[end:]
        self._has_begun = False
        super().data_received(data)
        is_open = not self._is_between and "method" not in self.scope  # the head of a call right behind another
        if is_open or (was_between and not self._has_begun):  # or empty lines, which are no call
            self._wait_for_head(0 if self._has_begun else size)
        elif self._patience is not None:
            self._be_patient()

    def on_message_begin(self) -> None:
        self._is_between, self._has_begun = False, True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._is_between = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  it says no more than that the parser failed
        """What uvicorn does where the parser fails."""
        self._send_away(NOT_HTTP, "this is no HTTP/1.1 with a method that is known", "send HTTP/1.1, without TLS")

    def _wait_for_head(self, size: int) -> None:
        self._size = size
        if size > HEAD:
            large = f"address and headers have more than {HEAD >> 10} KiB"
            self._send_away(HEAD_TOO_LARGE, large, "send fewer or shorter ones")
        elif self._patience is None:
            self._patience = self.loop.call_later(PATIENCE, self._lose_patience)

    def _be_patient(self) -> None:
        self._size = 0
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # what was asked before is answered first
            self._patience = self.loop.call_later(PATIENCE, self._lose_patience)
            return
        slow = f"no whole head of a call came within {PATIENCE:.0f} seconds"
        self._send_away(HEAD_TOO_SLOW, slow, "open a connection when there is something to ask")

    def _send_away(self, code: Code, message: str, fix: str) -> None:
        if self.transport.is_closing():
            return
        status, body, headers = error_answer(ServerError(code, message, fix=fix))
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), b"connection: close"]
        lines += [name + b": " + value for name, value in headers]
        lines.append(f"content-length: {len(body)}\r\n\r\n".encode())
        self.transport.write(b"\r\n".join(lines) + body)
        self.transport.close()


def most_connections() -> int:
    """Connections this process may hold; lets it open as many files as that takes, if the system allows it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + BACKLOG + OWN_FILES
    files = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(1, files - BACKLOG - OWN_FILES)


def listening_at(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of a host, which other processes of this user may listen at as well."""
    sockets = []
    for family, type_, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    ):
        one = socket.socket(family, type_, protocol)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        sockets.append(one)
    return sockets
