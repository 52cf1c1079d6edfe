"""What happens around every page? Its times are in the viewer's zone, and errors become pages."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from aedile.console.base.errors import told
from aedile.errors import AedileError, Errors

_TOLD = (AedileError, Errors, OperationalError, DataError)
Handler = Callable[[HttpRequest], HttpResponse]


def viewers_zone(get_response: Handler) -> Handler:
    """Show times in the zone of who looks."""

    def handle(request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "zone", None)
        if zone is None:
            return get_response(request)
        with timezone.override(ZoneInfo(zone)):
            return get_response(request)

    return handle


def viewers_language(get_response: Handler) -> Handler:
    """Speak the language that a person keeps in their profile, where this browser has not chosen another."""

    def handle(request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if not language or settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
            return get_response(request)
        with translation.override(language):
            return get_response(request)

    return handle


class ErrorsAsPages:
    """Whatever a page raises that a person can act upon becomes a page, or for a fragment the words alone."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return told(request, error) if isinstance(error, _TOLD) else None


errors_as_pages = ErrorsAsPages
