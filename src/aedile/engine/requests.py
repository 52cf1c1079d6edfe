"""What does a caller ask, and of which candidates?

One JSON object a request, one request a line. What is not understood is refused, with the line and the place in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.documents import decode, unreadable
from aedile.engine.request_features import read_candidate_features, read_context
from aedile.engine.request_place import (
    BAD_SCORES,
    BAD_VALUE,
    DUPLICATE_CANDIDATE,
    MISSING_FIELD,
    NOT_JSON,
    TOO_LARGE,
    UNKNOWN_FIELD,
    WRONG_KIND,
    Where,
)
from aedile.errors import DataError
from aedile.fields import listing, shorten, suggestion
from aedile.language.columns import Column
from aedile.language.markets import CHANNELS, MARKET_MISTAKES, MARKETS
from aedile.language.schema import CANDIDATE_KINDS, Schema
from aedile.language.values import parse_timestamp

MAX_CANDIDATES = 10_000
MAX_LINE_BYTES = 16 << 20
MAX_ID_BYTES = 128
#: No slate is deeper; a larger number is a mistake.
MAX_OFFSET = 1_000_000

REQUIRED = ("id", "market", "channel", "time", "candidates")
KNOWN = ("id", "market", "channel", "time", "shopper", "query", "context", "candidates", "offset", "limit")
CANDIDATE_FIELDS = ("kind", "id", "score", "features")
_CANDIDATE_FIELDS = frozenset(CANDIDATE_FIELDS)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """n candidates as sent, column by column.

    kinds, ids: n each. scores: float64 (n,), or None where none were sent.
    features: what was sent with them, by full name; n rows each, unknown where a candidate brought none.
    """

    kinds: list[str]
    ids: list[str]
    scores: npt.NDArray[np.float64] | None
    features: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, places: npt.NDArray[np.int64]) -> Candidates:
        """The candidates at these places."""
        chosen = places.tolist()
        return Candidates(
            [self.kinds[place] for place in chosen],
            [self.ids[place] for place in chosen],
            None if self.scores is None else self.scores[places],
            {name: column.take(places) for name, column in self.features.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One call for decisions. `time` in microseconds since 1970; `context` by full name, values as in
    `Column.to_python`; a `limit` of None keeps the whole slate."""

    id: str
    market: str
    channel: str
    time: int
    candidates: Candidates
    shopper: str | None = None
    query: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    offset: int = 0
    limit: int | None = None


def read_requests(path: Path | str, schema: Schema) -> Iterator[Request]:
    """The requests of an NDJSON file, one after another; a `DataError` at the first that cannot be."""
    file = str(path)
    try:
        with open(path, "rb") as lines:
            number = 0
            while line := lines.readline(MAX_LINE_BYTES + 1):
                number += 1
                if not line.isspace():
                    yield parse_request(line, schema, file, number)
    except OSError as error:
        raise unreadable(path, error) from None


def parse_request(line: bytes | str, schema: Schema, file: str | None = None, number: int | None = None) -> Request:
    """One request from its JSON text; file and line number are only named in errors."""
    where = Where(file, number)
    if len(line) > MAX_LINE_BYTES:
        raise where.error(
            TOO_LARGE,
            f"the request has more than {MAX_LINE_BYTES >> 20} MiB",
            hint=f"a request has at most {MAX_CANDIDATES:,} candidates",
            fix="send fewer candidates, or fewer features with each",
        )
    if isinstance(line, bytes):
        try:
            line = decode(line, file or "request")
        except DataError as error:
            raise error.at(file=file, line=number) from None
    return request_from(json_of(line, where), schema, where)


def request_from(data: Any, schema: Schema, where: Where | None = None) -> Request:
    """One request from what its JSON says: dicts, lists, str, int, float, bool, None."""
    where = where or Where()
    if not isinstance(data, dict):
        raise where.error(
            WRONG_KIND,
            f"a request is a JSON object, not {where.kind(data)}",
            hint="requests stand one a line (NDJSON), not in a list",
            fix='write {"id": …, "market": …, "channel": …, "time": …, "candidates": […]} on each line',
        )
    for key in data:
        if key not in KNOWN:
            raise where.error(
                UNKNOWN_FIELD,
                f"`{shorten(key)[1:-1]}` is not a field of a request",
                key,
                hint=suggestion(key, KNOWN) or f"fields: {listing(KNOWN)}",
                fix="correct the name; features of the request belong into `context`",
            )
    for key in REQUIRED:
        if key not in data:
            raise where.error(
                MISSING_FIELD, f"`{key}` is missing", key, hint=f"required: {listing(REQUIRED)}", fix=f'add "{key}"'
            )
    return Request(
        id=id_of(data["id"], where, "id"),
        market=market_of(data["market"], where),
        channel=one_of(data["channel"], CHANNELS, where, "channel"),
        time=time_of(data["time"], where),
        candidates=_candidates(data["candidates"], schema, where),
        shopper=id_of(data["shopper"], where, "shopper") if data.get("shopper") is not None else None,
        query=where.text(data["query"], "query") if data.get("query") is not None else None,
        context=read_context(data.get("context"), schema, where),
        offset=count_of(data.get("offset", 0), 0, where, "offset"),
        limit=count_of(data["limit"], 1, where, "limit") if data.get("limit") is not None else None,
    )


def json_of(text: str, where: Where) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise where.error(
                NOT_JSON,
                f"the key `{shorten(twice)[1:-1]}` stands twice in one object",
                hint="only one of the two could count",
                fix="send each key once",
            )
        return found

    def no_token(token: str) -> Any:
        raise where.error(
            NOT_JSON,
            f"`{token}` is not JSON",
            hint="JSON has no words for numbers that are not finite",
            fix="leave the value out where it is unknown",
        )

    try:
        return json.loads(text.rstrip(), object_pairs_hook=once, parse_constant=no_token)
    except json.JSONDecodeError as error:
        message, column = error.msg[:1].lower() + error.msg[1:], error.colno
    except RecursionError:
        message, column = "brackets nest too deep", 1
    except ValueError:  # Python refuses to read an integer of thousands of digits
        message, column = "a number has thousands of digits", 1
    raise where.error(
        NOT_JSON,
        f"the line is not JSON: {message}",
        column=column,
        hint="each line holds one whole request",
        fix="write the line with a JSON library",
    )


def id_of(value: Any, where: Where, key: str) -> str:
    text = where.text(value, key)
    size = len(text) if text.isascii() else len(text.encode())
    if not 0 < size <= MAX_ID_BYTES:
        raise where.error(
            BAD_VALUE,
            f"`{key}` is empty" if not size else f"`{key}` has {size} bytes, an id has at most {MAX_ID_BYTES}",
            key,
            fix="send the id by which the marketplace knows it",
        )
    return text


def market_of(value: Any, where: Where) -> str:
    if isinstance(value, str) and value in MARKETS:
        return value
    upper = str(value).upper()
    near = MARKET_MISTAKES.get(upper) or (upper if upper in MARKETS else None)
    raise where.error(
        BAD_VALUE,
        f"{where.show(value)} is not a market",
        "market",
        hint=f"did you mean {near}?" if near else "markets are two-letter codes of ISO 3166-1, such as ID, MY, US",
        fix=f"send {near or 'the code'}",
    )


def one_of(value: Any, options: tuple[str, ...], where: Where, key: str) -> str:
    if isinstance(value, str) and value in options:
        return value
    near = suggestion(value, options) if isinstance(value, str) else None
    raise where.error(
        BAD_VALUE,
        f"{where.show(value)} is not a {key.rpartition('.')[2]}",
        key,
        hint=near,
        fix=f"send one of {listing(options)}",
    )


def time_of(value: Any, where: Where) -> int:
    time = parse_timestamp(value) if isinstance(value, str) else None
    if time is None:
        raise where.error(
            BAD_VALUE,
            f"{where.show(value)} is not a time",
            "time",
            hint="times are written as RFC 3339 says, with their zone, to the microsecond at most",
            fix='send "2026-11-25T08:30:00Z"',
        )
    return time


def count_of(value: Any, low: int, where: Where, key: str) -> int:
    if type(value) is not int or not low <= value <= MAX_OFFSET:
        raise where.error(
            BAD_VALUE,
            f"`{key}` is {where.show(value)}",
            key,
            fix=f"send a whole number from {low} to {MAX_OFFSET}, or leave it out",
        )
    return value


def candidate_kinds(schema: Schema) -> tuple[str, ...]:
    """The kinds of entity that the schema declares and a candidate may be of."""
    return tuple(kind for kind in schema.kinds if kind in CANDIDATE_KINDS)


def _candidates(data: Any, schema: Schema, where: Where) -> Candidates:
    if not isinstance(data, list):
        raise where.error(
            WRONG_KIND,
            f"`candidates` is {where.kind(data)}, not a list",
            "candidates",
            fix='send [{"id": "a", "score": 1.5}, …]',
        )
    if len(data) > MAX_CANDIDATES:
        raise where.error(
            TOO_LARGE,
            f"the request has {len(data):,} candidates, the most is {MAX_CANDIDATES:,}",
            "candidates",
            fix="send the best of them",
        )
    kinds, ids, scores, sent = [], [], [], []
    known_kinds = candidate_kinds(schema)
    for number, entry in enumerate(data):
        if not isinstance(entry, dict):
            place = f"candidates[{number}]"
            raise where.error(
                WRONG_KIND, f"a candidate is {where.kind(entry)}, not an object", place, fix='send {"id": "a"}'
            )
        if not _CANDIDATE_FIELDS.issuperset(entry):
            raise _unknown_field(entry, number, where)
        kind = entry.get("kind", "item")
        if kind not in known_kinds:
            kind = one_of(kind, known_kinds, where, f"candidates[{number}].kind")
        id_ = entry.get("id")
        if type(id_) is not str or not id_.isascii() or not 0 < len(id_) <= MAX_ID_BYTES:
            id_ = _candidate_id(entry, number, where)
        kinds.append(kind)
        ids.append(id_)
        scores.append(entry.get("score"))
        features = entry.get("features")
        if features is not None and features != {}:
            sent.append((number, features))
    refuse_twins(kinds, ids, where)
    return Candidates(kinds, ids, scores_of(scores, where), read_candidate_features(sent, kinds, schema, where))


def _unknown_field(entry: dict[str, Any], number: int, where: Where) -> DataError:
    key = next(key for key in entry if key not in _CANDIDATE_FIELDS)
    return where.error(
        UNKNOWN_FIELD,
        f"`{shorten(key)[1:-1]}` is not a field of a candidate",
        f"candidates[{number}]",
        hint=suggestion(key, CANDIDATE_FIELDS) or f"fields: {listing(CANDIDATE_FIELDS)}",
        fix="correct the name; features belong into `features`",
    )


def _candidate_id(entry: dict[str, Any], number: int, where: Where) -> str:
    if "id" not in entry:
        raise where.error(MISSING_FIELD, "a candidate has no `id`", f"candidates[{number}]", fix='add "id"')
    return id_of(entry["id"], where, f"candidates[{number}].id")


def refuse_twins(kinds: list[str], ids: list[str], where: Where) -> None:
    if len(set(ids)) == len(ids) or len(set(zip(kinds, ids, strict=True))) == len(ids):
        return
    first: dict[tuple[str, str], int] = {}
    for number, pair in enumerate(zip(kinds, ids, strict=True)):
        if first.setdefault(pair, number) != number:
            raise where.error(
                DUPLICATE_CANDIDATE,
                f"the {pair[0]} {shorten(pair[1])} is sent twice, first as candidates[{first[pair]}]",
                f"candidates[{number}]",
                hint="a slate shows a candidate once",
                fix="send each candidate once, with its best score",
            )


def scores_of(scores: list[Any], where: Where) -> npt.NDArray[np.float64] | None:
    """The scores, all finite and at least 0, or None where there are none at all."""
    if set(map(type, scores)) <= {float}:
        values = np.array(scores, np.float64)
        if np.isfinite(values).all() and (values >= 0).all():
            return values if scores else None
    elif not any(score is not None for score in scores):
        return None
    for number, score in enumerate(scores):
        place = f"candidates[{number}].score"
        if score is None:
            with_score = next(i for i, other in enumerate(scores) if other is not None)
            raise where.error(
                BAD_SCORES,
                f"candidates[{number}] has no score, candidates[{with_score}] has one",
                place,
                hint="scores are all given or all absent; without any, the order as sent counts",
                fix="send a score with each candidate, or with none",
            )
        if type(score) not in (int, float) or not 0 <= score <= 1e300 or not math.isfinite(score):
            raise where.error(
                BAD_SCORES,
                f"the score is {where.show(score)}",
                place,
                hint="scores are finite and not negative, for strategies multiply them",
                fix="send a number from 0 to 1e300",
            )
    return np.array([float(score) for score in scores])
