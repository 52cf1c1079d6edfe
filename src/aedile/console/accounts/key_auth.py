"""Who calls with this API key, and may the key be used for it?"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from aedile.console.accounts.actor import Actor
from aedile.console.accounts.codes import NO_KEY, WRONG_SCOPE
from aedile.console.accounts.keys import PREFIX, hash_of
from aedile.console.accounts.models import ApiKey
from aedile.errors import ConsoleError

#: How often the use of a key is written down.
NOTED_EVERY = timedelta(minutes=1)
_DUMMY = hash_of(secrets.token_urlsafe(32))
_LONGEST = 200


def actor_of_key(text: str | None, scope: str) -> Actor:
    """The person as whom a key acts; a `ConsoleError` where it is unknown, has ended, or is not for `read` or `write`.

    An unknown id takes as long as a wrong secret, and both are told alike. What the person may do is asked anew at
    each call: a role that was withdrawn is gone for their keys, too.
    """
    given = text or ""
    rest = given[len(PREFIX) :] if given.startswith(PREFIX) and len(given) <= _LONGEST else ""
    id_, _, secret = rest.partition("_")
    key = ApiKey.objects.select_related("person").filter(pk=id_).first() if _may_be_id(id_) else None
    is_right = hmac.compare_digest(hash_of(secret), key.hash if key is not None else _DUMMY)
    now = timezone.now()
    if key is None or not is_right or key.revoked is not None or key.expires <= now or not key.person.is_active:
        raise _unknown()
    actor = Actor(key.person, via="api", key=key.pk)
    actor.require("key.own")
    if scope not in key.scopes:
        raise ConsoleError(
            WRONG_SCOPE,
            f"the key {key.pk} is not for `{scope}`",
            hint=f"it is for {', '.join(key.scopes)}",
            fix="make one that is, in Settings, My account",
        )
    unnoted = Q(last_used=None) | Q(last_used__lt=now - NOTED_EVERY)
    if key.last_used is None or key.last_used < now - NOTED_EVERY:
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used=now)
    return actor


def _may_be_id(text: str) -> bool:
    return text.isascii() and text.isalnum() and len(text) <= 32


def _unknown() -> ConsoleError:
    return ConsoleError(
        NO_KEY,
        "the call brings no API key that is known and in force",
        hint=f"keys are sent as Authorization: Bearer {PREFIX}…",
        fix="make one in Settings, My account",
    )
