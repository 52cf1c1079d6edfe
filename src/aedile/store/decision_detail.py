"""What is kept of a decision that is logged in full, so that it can be made again byte for byte?

Everything it rested on, in one blob: the release by number and digest, the request, what was known of its entities, the
counters it read, what was muted. A shopper is in it by pseudonym alone, and how literals came out that read the id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from aedile.engine.capture import captured, request_json
from aedile.engine.catalogue import Store
from aedile.engine.entity_batches import encode_entities
from aedile.engine.requests import Request
from aedile.errors import StoreError, define

UNREADABLE = define("AED-STORE-070", "What was logged of a decision cannot be read.", "a log of a newer version")
VERSION = 1


class Detail(msgspec.Struct, frozen=True, array_like=True):
    """A decision logged in full.

    decided_at: microseconds since 1970. request: JSON. entities: by kind, as `encode_entities` writes them. counters:
    (strategy id, shopper's pseudonym or entity's id, exposures). shopper: outcomes, as `engine/blind.py` names them.
    answer: the bytes that were answered.
    """

    version: int
    request_id: str
    release: int
    digest: str
    decided_at: int
    request: bytes
    entities: dict[str, bytes]
    counters: list[tuple[str, str, int]]
    muted: list[str]
    shopper: dict[str, bool | None]
    answer: bytes


def detail_of(
    request: Request,
    store: Store,
    *,
    release: int,
    digest: str,
    decided_at: int,
    counters: Sequence[tuple[str, str, int]],
    muted: Collection[str],
    shopper: str | None,
    outcomes: Mapping[str, bool | None],
    answer: bytes,
) -> bytes:
    """The blob of a decision just made, before anything changes in the store. shopper: the pseudonym."""
    detail = Detail(
        VERSION, request.id, release, digest, decided_at,
        msgspec.json.encode(request_json(request, store.schema, shopper)),
        {entities.kind: encode_entities(entities) for entities in captured(store, request)},
        list(counters), sorted(muted), dict(outcomes), answer,
    )  # fmt: skip
    return msgspec.msgpack.encode(detail)


_DECODER = msgspec.msgpack.Decoder(Detail)


def read_detail(data: bytes) -> Detail:
    """The decision in a blob; a `StoreError` where it cannot be read."""
    try:
        detail = _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise StoreError(UNREADABLE, f"a logged decision cannot be read: {error}", fix="see `aedile doctor`") from None
    if detail.version != VERSION:
        raise StoreError(
            UNREADABLE,
            f"a logged decision is of format {detail.version}, this version reads {VERSION}",
            fix="use the version that wrote it",
        )
    return detail
