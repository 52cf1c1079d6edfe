"""Who is let in, and what do all addresses that take a body have in common?"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

from starlette.types import Receive, Scope, Send

from aedile.errors import AedileError, Errors
from aedile.server.http import Gone, bearer, error_answer, media_type, read_body, respond
from aedile.server.limits import Limits
from aedile.server.stats import Stats
from aedile.store.keys import KeyRing


class Gate:
    """Lets a call in: its key must be known, in time and of the scope, its key's limit not used up."""

    def __init__(self, limits: Limits, *, is_open: bool) -> None:
        self.ring = KeyRing.empty()
        self.limits = limits
        self.is_open = is_open

    def admit(self, scope: Scope, needed: str) -> None:
        """Passes, or raises a `ServerError` of status 401, 403 or 429."""
        if self.is_open:
            return
        now = time.time()
        key = self.ring.check(bearer(scope), needed, now)
        if key.limit is not None:
            self.limits.take(key.id, key.limit, now)
        scope["aedile.key"] = key.id


class Endpoint(ABC):
    """An ASGI endpoint that takes a body: admitted, read, answered; every error in the one shape."""

    scope: str
    media: tuple[str, ...]

    def __init__(self, stats: Stats, gate: Gate, max_body: int) -> None:
        self.stats = stats
        self.gate = gate
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self.gate.admit(scope, self.scope)
            media = media_type(scope, self.media)
            self.require_room()
            body = await read_body(scope, receive, self.max_body)
            await self.answer(scope, media, body, send)
        except Gone:
            return
        except (AedileError, Errors) as error:
            self.stats.refused(error)
            status, answer, headers = error_answer(error)
            await respond(send, status, answer, headers)

    def require_room(self) -> None:  # noqa: B027  most have room for whatever comes
        """Passes, or raises where no more can be taken now."""

    @abstractmethod
    async def answer(self, scope: Scope, media: str, body: bytes, send: Send) -> None:
        """Answer the call; what is raised becomes the one error shape."""
