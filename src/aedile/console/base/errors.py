"""What does a person see when something is wrong? One page, in the one shape: what, where, why, and how to mend it."""

from __future__ import annotations

import sys
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from aedile.console.base.codes import BAD_INPUT, CSRF, FAILED, NO_DATABASE, NOT_ALLOWED, NOT_FOUND, STATUS
from aedile.errors import AedileError, ConsoleError, Errors


def told(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to a call that raised; nothing of it reads the database, which may be what is wrong."""
    errors = listed(error)
    status = max(STATUS.get(one.code.name, 400) for one in errors)
    fragment = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    page = "base/error_fragment.html" if fragment else "base/error.html"
    answer = HttpResponse(
        render_to_string(page, {"errors": errors, "status": status, "csp_nonce": getattr(request, "csp_nonce", "")}),
        status=status,
    )
    if status == 503:
        answer["Retry-After"] = "5"
    return answer


def listed(error: Exception) -> list[AedileError]:
    """The errors of the one family that stand for whatever was raised."""
    if isinstance(error, Errors):
        return list(error.errors)
    if isinstance(error, AedileError):
        return [error]
    if isinstance(error, OperationalError):
        return [
            ConsoleError(
                NO_DATABASE,
                "the console does not reach PostgreSQL",
                hint="decisions go on by the last release; nothing that was acknowledged is lost",
                fix="wait a moment and load the page again; `aedile doctor` looks for what is wrong",
            )
        ]
    return [
        ConsoleError(
            FAILED,
            f"the console failed: {type(error).__name__}",
            hint="this is a defect; the log has its details",
            fix="report it, with the lines of the log of that time",
        )
    ]


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    return told(request, ConsoleError(BAD_INPUT, f"the call cannot be taken: {type(exception).__name__}"))


def forbidden(request: HttpRequest, exception: Any) -> HttpResponse:
    return told(request, ConsoleError(NOT_ALLOWED, str(exception) or "this is not for you"))


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:  # noqa: ARG001  Django's signature
    return told(
        request,
        ConsoleError(NOT_FOUND, f"there is nothing at {request.path[:200]}", fix="search with Ctrl K, or go to Today"),
    )


def failed(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1]
    return told(request, error if isinstance(error, Exception) else RuntimeError())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    return told(
        request,
        ConsoleError(
            CSRF,
            "the form was not sent from a page of this console, or its session has ended",
            fix="load the page again, and send it once more",
        ),
    )
