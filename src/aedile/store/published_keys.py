"""How do the keys of the decision server change? Each change publishes the whole ring anew."""

from __future__ import annotations

import hashlib

from aedile.errors import StoreError, define
from aedile.fields import suggestion
from aedile.store.keys import KeyRecord, KeyRing
from aedile.store.published import Published

KIND = "keys"
NO_SUCH_KEY = define("AED-STORE-051", "There is no key with this id.", "aedile key revoke no-such-id")


def current_ring(published: Published) -> KeyRing:
    """The keys there are."""
    found = published.current(KIND)
    return KeyRing.parse(found.data) if found is not None else KeyRing.empty()


def add_key(published: Published, record: KeyRecord, *, by: str) -> int:
    """Publish the ring with one more; its number."""
    ring, number = _locked(published)
    return _publish(published, KeyRing({**ring.keys, record.id: record}), number, by, f"created {record.id}")


def revoke_key(published: Published, id_: str, *, by: str) -> int:
    """Publish the ring without a key, which works no more; its number."""
    ring, number = _locked(published)
    if id_ not in ring.keys:
        raise StoreError(
            NO_SUCH_KEY, f'there is no key "{id_}"', hint=suggestion(id_, ring.keys), fix="see `aedile key list`"
        )
    left = KeyRing({other: record for other, record in ring.keys.items() if other != id_})
    return _publish(published, left, number, by, f"revoked {id_}")


def _locked(published: Published) -> tuple[KeyRing, int]:
    published.lock()
    found = published.current(KIND)
    return (KeyRing.parse(found.data), found.number) if found is not None else (KeyRing.empty(), 0)


def _publish(published: Published, ring: KeyRing, number: int, by: str, note: str) -> int:
    data = ring.to_bytes()
    return published.append(KIND, hashlib.sha256(data).hexdigest(), data, by=by, note=note, expect_current=number)
