"""How is anything written? By one named action in one transaction, by somebody who may, with its history."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from aedile.console.accounts.actor import Actor


@contextmanager
def acting(
    actor: Actor,
    permission: str,
    *,
    markets: Collection[str] | None = None,
    team: str | None = None,
    why: str = "",
) -> Iterator[None]:
    """The transaction of one action, which is called as its permission. A `ConsoleError` where the actor may not."""
    actor.require(permission, markets=markets, team=team)
    with noted(actor.person.email, actor.via, permission, why, key=actor.key):
        yield


@contextmanager
def noted(who: str, via: str, action: str, why: str = "", *, key: str = "") -> Iterator[None]:
    """A transaction whose writes the history notes as somebody's; for the software itself `who` is `aedile`."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(
                "select set_config('aedile.actor', %s, true), set_config('aedile.via', %s, true), "
                "set_config('aedile.action', %s, true), set_config('aedile.why', %s, true)",
                [who, f"{via}:{key}" if key else via, action, why],
            )
        yield
