"""Permissions: which role may do what, and how far do its markets and team count?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from aedile.console.accounts.permissions import PERMISSIONS, ROLE_NAMES, Permission, Reach, Role
from aedile.console.base.context import actor_of

DESKS = {
    "strategy": _("Strategies"),
    "release": _("Releases"),
    "list": _("Named lists"),
    "decision": _("Decisions"),
    "history": _("History"),
    "person": _("People"),
    "key": _("Keys"),
    "schema": _("Feature schema"),
    "outbox": _("Notices"),
}
#: A word for the table, and what it means.
REACHES = {
    Reach.ANYWHERE: (_("everywhere"), _("markets and team do not count")),
    Reach.TOUCHES: (_("a market"), _("one of the markets concerned is the grant's")),
    Reach.COVERS: (_("all markets"), _("all markets concerned are the grant's")),
    Reach.OWNS: (_("markets and team"), _("the same, and it is of the grant's team, or the grant is for all teams")),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A permission as the table shows it. has: for each role whether it may; mine: whether the viewer may somewhere."""

    permission: Permission
    reach: Promise
    has: tuple[tuple[Role, bool], ...]
    mine: bool


@require_safe
def permissions(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    actor.require("person.view")
    rows = [
        Row(one, REACHES[one.reach][0], tuple((role, role in one.roles) for role in Role), actor.may(one.name))
        for one in PERMISSIONS.values()
    ]
    told = {
        "desks": list(_by_desk(rows)),
        "roles": ROLE_NAMES.items(),
        "reaches": REACHES.values(),
        "columns": len(Role) + 3,
    }
    return render(request, "accounts/permissions.html", told)


def _by_desk(rows: list[Row]) -> Iterator[tuple[Promise, list[Row]]]:
    for prefix, group in groupby(rows, key=lambda row: row.permission.name.split(".")[0]):
        yield DESKS[prefix], list(group)
