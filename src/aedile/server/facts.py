"""How do facts come in? Read and checked beside the deciding thread, kept on disk, and only then answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from aedile.errors import ServerError
from aedile.facts import kind_of
from aedile.facts.reading import ReadFacts, read_arrow, read_json, read_ndjson
from aedile.facts.trouble import unreadable
from aedile.server.endpoints import Endpoint, Gate
from aedile.server.http import ARROW, BUSY, JSON, NDJSON, header, respond
from aedile.server.stats import Stats
from aedile.settings import Facts
from aedile.store.fact_arrival import Arrival, told
from aedile.store.fact_journal import Part
from aedile.store.fact_writer import FactWriter

_READERS = {JSON: read_json, NDJSON: read_ndjson, ARROW: read_arrow}


class FactDesk:
    """What one worker takes in: counts, and bytes that wait to be on disk."""

    def __init__(self, writer: FactWriter, arrival: Arrival, settings: Facts) -> None:
        self.writer = writer
        self.arrival = arrival
        self.most = settings.max_batch
        self.room = settings.queue_mb << 20
        self.bytes = 0
        self.taken: Counter[tuple[str, str]] = Counter()

    def counters(self) -> list[list[Any]]:
        """[kind, outcome, facts] of what was answered: accepted or refused."""
        return [[*key, count] for key, count in self.taken.items()]

    def read(self, name: str, body: bytes, media: str, source: str) -> tuple[ReadFacts, Part]:
        """What is in a body, and what is to be kept of it; runs beside the deciding thread."""
        now = time.time_ns() // 1000
        read = _READERS[media](kind_of(name), body, now, self.most)
        if len(read.table) == 0 and not read.refused:
            raise unreadable("there are no facts")
        return read, self.arrival.part(read, now, source)


class FactPosts(Endpoint):
    """POST /v1/facts/{kind}. What waits to be on disk is bounded; more is sent away."""

    scope = "facts"
    media = (JSON, NDJSON, ARROW)

    def __init__(self, stats: Stats, gate: Gate, max_body: int, desk: FactDesk) -> None:
        super().__init__(stats, gate, max_body)
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = header(scope, b"content-length") or ""
        size = min(int(length), self.max_body) if length.isdigit() else self.max_body
        self.desk.bytes += size
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.desk.bytes -= size

    def require_room(self) -> None:
        """Before the body is read: what is sent away costs nothing."""
        if self.desk.bytes > self.desk.room:
            raise ServerError(
                BUSY,
                f"{self.desk.bytes >> 20} MiB of facts wait in this worker",
                hint=f"it lets {self.desk.room >> 20} MiB wait until they are on disk",
                fix="try again after the time in Retry-After, or start more workers",
            )

    async def answer(self, scope: Scope, media: str, body: bytes, send: Send) -> None:
        kind, source = scope["path_params"]["kind"], scope.get("aedile.key", "anybody")
        read, part = await asyncio.to_thread(self.desk.read, kind, body, media, source)
        await asyncio.wrap_future(self.desk.writer.put(part))
        self.desk.taken[kind, "accepted"] += len(read.table)
        self.desk.taken[kind, "refused"] += len(read.refused)
        await respond(send, 202, msgspec.json.encode(told(read)))
