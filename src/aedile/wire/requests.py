"""Which request is in this body? The quick way for good ones, the careful way for all others.

Candidates that are as most callers send them are read by the kernel, and what stands around them into a struct; other
bodies that are well-formed are read into structs in one go. Anything at all unusual is read again by the engine's own
reader, which finds the place and the words for what is wrong. All give the same request.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, UnsetType

from aedile.engine import kernel
from aedile.engine import requests as careful
from aedile.engine.request_features import read_candidate_features, read_context
from aedile.engine.request_place import Where
from aedile.engine.requests import REQUIRED, Candidates, Request, parse_request
from aedile.errors import DataError
from aedile.language.markets import CHANNELS
from aedile.language.schema import Schema


class SentCandidate(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One candidate: score of all or of none; features: those the schema says come with requests."""

    id: str
    kind: str | UnsetType = UNSET
    score: float | UnsetType | None = UNSET
    features: dict[str, Any] | UnsetType | None = UNSET


class SentRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A request for a decision. time: RFC 3339. context: the request's own features. offset, limit: the page of the
    finished slate that is answered; all of it without a limit."""

    id: str
    market: str
    channel: str
    time: str
    candidates: list[SentCandidate]
    shopper: str | UnsetType | None = UNSET
    query: str | UnsetType | None = UNSET
    context: dict[str, Any] | UnsetType | None = UNSET
    offset: int | UnsetType = UNSET
    limit: int | UnsetType | None = UNSET


_DECODER = msgspec.json.Decoder(SentRequest)
_WHERE = Where()


def read_request(body: bytes, schema: Schema) -> Request:
    """The request in a JSON body; a `DataError` says what is wrong with it, and where."""
    return _quickest(body, schema) or _quick(body, schema) or parse_request(body, schema)


def _quickest(body: bytes, schema: Schema) -> Request | None:
    """The request, None where its candidates or what stands around them are not as most callers send them."""
    found = kernel.read_candidates(body, careful.MAX_CANDIDATES, careful.MAX_ID_BYTES)
    if found is None or len(body) > careful.MAX_LINE_BYTES:
        return None
    around = b"%b[]%b" % (body[: found.start], body[found.end :])
    sent = _decoded(around)
    if sent is None or sent.candidates or not _is_plain(around, sent, _NO_COLUMNS):
        return None
    return _or_none(sent, found.ids, found.kinds, found.scores, None, schema)


def _quick(body: bytes, schema: Schema) -> Request | None:
    """The request, None where the careful reader has to look at the body."""
    sent = _decoded(body)
    columns = None if sent is None else _Columns.of(sent.candidates)
    if (
        sent is None
        or columns is None
        or len(columns.ids) > careful.MAX_CANDIDATES
        or len(body) > careful.MAX_LINE_BYTES
        or not _is_plain(body, sent, columns)
    ):
        return None
    return _or_none(sent, columns.ids, columns.kinds, columns.scores, columns.features, schema)


def _decoded(body: bytes) -> SentRequest | None:
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_plain(body: bytes, sent: SentRequest, columns: _Columns) -> bool:
    """Whether all names are ASCII and of the right size, and no object has a key twice."""
    names = [sent.id, sent.shopper, *columns.ids] if isinstance(sent.shopper, str) else [sent.id, *columns.ids]
    joined = "".join(names)
    sizes = list(map(len, names))
    return (
        min(sizes) > 0
        and max(sizes) <= careful.MAX_ID_BYTES
        and joined.isascii()
        and _has_every_key_once(body, sent, columns, joined)
    )


class _Columns(NamedTuple):
    """What the candidates brought, column by column; without a column that none of them brought anything for.

    keys: how many keys the candidates' objects have, but for those inside of `features`.
    """

    ids: list[str]
    kinds: list[str] | None
    scores: list[float] | None
    features: list[dict[str, Any] | UnsetType | None] | None
    keys: int

    @classmethod
    def of(cls, candidates: list[SentCandidate]) -> Self | None:
        """The columns; None where some brought a score, and others none."""
        n = len(candidates)
        ids = [candidate.id for candidate in candidates]
        kinds: list[Any] = [candidate.kind for candidate in candidates]
        scores: list[Any] = [candidate.score for candidate in candidates]
        features: list[Any] = [candidate.features for candidate in candidates]
        kindless, bare = kinds.count(UNSET), features.count(UNSET)
        if n and scores[0] is UNSET:  # floats compare slowly with what they are not: they are looked at but once
            if scores.count(UNSET) < n:
                return None
            scores = []
        if 0 < kindless < n:
            kinds = ["item" if kind is UNSET else kind for kind in kinds]
        keys = n + (n - kindless) + len(scores) + (n - bare)
        return cls(ids, kinds if kindless < n else None, scores or None, features if bare < n else None, keys)


_ITEM = {"item"}
_NO_COLUMNS = _Columns([], None, None, None, 0)
Scores = npt.NDArray[np.float64] | list[float] | None


def _or_none(
    sent: SentRequest,
    ids: list[str],
    kinds: list[str] | None,
    scores: Scores,
    features: list[dict[str, Any] | UnsetType | None] | None,
    schema: Schema,
) -> Request | None:
    """The request; None where something in it cannot be, whose words are left to the careful reader."""
    try:
        return _assembled(sent, ids, kinds or ["item"] * len(ids), scores, features, schema)
    except DataError:
        return None


def _assembled(
    sent: SentRequest,
    ids: list[str],
    kinds: list[str],
    scores: Scores,
    features: list[dict[str, Any] | UnsetType | None] | None,
    schema: Schema,
) -> Request:
    for kind in {*kinds} if kinds.count("item") < len(kinds) else _ITEM:
        careful.one_of(kind, careful.candidate_kinds(schema), _WHERE, "candidates.kind")
    if not isinstance(scores, np.ndarray):
        careful.refuse_twins(kinds, ids, _WHERE)
        scores = careful.scores_of(scores, _WHERE) if scores else None
    brought = [(number, one) for number, one in enumerate(features) if one] if features else []
    return Request(
        sent.id,
        careful.market_of(sent.market, _WHERE),
        careful.one_of(sent.channel, CHANNELS, _WHERE, "channel"),
        careful.time_of(sent.time, _WHERE),
        Candidates(kinds, ids, scores, read_candidate_features(brought, kinds, schema, _WHERE)),
        sent.shopper or None,
        None if sent.query is UNSET else sent.query,
        read_context(sent.context or None, schema, _WHERE),
        careful.count_of(sent.offset or 0, 0, _WHERE, "offset"),
        None if sent.limit in (UNSET, None) else careful.count_of(sent.limit, 1, _WHERE, "limit"),
    )


def _has_every_key_once(body: bytes, sent: SentRequest, columns: _Columns, names: str) -> bool:
    """Whether no object of the body has a key twice, of which only one could have counted.

    Outside texts each key brings one colon: where the body has as many colons as the keys and texts that were
    understood, none was passed over. An escape may hide a colon, so such bodies count as unusual.
    """
    if b"\\" in body and (b"003a" in body or b"003A" in body):
        return False
    colons = len(REQUIRED) + columns.keys + names.count(":") + sent.time.count(":")
    for value in (sent.query, sent.context):
        if value is not UNSET:
            colons += 1 + _colons(value)
    colons += (sent.shopper is not UNSET) + (sent.offset is not UNSET) + (sent.limit is not UNSET)
    if columns.features is not None:
        colons += sum(_colons(features) for features in columns.features if features)
    return body.count(b":") == colons


def _colons(value: Any) -> int:
    """The colons that a value brings: one a key, and those in its texts."""
    if isinstance(value, str):
        return value.count(":")
    if isinstance(value, dict):
        colons = len(value)
        for key, entry in value.items():
            colons += key.count(":")
            if isinstance(entry, str | dict | list):  # others, most of them, have none
                colons += _colons(entry)
        return colons
    return sum(map(_colons, value)) if isinstance(value, list) else 0
