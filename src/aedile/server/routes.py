"""Which address does what? The ASGI application of one worker."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as Call
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aedile.engine.inquiry import inquire
from aedile.engine.named import place_of, strategy_named
from aedile.engine.request_place import WRONG_KIND, Where
from aedile.engine.requests import parse_request
from aedile.errors import AedileError, Errors, ServerError
from aedile.server.desk import Desk, Outcome
from aedile.server.endpoints import Endpoint, Gate
from aedile.server.entities import accept_delete, accept_put
from aedile.server.facts import FactDesk, FactPosts
from aedile.server.gather import gathered
from aedile.server.http import (
    ARROW,
    BUSY,
    FAILED,
    JSON,
    NDJSON,
    NOT_FOUND,
    WRONG_METHOD,
    error_answer,
    header,
    respond,
)
from aedile.server.metrics import EXPOSITION, exposition
from aedile.server.page import Page
from aedile.settings import Settings
from aedile.store.entity_log import EntityLog
from aedile.store.home import Home
from aedile.wire.arrow import read_arrow_request, rows_bytes
from aedile.wire.requests import read_request


class Decisions(Endpoint):
    """POST /v1/decisions. A worker decides one request after another; more than `queue` waiting are sent away."""

    scope = "decide"
    media = (JSON, ARROW)

    def __init__(self, desk: Desk, gate: Gate, max_body: int, queue: int) -> None:
        super().__init__(desk.stats, gate, max_body)
        self.desk = desk
        self.queue = queue
        self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.waiting += 1
        try:
            await super().__call__(scope, receive, send)
        except Exception as error:  # a defect: the caller gets the one error shape, and it is raised again
            status, answer, headers = error_answer(failure(error))
            await respond(send, status, answer, headers)
            raise  # uvicorn's log has it with its traceback
        finally:
            self.waiting -= 1

    async def answer(self, scope: Scope, media: str, body: bytes, send: Send) -> None:
        await asyncio.sleep(0)  # whatever has come meanwhile is counted before the first of it is decided
        if self.waiting > self.queue:
            raise ServerError(
                BUSY,
                f"{self.waiting} decisions wait in this worker",
                hint=f"it lets {self.queue} wait, so that none waits for long",
                fix="try again after the time in Retry-After, or start more workers",
            )
        started = time.perf_counter()
        schema = self.desk.current().engine.schema
        request = read_request(body, schema) if media == JSON else read_arrow_request(body, schema)
        outcome = self.desk.decide(request)
        answer, kind = outcome.answer, JSON
        if media == ARROW or ARROW in (header(scope, b"accept") or ""):
            answer, kind = _rows(outcome), ARROW
        await respond(send, 200, answer, [(b"content-type", kind.encode())])
        self.desk.note(outcome, time.perf_counter() - started)


def _rows(outcome: Outcome) -> bytes:
    return rows_bytes(outcome.decision, outcome.running.engine.strategies, outcome.running.number)


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """One candidate of a request, to be explained. strategies: ids; by default all that matter to it."""

    request: msgspec.Raw
    id: str
    kind: str = "item"
    strategies: list[str] | None = None


class Explanations(Endpoint):
    """POST /v1/decisions/explain: decided as now, noted nowhere."""

    scope = "explain"
    media = (JSON,)

    def __init__(self, desk: Desk, gate: Gate, max_body: int) -> None:
        super().__init__(desk.stats, gate, max_body)
        self.desk = desk

    async def answer(self, _scope: Scope, _media: str, body: bytes, send: Send) -> None:
        running = self.desk.current()
        asked = _asked(body)
        request = parse_request(bytes(asked.request), running.engine.schema)
        counters = self.desk.exposures.counters(request, time.time_ns() // 1000)
        decision = running.decider.decide(request, counters)
        strategies = running.engine.strategies
        named = [strategy_named(id_, strategies) for id_ in asked.strategies] if asked.strategies else None
        found = inquire(running.decider, decision, place_of(request, asked.id, asked.kind), running.number, named)
        await respond(send, 200, msgspec.json.encode({"release": running.number, **found.to_json()}))


def _asked(body: bytes) -> Asked:
    try:
        return _ASKED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Where().error(
            WRONG_KIND,
            f"the body does not ask for an explanation: {error}",
            hint="it holds a whole request, and which of its candidates is meant",
            fix='send {"request": {…}, "id": "4567968"}',
        ) from None


_ASKED = msgspec.json.Decoder(Asked)


class EntityChanges(Endpoint):
    """PUT and DELETE /v1/entities/{kind}: in the log, which all workers follow, before it is answered."""

    scope = "entities"
    media = (JSON, NDJSON, ARROW)

    def __init__(self, desk: Desk, gate: Gate, max_body: int, log: EntityLog, max_batch: int) -> None:
        super().__init__(desk.stats, gate, max_body)
        self.desk = desk
        self.log = log
        self.max_batch = max_batch

    async def answer(self, scope: Scope, media: str, body: bytes, send: Send) -> None:
        kind, schema = scope["path_params"]["kind"], self.desk.current().engine.schema
        if scope["method"] == "PUT":
            taken = await asyncio.to_thread(accept_put, kind, body, media, schema, self.log, self.max_batch)
        else:
            taken = await asyncio.to_thread(accept_delete, kind, body, schema, self.log, self.max_batch)
        await respond(send, 202, msgspec.json.encode(taken))


class Pages:
    """What is read by people and by machines that watch: release, counts, health, documents."""

    def __init__(self, desk: Desk, gate: Gate, home: Home, page: Page) -> None:
        self.desk = desk
        self.gate = gate
        self.home = home
        self.page = page

    async def release(self, call: Call) -> Response:
        """GET /v1/release: the manifest of the release that runs."""
        self.gate.admit(call.scope, "decide")
        running = self.desk.current()
        told = {"digest": running.digest, **running.release.manifest.to_dict(), "muted": sorted(running.muted)}
        return _json(told)

    async def stats(self, call: Call) -> Response:
        """GET /v1/stats: what all workers counted, for the page."""
        self._observer(call)
        return _json(gathered(self.home.workers))

    async def metrics(self, call: Call) -> Response:
        """GET /metrics: the same for Prometheus."""
        self._observer(call)
        return Response(exposition(self.home.workers), media_type=EXPOSITION)

    async def health(self, _call: Call) -> Response:
        """GET /health: this worker answers."""
        return _json({"status": "ok"})

    async def ready(self, _call: Call) -> Response:
        """GET /ready: this worker has a release to decide by."""
        return _json({"status": "ready", "release": self.desk.current().number})

    def _observer(self, call: Call) -> None:
        if not self.page.is_open:
            self.gate.admit(call.scope, "observe")
        else:
            self.page.refuse_strange_host(call)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type=JSON, headers={"cache-control": "no-store"})


def make_app(desk: Desk, gate: Gate, log: EntityLog, facts: FactDesk, home: Home, settings: Settings) -> ASGIApp:
    """The application of one worker."""
    max_body = settings.server.max_body_mb << 20
    page = Page(settings)
    pages = Pages(desk, gate, home, page)
    explanations = Explanations(desk, gate, max_body)
    changes = EntityChanges(desk, gate, max_body, log, settings.entities.max_batch)
    decisions = Decisions(desk, gate, max_body, settings.server.queue)
    routes = [
        Route("/v1/decisions", decisions, methods=["POST"]),
        Route("/v1/decisions/explain", explanations, methods=["POST"]),
        Route("/v1/entities/{kind}", changes, methods=["PUT", "DELETE"]),
        Route("/v1/facts/{kind}", FactPosts(desk.stats, gate, max_body, facts), methods=["POST"]),
        Route("/v1/release", pages.release),
        Route("/v1/stats", pages.stats),
        Route("/metrics", pages.metrics),
        Route("/health", pages.health),
        Route("/ready", pages.ready),
        *page.routes(),
    ]
    handlers: dict[Any, Any] = {
        AedileError: _refused,
        Errors: _refused,
        HTTPException: _no_such_route,
        Exception: _failed,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False

    async def straight(scope: Scope, receive: Receive, send: Send) -> None:
        """Decisions go their own way: finding the route takes a twentieth of one."""
        is_decision = scope["type"] == "http" and scope["path"] == "/v1/decisions" and scope["method"] == "POST"
        await (decisions if is_decision else app)(scope, receive, send)

    return straight


async def _refused(_call: Call, error: Exception) -> Response:
    assert isinstance(error, AedileError | Errors)
    return _error_response(error)


async def _no_such_route(call: Call, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        wrong = ServerError(
            WRONG_METHOD,
            f"{call.url.path:.80} does not know {call.method:.20}",
            hint=f"it knows {allowed}",
            fix="see /docs",
        )
        return _error_response(wrong, {"allow": allowed})
    return _error_response(ServerError(NOT_FOUND, f"there is nothing at {call.url.path:.80}", fix="see /docs"))


async def _failed(_call: Call, error: Exception) -> Response:
    # Starlette raises the error again once this is sent, so that the log has it with its traceback.
    return _error_response(failure(error))


def failure(error: Exception) -> ServerError:
    """What a caller is told of a defect."""
    return ServerError(
        FAILED,
        f"the server failed: {type(error).__name__}",
        hint="this is a defect; its log holds the details",
        fix="report it, with the lines of the log of that time",
    )


def _error_response(error: AedileError | Errors, extra: dict[str, str] | None = None) -> Response:
    status, body, headers = error_answer(error)
    named = {name.decode(): value.decode() for name, value in headers}
    return Response(body, status, {**named, **(extra or {})})
