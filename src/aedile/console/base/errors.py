"""What does a person see when something is wrong? One page, in the one shape: what, where, why, and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from aedile.console.base.codes import BAD_INPUT, CSRF, FAILED, NO_DATABASE, NOT_ALLOWED, NOT_FOUND, STATUS
from aedile.console.base.theme import theme_of
from aedile.errors import AedileError, ConsoleError, Errors


def told(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to a call that raised; nothing of it reads the database, which may be what is wrong."""
    errors = listed(error)
    if request.path.startswith("/api/"):
        return _as_json(errors)
    status = max(STATUS.get(one.code.name, 400) for one in errors)
    answer = HttpResponse(render_to_string(_page(request), _shown(request, errors, status)), status=status)
    if status == 503:
        answer["Retry-After"] = "5"
    return answer


def _page(request: HttpRequest) -> str:
    fragment = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    return "base/error_fragment.html" if fragment else "base/error.html"


def _shown(request: HttpRequest, errors: list[AedileError], status: int) -> dict[str, Any]:
    title, icon = _heads().get(status, (_("This cannot be done"), "alert-circle"))
    return {
        "errors": errors,
        "status": status,
        "title": title,
        "icon": icon,
        "theme": theme_of(request),
        "again": request.get_full_path() if status in (500, 503) and request.method == "GET" else "",
    }


def _heads() -> dict[int, tuple[str, str]]:
    return {
        403: (_("This is not for you"), "lock"),
        404: (_("There is nothing here"), "zoom-question"),
        500: (_("The console failed"), "alert-triangle"),
        503: (_("The database is away"), "cloud-off"),
    }


def _as_json(errors: Sequence[AedileError]) -> HttpResponse:
    status = max(STATUS.get(one.code.name, 400) for one in errors)
    return JsonResponse({"errors": [one.to_dict() for one in errors]}, status=status)


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
                _("the console does not reach PostgreSQL"),
                hint=_("decisions go on by the last release; nothing that was acknowledged is lost"),
                fix=_("wait a moment and load the page again; `aedile doctor` looks for what is wrong"),
            )
        ]
    if isinstance(error, DataError):
        return [
            ConsoleError(
                BAD_INPUT,
                _("a value that was sent cannot be looked up or kept"),
                hint=_("it holds a zero character, or a number that is too large"),
                fix=_("go back, load the page again, and send it once more"),
            )
        ]
    return [
        ConsoleError(
            FAILED,
            _("the console failed: %(kind)s") % {"kind": type(error).__name__},
            hint=_("this is a defect; the log has its details"),
            fix=_("report it, with the lines of the log of that time"),
        )
    ]


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    if (gone := _database_gone(exception)) is not None:
        return told(request, gone)
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        message, fix = _("more was sent than the console takes at once"), _("send it in smaller parts")
    else:
        message = _("the console cannot read what was sent")
        fix = _("go back, load the page again, and send it once more")
    return told(request, ConsoleError(BAD_INPUT, message, fix=fix))


def _database_gone(exception: Any) -> OperationalError | None:
    """Why a session could not be kept, where it was for want of a database: Django says that it was deleted."""
    found = exception
    while found is not None and not isinstance(found, OperationalError):
        found = found.__cause__ or found.__context__
    return found if isinstance(exception, SessionInterrupted) else None


def forbidden(request: HttpRequest, exception: Any) -> HttpResponse:
    return told(request, ConsoleError(NOT_ALLOWED, str(exception) or _("you may not see or do this")))


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:  # noqa: ARG001  Django's signature
    return told(
        request,
        ConsoleError(
            NOT_FOUND,
            _("there is nothing at %(path)s") % {"path": request.path[:200]},
            fix=_("search with Ctrl K, or go to Today"),
        ),
    )


def failed(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1]
    return told(request, error if isinstance(error, Exception) else RuntimeError())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    return told(
        request,
        ConsoleError(
            CSRF,
            _("the form was not sent from a page of this console, or its session has ended"),
            fix=_("load the page again, and send it once more"),
        ),
    )
