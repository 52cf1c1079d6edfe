"""Who is noted where somebody signs in, sets a password or a second factor? They themselves.

These pages are allauth's, and write by themselves: each runs in a transaction whose writes the history notes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import wraps
from typing import Any

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from requests import RequestException

from aedile.console.accounts.actions import OWN
from aedile.console.accounts.codes import NO_PROVIDER
from aedile.console.accounts.models import Person
from aedile.console.base.acting import noted
from aedile.errors import ConsoleError

View = Callable[..., HttpResponse]


def write_as(person: Person) -> None:
    """From here on the transaction's writes are a person's who has just shown who they are."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('aedile.actor', %s, true)", [person.email])


def pages_of(
    patterns: list[URLPattern | URLResolver], closed: Collection[str], open_to_all: Collection[str]
) -> Iterator[URLPattern | URLResolver]:
    """The same addresses, each with its page in a transaction; `closed` ones, by name, lead nowhere."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = list(pages_of(pattern.url_patterns, closed, open_to_all))
            yield URLResolver(pattern.pattern, inner, pattern.default_kwargs, pattern.app_name, pattern.namespace)
        else:
            view = _nowhere if pattern.name in closed else _noted(pattern.callback)
            if pattern.name in open_to_all:
                view.login_required = False  # type: ignore[attr-defined]  # Django's own mark of such a page
            yield URLPattern(pattern.pattern, view, pattern.default_args, pattern.name)


def _noted(view: View) -> View:
    @wraps(view)
    def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if connection.in_atomic_block:  # one page goes on to another: to what was asked before showing who one is
            return view(request, *args, **kwargs)
        who = request.user.email if request.user.is_authenticated else "aedile"
        try:
            with noted(who, "console", OWN):
                return view(request, *args, **kwargs)
        except RequestException as error:
            raise ConsoleError(
                NO_PROVIDER,
                "the identity provider does not answer",
                hint=type(error).__name__,
                fix="wait a moment and try again; whoever has a password can sign in with it",
            ) from error

    return handle


def _nowhere(request: HttpRequest, **kwargs: Any) -> HttpResponse:  # noqa: ARG001  a page's signature
    raise Http404
