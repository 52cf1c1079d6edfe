"""What does every page know?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from aedile import __version__
from aedile.console.accounts.actor import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Who looks, with their grants; read once a request."""
    found: Actor | None = getattr(request, "actor", None)
    if found is None:
        found = request.actor = Actor(request.user)
    return found


def console(request: HttpRequest) -> dict[str, Any]:
    if not request.user.is_authenticated:
        return {"version": __version__}
    return {"version": __version__, "actor": actor_of(request)}
