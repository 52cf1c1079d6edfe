"""Who acts, by which way, and may they?"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.db.models import Q

from aedile.console.accounts.permissions import PERMISSIONS, Permission, Reach
from aedile.console.base.codes import NOT_ALLOWED
from aedile.engine.strategy import ALL
from aedile.errors import ConsoleError

if TYPE_CHECKING:
    from aedile.console.accounts.models import Grant, Person


@dataclass(frozen=True)
class Actor:
    """A person at work. via: `console`, `api`, `cli` or `job`. key: the API key, where one is used."""

    person: Person
    via: str = "console"
    key: str = ""

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        return tuple(self.person.grants.select_related("team")) if self.person.is_active else ()

    def may(self, name: str, *, markets: Collection[str] | None = None, team: str | None = None) -> bool:
        """Whether a permission of the table is theirs.

        markets: of what it concerns, codes or `all`; None where that is not the question (may they do it anywhere?).
        team: slug of the owning team, for permissions that ask for it; None likewise.
        """
        permission = PERMISSIONS[name]
        return any(_allows(grant, permission, markets, team) for grant in self.grants)

    def require(self, name: str, *, markets: Collection[str] | None = None, team: str | None = None) -> None:
        """Passes, or raises a `ConsoleError` that says what is missing."""
        if self.may(name, markets=markets, team=team):
            return
        permission = PERMISSIONS[name]
        roles = ", ".join(sorted(permission.roles))
        where = f" in {', '.join(sorted(markets))}" if markets and permission.reach is not Reach.ANYWHERE else ""
        raise ConsoleError(
            NOT_ALLOWED,
            f"{self.person} may not {permission.does}{where}",
            hint=f"these roles may: {roles}"
            + (f"; in the team {team}" if permission.reach is Reach.OWNS and team else ""),
            fix="ask somebody who may, or ask an admin for the role",
        )

    def markets_of(self, name: str) -> frozenset[str]:
        """The markets in which a permission is theirs; `{"all"}` for every one."""
        permission = PERMISSIONS[name]
        found = {market for grant in self.grants if grant.role in permission.roles for market in grant.markets}
        return frozenset({ALL}) if ALL in found else frozenset(found)

    def seen(self, name: str, field: str = "markets") -> Q:
        """The filter for rows that touch a market they may look into; the field is an array of codes, or `all`."""
        markets = self.markets_of(name)
        if ALL in markets:
            return Q()
        if not markets:
            return Q(pk__in=[])
        return Q(**{f"{field}__overlap": [*markets, ALL]})


def _allows(grant: Grant, permission: Permission, markets: Collection[str] | None, team: str | None) -> bool:
    if grant.role not in permission.roles:
        return False
    if permission.reach is Reach.OWNS and team is not None and grant.team_id not in (None, team):
        return False
    if permission.reach is Reach.ANYWHERE or markets is None:
        return True
    if permission.reach is Reach.TOUCHES:
        return touches(grant.markets, markets)
    return covers(grant.markets, markets)


def touches(granted: Iterable[str], markets: Collection[str]) -> bool:
    """Whether some market is in both; what is for all markets touches every one."""
    mine = set(granted)
    return ALL in mine or ALL in markets or bool(mine & set(markets))


def covers(granted: Iterable[str], markets: Collection[str]) -> bool:
    """Whether every market is granted; what is for all markets needs a grant for all."""
    mine = set(granted)
    return ALL in mine or (ALL not in markets and set(markets) <= mine)
