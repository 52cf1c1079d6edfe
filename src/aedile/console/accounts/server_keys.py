"""Who may call the decision server? Its keys, made and revoked in the console as by `aedile key`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connection
from django.utils import timezone

from aedile.console.accounts.codes import BAD_KEY
from aedile.console.accounts.models import ServerKeyChange
from aedile.console.base.acting import acting
from aedile.errors import ConsoleError
from aedile.fields import listing
from aedile.store.keys import SCOPES, KeyRecord, new_key
from aedile.store.published import Published
from aedile.store.published_keys import add_key, current_ring, revoke_key

if TYPE_CHECKING:
    from aedile.console.accounts.actor import Actor

PERMISSION = "key.manage"
MAX_DAYS = 3650


def server_keys(actor: Actor) -> list[KeyRecord]:
    """The keys in force or expired, the first to end first."""
    actor.require(PERMISSION)
    return sorted(current_ring(_published()).keys.values(), key=lambda record: (record.expires, record.id))


def make_server_key(
    actor: Actor, scopes: Collection[str], days: int, limit: int | None = None, note: str = ""
) -> tuple[str, KeyRecord]:
    """A key of the server: as its user gets it, this once, and its record. It works within a second."""
    wrong = [scope for scope in scopes if scope not in SCOPES]
    if wrong or not scopes:
        raise ConsoleError(BAD_KEY, "a key is for something that there is", fix=f"name one of {listing(SCOPES)}")
    if not 1 <= days <= MAX_DAYS:
        raise ConsoleError(BAD_KEY, f"a key works for 1 to {MAX_DAYS} days", fix="name fewer days")
    if limit is not None and limit < 1:
        raise ConsoleError(BAD_KEY, "a limit is one call a second or more", fix="leave it out for none")
    text, record = new_key(
        sorted(set(scopes)), (timezone.now() + timedelta(days=days)).timestamp(), limit, " ".join(note.split())[:200]
    )
    with acting(actor, PERMISSION):
        number = add_key(_published(), record, by=actor.person.email)
        _note(actor, number, record, "made")
    return text, record


def revoke_server_key(actor: Actor, id_: str) -> None:
    """End a key; whoever calls with it is refused within a second."""
    with acting(actor, PERMISSION):
        published = _published()
        record = current_ring(published).keys.get(id_)
        number = revoke_key(published, id_, by=actor.person.email)
        assert record is not None  # revoke_key has found it
        _note(actor, number, record, "revoked")


def ends(record: KeyRecord) -> datetime:
    return datetime.fromtimestamp(record.expires, UTC)


def _note(actor: Actor, number: int, record: KeyRecord, deed: str) -> None:
    ServerKeyChange.objects.create(
        number=number, key=record.id, deed=deed, scopes=list(record.scopes), note=record.note, author=actor.person
    )


def _published() -> Published:
    """What is published, within the transaction that Django has begun."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return Published(raw)
