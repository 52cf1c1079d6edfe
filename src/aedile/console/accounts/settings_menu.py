"""Which pages of Settings are there for whom?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class Page:
    """address: its name. permission: what opens it; None where everybody who has signed in may."""

    address: str
    name: Promise
    icon: str
    permission: str | None = None


PAGES = (
    Page("account", _("My account"), "user-circle"),
    Page("people", _("People"), "user", "person.view"),
    Page("teams", _("Teams"), "users", "person.view"),
    Page("permissions", _("Permissions"), "shield-check", "person.view"),
    Page("server_keys", _("Server keys"), "key", "key.manage"),
    Page("history", _("History"), "history", "history.view"),
    Page("outbox", _("Outbox"), "mail", "outbox.view"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A page as one viewer meets it. here: it is the one shown, or one below it."""

    page: Page
    href: str
    here: bool


def links(actor: Actor, path: str) -> Iterator[Link]:
    """The pages a viewer may open, from a path; where somebody signs in and out belongs to their account."""
    for page in PAGES:
        if page.permission is None or actor.may(page.permission):
            href = reverse(page.address)
            own = path == reverse("settings") or path.startswith("/account/")
            yield Link(page, href, path.startswith(href) or (page.address == "account" and own))
