"""Who calls? A program by its API key, or a page of the console by its session."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.codes import NO_KEY
from aedile.console.accounts.key_auth import actor_of_key
from aedile.console.api.limiting import check_rate
from aedile.console.base.codes import CSRF
from aedile.console.settings import SESSION_COOKIE_NAME
from aedile.errors import ConsoleError

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Key(HttpBearer):
    """`Authorization: Bearer aedile_c_…`; a key for `read` asks, one for `write` does."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        actor = actor_of_key(token, "read" if request.method in _READS else "write")
        request.actor = actor
        check_rate(actor.person.pk)
        return actor


class Session(APIKeyCookie):
    """The session of who is signed in; what writes needs the form's token as well."""

    param_name = SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)  # checked below, for a call without a session needs none

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002  the base's signature
        if not request.user.is_authenticated:
            return None
        if request.method not in _READS and _Check(_never).process_view(request, _never, (), {}) is not None:
            raise ConsoleError(
                CSRF, "the call brings no token of a form", hint="with a session, X-CSRFToken is sent as well",
                fix="use an API key",
            )  # fmt: skip
        actor = Actor(request.user, via="console")
        request.actor = actor
        check_rate(actor.person.pk)
        return actor


class _Check(CsrfViewMiddleware):
    """Says why, instead of answering."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:  # noqa: ARG002  the base's signature
        return reason


def _never(_request: HttpRequest) -> Any:
    raise AssertionError("only its name is asked for")


def no_key() -> ConsoleError:
    """For a call that brings neither."""
    return ConsoleError(
        NO_KEY, "the call brings no API key and no session", hint="keys are sent as Authorization: Bearer aedile_c_…",
        fix="make one in Settings, My account",
    )  # fmt: skip


AUTH = [Key(), Session()]
__all__ = ["AUTH", "HttpError", "no_key"]
