"""Which desks are there for whom? The left menu: entries whose page exists and which the viewer may open.

A desk's first page has the name of the entry as its address's name (`path("", …, name="strategies")`), and a single
thing the name of its kind (`strategy`, `list`, `person`, `release`, `request`), with its id as the one argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aedile.console.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class Desk:
    """address: name of the first page's address. permission: None for everybody. key: what opens it."""

    address: str
    name: Promise
    icon: str
    permission: str | None
    key: str = ""


DESKS = (
    Desk("today", _("Today"), "home", None, "g t"),
    Desk("strategies", _("Strategies"), "target-arrow", "strategy.view", "g s"),
    Desk("lists", _("Lists"), "list-details", "list.view", "g l"),
    Desk("decisions", _("Decisions"), "scale", "decision.view", "g d"),
    Desk("releases", _("Releases"), "package-export", "release.view", "g r"),
    Desk("settings", _("Settings"), "settings", None, "g e"),
)
#: Pages within desks, which the palette reaches too.
PAGES = (
    Desk("account", _("Your account"), "user-circle", None),
    Desk("mfa_index", _("Second factors"), "shield-check", None),
    Desk("people", _("People"), "users", "person.view"),
    Desk("teams", _("Teams"), "users", "person.view"),
    Desk("permissions", _("Permissions"), "lock", None),
    Desk("server_keys", _("Server keys"), "key", "key.manage"),
    Desk("history", _("History"), "history", "history.view"),
    Desk("strategy_new", _("Write a strategy"), "plus", "strategy.write"),
    Desk("strategy_debt", _("Strategy debt"), "hourglass-low", "strategy.view"),
    Desk("schema", _("Feature schema"), "code", "strategy.view"),
    Desk("outbox", _("Outbox"), "mail", "outbox.view"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A desk as one viewer meets it. here: the page shown belongs to it."""

    desk: Desk
    href: str
    here: bool


def entries(actor: Actor, path: str) -> Iterator[Entry]:
    """The menu of a viewer who is at a path."""
    theirs = [desk for desk in DESKS if desk.permission is None or actor.may(desk.permission)]
    links = [(desk, href) for desk in theirs if (href := address_of(desk.address)) is not None]
    here = max((href for _, href in links if _within(path, href)), key=len, default="")
    for desk, href in links:
        yield Entry(desk, href, href == here)


def address_of(name: str, *args: object) -> str | None:
    """Where a page is; None where the installation has none of that name."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None


def _within(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href))
