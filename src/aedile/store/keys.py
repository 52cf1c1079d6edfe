"""Who may call the server? API keys: only a hash of each is kept, each has its scopes and an end.

A key is `aedile_<id>_<secret>`. The id finds its record; the secret, 256 random bits, is compared by its SHA-256 in
constant time, and an unknown id takes as long as a wrong secret. A fast hash is enough, for nobody guesses 256 bits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aedile.errors import ServerError, StoreError, define

NO_KEY = define("AED-SRV-020", "A call brings no API key, or one that is not known or has expired.", "no Authorization")
WRONG_SCOPE = define("AED-SRV-021", "An API key is not for what was asked.", "putting entities with a key for decide")
BAD_KEYS = define("AED-STORE-050", "What was published as keys cannot be read.", "a key without a hash")
STATUS = {"AED-SRV-020": 401, "AED-SRV-021": 403}

#: What a key may be for. observe: counts, metrics, the page.
SCOPES = ("decide", "explain", "entities", "facts", "observe")
_DUMMY = hashlib.sha256(secrets.token_bytes(32)).hexdigest()


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of a key. expires: seconds since 1970, exclusive. limit: calls a second, None for no limit."""

    id: str
    hash: str
    scopes: tuple[str, ...]
    expires: float
    limit: int | None = None
    note: str = ""


def new_key(scopes: Sequence[str], expires: float, limit: int | None = None, note: str = "") -> tuple[str, KeyRecord]:
    """A new key as its owner gets it, once, and the record that is kept."""
    id_, secret = (base64.b32encode(secrets.token_bytes(n)).decode().rstrip("=").lower() for n in (10, 32))
    record = KeyRecord(id_, hashlib.sha256(secret.encode()).hexdigest(), tuple(scopes), expires, limit, note)
    return f"aedile_{id_}_{secret}", record


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys there are, by id."""

    keys: Mapping[str, KeyRecord]

    @classmethod
    def empty(cls) -> KeyRing:
        return cls({})

    @classmethod
    def parse(cls, data: bytes) -> KeyRing:
        """The keys in their bytes; a `StoreError` where they are none."""
        try:
            entries: list[dict[str, Any]] = json.loads(data)["keys"]
            records = [KeyRecord(**{**entry, "scopes": tuple(entry["scopes"])}) for entry in entries]
        except (ValueError, KeyError, TypeError):
            raise StoreError(
                BAD_KEYS, "the keys cannot be read", hint="no key works until they can", fix="aedile key create"
            ) from None
        return cls({record.id: record for record in records})

    def to_bytes(self) -> bytes:
        return json.dumps({"keys": [asdict(record) for record in self.keys.values()]}, ensure_ascii=False).encode()

    def check(self, text: str | None, scope: str, now: float) -> KeyRecord:
        """The record of a key that may be used for this now (seconds since 1970); else a `ServerError`."""
        _, _, rest = (text or "").partition("_")
        id_, _, secret = rest.partition("_")
        record = self.keys.get(id_)
        right = hmac.compare_digest(
            hashlib.sha256(secret.encode()).hexdigest(), record.hash if record is not None else _DUMMY
        )
        if record is None or not right or now >= record.expires:
            raise ServerError(
                NO_KEY,
                "the call brings no API key that is known and has not expired",
                hint="keys are sent as Authorization: Bearer aedile_…",
                fix="make one: aedile key create --scope decide",
            )
        if scope not in record.scopes:
            raise ServerError(
                WRONG_SCOPE,
                f"the key {record.id} is not for `{scope}`",
                hint=f"it is for {', '.join(record.scopes)}",
                fix=f"make one that is: aedile key create --scope {scope}",
            )
        return record
