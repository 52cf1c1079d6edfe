"""By which keys does a program act as a person? Made, shown once, and revoked here; `key_auth.py` asks for them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from aedile.console.accounts.actions import MANAGE, own_account
from aedile.console.accounts.codes import BAD_KEY
from aedile.console.accounts.models import ApiKey
from aedile.console.base.acting import acting
from aedile.errors import ConsoleError

if TYPE_CHECKING:
    from aedile.console.accounts.actor import Actor

SCOPES = ("read", "write")
PREFIX = "aedile_c_"
MAX_DAYS = 365
MAX_KEYS = 50


def make_key(actor: Actor, scopes: Collection[str], days: int, note: str = "") -> tuple[str, ApiKey]:
    """A key that acts as the actor: as its owner gets it, this once, and what is kept of it."""
    wrong = [scope for scope in scopes if scope not in SCOPES]
    if wrong or not scopes:
        raise ConsoleError(BAD_KEY, "a key is for read, write or both", fix=f"name one of {', '.join(SCOPES)}")
    if not 1 <= days <= MAX_DAYS:
        raise ConsoleError(BAD_KEY, f"a key works for 1 to {MAX_DAYS} days", fix="name fewer days, and renew it then")
    with acting(actor, "key.own"):
        now = timezone.now()
        if actor.person.api_keys.filter(revoked=None, expires__gt=now).count() >= MAX_KEYS:
            raise ConsoleError(BAD_KEY, f"nobody has more than {MAX_KEYS} keys in force", fix="revoke one first")
        id_, secret = (base64.b32encode(secrets.token_bytes(n)).decode().rstrip("=").lower() for n in (10, 32))
        key = ApiKey.objects.create(
            id=id_,
            person=actor.person,
            hash=hash_of(secret),
            scopes=sorted(set(scopes)),
            note=" ".join(note.split())[:200],
            expires=now + timedelta(days=days),
        )
    return f"{PREFIX}{id_}_{secret}", key


def revoke_key(actor: Actor, key: ApiKey) -> None:
    """End a key at once: one's own, or as an admin anybody's."""
    with own_account(actor) if key.person_id == actor.person.pk else acting(actor, MANAGE):
        if key.revoked is None:
            key.revoked = timezone.now()
            key.save(update_fields=["revoked"])


def hash_of(secret: str) -> str:
    """A fast hash is enough: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
