"""Light or dark? What the viewer chose in this browser, written by `assets/src/theme.js`."""

from __future__ import annotations

from django.http import HttpRequest

COOKIE = "aedile_theme"


def theme_of(request: HttpRequest) -> str:
    """`light` or `dark` where the viewer chose one; empty where the system decides."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in ("light", "dark") else ""
