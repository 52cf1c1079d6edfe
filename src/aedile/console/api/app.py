"""Which addresses are there for programs, and in which shape do errors come?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from ninja.errors import AuthenticationError, HttpError, ValidationError

from aedile import __version__
from aedile.console.api import backtests, decisions, desk, lists, people, strategies, work
from aedile.console.api.auth import AUTH, no_key
from aedile.console.api.calling import Strict, check_address
from aedile.console.api.document import Documented
from aedile.console.base.codes import BAD_INPUT, FAILED, STATUS, TOO_LARGE, WRONG_METHOD
from aedile.console.base.errors import listed
from aedile.console.strategies.actions import Collision
from aedile.console.strategies.codes import LOADING, NO_RELEASE_YET, NO_SCHEMA
from aedile.errors import AedileError, ConsoleError, Errors, Place

log = logging.getLogger("aedile.console.api")
#: What a page just says, a program should know by the status: to try again, or to do something else first.
_HERE = {LOADING.name: 503, NO_RELEASE_YET.name: 409, NO_SCHEMA.name: 409}

api = Documented(
    title="aedile console", version=__version__, auth=AUTH, urls_namespace="api", docs_url=None,
    openapi_url="openapi.json", parser=Strict(),
    description="What people do in the console, for programs. Every error has the one shape: a list of what is wrong, "
    "each with its code, message, place, hint and fix.",
)  # fmt: skip
api.add_router("", desk.router, tags=["strategies"])  # before `strategies`, whose deeds are any word behind a version
api.add_router("", backtests.router, tags=["backtests"])  # likewise
api.add_router("", strategies.router, tags=["strategies"])
api.add_router("", lists.router, tags=["lists"])
api.add_router("", decisions.router, tags=["decisions"])
api.add_router("", work.router)
api.add_router("", people.router)


def error_answer(errors: list[AedileError], **more: Any) -> HttpResponse:
    """The answer to a call that cannot be done."""
    known = {**STATUS, **_HERE}
    status = max(known.get(error.code.name, 400) for error in errors)
    answer = HttpResponse(
        api.renderer.render(None, {"errors": [error.to_dict() for error in errors], **more}, response_status=status),
        status=status, content_type="application/json",
    )  # fmt: skip
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="aedile"'
    if status in (429, 503):
        answer["Retry-After"] = "5" if status == 503 else "1"
    return answer


@api.exception_handler(Collision)
def _collided(_request: HttpRequest, error: Collision) -> HttpResponse:
    """Nothing is lost: what both began with, what each has, and what fits together."""
    return error_answer(
        [error], base=error.base, theirs=error.theirs, mine=error.mine, merged=error.merged,
        conflicts=list(error.conflicts), revision=error.version.revision,
    )  # fmt: skip


@api.exception_handler(AedileError)
@api.exception_handler(Errors)
@api.exception_handler(OperationalError)
@api.exception_handler(Exception)
def _failed(_request: HttpRequest, error: Exception) -> HttpResponse:
    errors = listed(error)
    if any(one.code is FAILED for one in errors):
        log.error("a call of the API failed: %s", type(error).__name__, exc_info=error)
    return error_answer(errors)


@api.exception_handler(RequestDataTooBig)
def _too_large(_request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    return error_answer([ConsoleError(TOO_LARGE, "the body is larger than 4 MiB", fix="send less at once")])


@api.exception_handler(AuthenticationError)
def _unknown(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    return error_answer([no_key()])


@api.exception_handler(HttpError)
def _unread(_request: HttpRequest, error: HttpError) -> HttpResponse:
    """ninja tells little of what the parser raised; the parser's own words are told."""
    if isinstance(error.__cause__, AedileError):
        return error_answer([error.__cause__])
    return error_answer([ConsoleError(BAD_INPUT, str(error.message)[:300], fix="send JSON, as the document says")])


@api.exception_handler(ValidationError)
def _malformed(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    return error_answer(
        [
            ConsoleError(
                BAD_INPUT, f"{found['msg'][:300]}", place=Place(field=".".join(map(str, found["loc"]))[:200]),
                fix="see the document at /api/v1/openapi.json",
            )
            for found in error.errors[:20]
        ]
    )  # fmt: skip


def urls() -> tuple[list[URLPattern], str, str]:
    """The addresses; whoever calls is asked for a key by the API itself, not sent to a page."""
    patterns, app, namespace = api.urls
    for pattern in patterns:
        pattern.callback = _asked(pattern.callback)
    return patterns, app, namespace


def _asked(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view without the console's sign-in, its refusal of a method in the one shape."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            check_address(request)
        except ConsoleError as error:
            return error_answer([error])
        found = view(request, *args, **kwargs)
        if found.status_code != 405:
            return found
        allowed = found["Allow"]
        refused = error_answer(
            [
                ConsoleError(
                    WRONG_METHOD, f"{request.path[:80]} does not know {request.method}", hint=f"it knows {allowed}"
                )
            ]
        )
        refused["Allow"] = allowed
        return refused

    answer.login_required = False  # type: ignore[attr-defined]
    return answer
