"""What does every page know?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aedile import __version__
from aedile.console.accounts.actor import Actor
from aedile.console.base.navigation import address_of
from aedile.console.base.notices import SEEN, unseen
from aedile.console.base.theme import theme_of
from aedile.engine.strategy import ALL

_ACCOUNT = (
    ("account", gettext_lazy("Your account"), "user-circle"),
    ("mfa_index", gettext_lazy("Second factors"), "shield-check"),
)


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A page about the viewer's own account."""

    href: str
    name: Promise
    icon: str


def actor_of(request: HttpRequest) -> Actor:
    """Who looks, with their grants; read once a request."""
    found: Actor | None = getattr(request, "actor", None)
    if found is None:
        found = request.actor = Actor(request.user)
    return found


def console(request: HttpRequest) -> dict[str, Any]:
    codes = [code for code, _name in settings.LANGUAGES]
    told: dict[str, Any] = {"aedile_version": __version__, "theme": theme_of(request), "languages": codes}
    if not request.user.is_authenticated:
        return told
    actor = actor_of(request)
    told["notices"] = unseen(actor, request.session.get(SEEN))
    return {**told, "actor": actor, "viewer_markets": markets_in_words(actor), "account_links": list(account_links())}


def markets_in_words(actor: Actor) -> str:
    """The markets that the viewer may look into, for the bar; empty where there are none."""
    markets = actor.markets_of("strategy.view")
    return _("all markets") if ALL in markets else " ".join(sorted(markets))


def account_links() -> Iterator[AccountLink]:
    """What the menu of one's own account leads to: pages that this installation has."""
    for address, name, icon in _ACCOUNT:
        href = address_of(address)
        if href is not None:
            yield AccountLink(href, name, icon)
