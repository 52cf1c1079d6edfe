"""How is a server asked, synchronously or not, so that nobody waits longer than the deadline?

One deadline spans all tries of a call, whatever the network does in between. Decisions may be asked again safely: the
same request decides the same.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

import httpx
import msgspec
import pyarrow as pa
from anyio.from_thread import BlockingPortal, start_blocking_portal

from aedile.client.failure import OnFailure, told, undecided
from aedile.client.tries import PASSING, Rest, Tries
from aedile.wire.answers import Answer, read_answer
from aedile.wire.errors import errors_in

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
NDJSON = "application/x-ndjson"
#: Seconds that calls other than decisions may take: they are not in a shopper's way.
PATIENT = 30.0

T = TypeVar("T")


class AsyncClient:
    """Asks a server from an event loop.

    url: where the server is. key: an API key. deadline: seconds for a decision, all tries together. retries: tries
    after the first. on_failure: what `decide` gives when no decision comes in time. seed: of the pauses between tries.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        deadline: float = 0.25,
        retries: int = 2,
        on_failure: OnFailure = "open",
        seed: int | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.deadline = deadline
        self.retries = retries
        self.on_failure: OnFailure = on_failure
        self._random = random.Random(seed)  # noqa: S311  spreads tries, guards nothing
        self._rest = Rest()
        headers = {"authorization": f"Bearer {key}"} if key is not None else {}
        # Each call has one deadline around all its tries, which a timeout for every single step could not give.
        self._http = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENT, trust_env=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def decide(self, request: Mapping[str, Any]) -> Answer:
        """The answer to a request, a mapping as its JSON. What the server refuses is raised as the server's error;
        where no decision comes in time, the answer is as `on_failure` says, with `failed` telling why."""
        body = msgspec.json.encode(request)
        tries = Tries(time.monotonic() + self.deadline, self.retries, self._random)
        if self._rest.is_on(time.monotonic()):
            return undecided(request, self.on_failure, "the server has not answered for a while")
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + self.deadline):
                response = await self._tried("POST", "/v1/decisions", body, JSON, tries)
        except TimeoutError:
            response, tries.why = None, f"no answer within {self.deadline:g} s ({tries.why})"
        if response is None or response.status_code in PASSING or response.status_code >= 500:
            self._rest.failed(time.monotonic())
            return undecided(request, self.on_failure, tries.why)
        self._rest.succeeded()
        if response.status_code != 200:
            raise told(errors_in(response.content), response.status_code)
        try:
            return read_answer(response.content)
        except msgspec.DecodeError:
            raise told((), response.status_code) from None

    async def explain(
        self, request: Mapping[str, Any], id: str, kind: str = "item", strategies: list[str] | None = None
    ) -> dict[str, Any]:
        """Why a candidate of the request stands where it stands, decided as of now."""
        asked = {"request": request, "id": id, "kind": kind, "strategies": strategies}
        return await self._patient("POST", "/v1/decisions/explain", msgspec.json.encode(asked), JSON)

    async def put_entities(self, kind: str, entities: Iterable[Mapping[str, Any]] | pa.Table) -> dict[str, Any]:
        """Put entities, as mappings or as a table with the features' names; returns what was accepted, and its place in
        the log that all workers follow."""
        body, media = _entities(entities)
        return await self._patient("PUT", f"/v1/entities/{kind}", body, media)

    async def withdraw_entities(self, kind: str, ids: Iterable[str]) -> dict[str, Any]:
        """Forget entities: they are unknown from now on."""
        return await self._patient("DELETE", f"/v1/entities/{kind}", msgspec.json.encode({"ids": list(ids)}), JSON)

    async def put_facts(self, kind: str, facts: Iterable[Mapping[str, Any]] | pa.Table) -> dict[str, Any]:
        """Send what happened, as mappings or as a table with the kind's columns; returns how many were accepted, and
        the first of those refused. Both are on disk by then. A call that failed may be made again: a fact with the same
        id and content counts once."""
        body, media = _facts(facts)
        return await self._patient("POST", f"/v1/facts/{kind}", body, media)

    async def release(self) -> dict[str, Any]:
        """The manifest of the release that decides."""
        return await self._patient("GET", "/v1/release", b"", JSON)

    async def _patient(self, method: str, path: str, body: bytes, media: str) -> dict[str, Any]:
        tries = Tries(time.monotonic() + PATIENT, self.retries, self._random)
        try:
            async with asyncio.timeout(PATIENT):
                response = await self._tried(method, path, body, media, tries)
        except TimeoutError:
            response = None
        if response is None:
            undecided({}, "raise", tries.why)
        assert response is not None
        if response.status_code not in (200, 202):
            raise told(errors_in(response.content), response.status_code)
        found: dict[str, Any] = msgspec.json.decode(response.content)
        return found

    async def _tried(self, method: str, path: str, body: bytes, media: str, tries: Tries) -> httpx.Response | None:
        """The answer of the last try; None where there was none."""
        while True:
            response = None
            try:
                response = await self._http.request(method, path, content=body, headers={"content-type": media})
                if response.status_code not in PASSING:
                    return response
                tries.why = f"status {response.status_code}"
            except httpx.TransportError as error:
                tries.why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            pause = tries.may_go_on(time.monotonic(), response)
            if pause is None:
                return response
            await asyncio.sleep(pause)


def _entities(entities: Iterable[Mapping[str, Any]] | pa.Table) -> tuple[bytes, str]:
    if not isinstance(entities, pa.Table):
        return msgspec.json.encode({"entities": list(entities)}), JSON
    return _stream(entities), ARROW


def _facts(facts: Iterable[Mapping[str, Any]] | pa.Table) -> tuple[bytes, str]:
    if not isinstance(facts, pa.Table):
        return msgspec.json.Encoder().encode_lines(list(facts)), NDJSON
    return _stream(facts), ARROW


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


class Client:
    """Asks a server from any thread: `AsyncClient`, whose deadline holds to the millisecond, in a thread of its own."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        deadline: float = 0.25,
        retries: int = 2,
        on_failure: OnFailure = "open",
        seed: int | None = None,
    ) -> None:
        self._made = (url, key, deadline, retries, on_failure, seed)
        self._lock = threading.Lock()
        self._running: tuple[int, Any, BlockingPortal, AsyncClient] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._made[0]!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            if self._running is not None and self._running[0] == os.getpid():
                _, started, portal, client = self._running
                portal.call(client.close)
                started.__exit__(None, None, None)
            self._running = None

    def decide(self, request: Mapping[str, Any]) -> Answer:
        """As `AsyncClient.decide`."""
        return self._call(lambda client: client.decide(request))

    def explain(
        self, request: Mapping[str, Any], id: str, kind: str = "item", strategies: list[str] | None = None
    ) -> dict[str, Any]:
        """As `AsyncClient.explain`."""
        return self._call(lambda client: client.explain(request, id, kind, strategies))

    def put_entities(self, kind: str, entities: Iterable[Mapping[str, Any]] | pa.Table) -> dict[str, Any]:
        """As `AsyncClient.put_entities`."""
        return self._call(lambda client: client.put_entities(kind, entities))

    def withdraw_entities(self, kind: str, ids: Iterable[str]) -> dict[str, Any]:
        """As `AsyncClient.withdraw_entities`."""
        return self._call(lambda client: client.withdraw_entities(kind, ids))

    def put_facts(self, kind: str, facts: Iterable[Mapping[str, Any]] | pa.Table) -> dict[str, Any]:
        """As `AsyncClient.put_facts`."""
        return self._call(lambda client: client.put_facts(kind, facts))

    def release(self) -> dict[str, Any]:
        """As `AsyncClient.release`."""
        return self._call(lambda client: client.release())

    def _call(self, ask: Callable[[AsyncClient], Coroutine[Any, Any, T]]) -> T:
        portal, client = self._started()
        answer: T = portal.call(ask, client)
        return answer

    def _started(self) -> tuple[BlockingPortal, AsyncClient]:
        """The thread and its client; made anew in a process that was forked, which has no threads of its parent's."""
        with self._lock:
            if self._running is None or self._running[0] != os.getpid():
                url, key, deadline, retries, on_failure, seed = self._made
                started = start_blocking_portal()
                portal = started.__enter__()
                client = AsyncClient(url, key, deadline=deadline, retries=retries, on_failure=on_failure, seed=seed)
                self._running = (os.getpid(), started, portal, client)
            return self._running[2], self._running[3]
