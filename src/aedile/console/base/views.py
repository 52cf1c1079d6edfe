"""What needs me, how bad, by when?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from aedile.console.base.context import actor_of
from aedile.console.base.server_state import server_state
from aedile.console.base.today import today_of


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not actor.grants:
        return render(request, "base/today_without_role.html")
    return render(request, "base/today.html", {"today": today_of(actor), "server": _server(request)})


@require_safe
def server(request: HttpRequest) -> HttpResponse:
    """The server's state alone, asked for every few seconds."""
    actor_of(request).require("release.view")
    return render(request, "base/today/server.html", {"server": server_state()})


def _server(request: HttpRequest) -> object:
    return server_state() if actor_of(request).may("release.view") else None
