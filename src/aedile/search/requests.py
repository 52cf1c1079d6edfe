"""Which requests would shoppers with these queries send, here and there in the marketplace?

Requests in the exact shape that `decide` reads, made from a catalogue and a list of queries; nothing is drawn at
random, so the same input gives the same requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from aedile.engine.entities import read_entities
from aedile.errors import UsageError, define
from aedile.fields import listing, suggestion
from aedile.language.features import FeatureSpec, Schema
from aedile.language.markets import CHANNELS, MARKETS
from aedile.language.types import STRING
from aedile.language.values import parse_timestamp
from aedile.search.bm25 import bm25_candidates

BAD_PLACE = define("AED-USE-061", "A market or channel for requests is not one.", "--markets ID,Malaysia")
BAD_TIME = define("AED-USE-062", "The time for requests is not a time.", "--time tomorrow")
BAD_LIMIT = define("AED-USE-063", "The number of candidates is not one a request can have.", "--limit 0")
NO_TEXT = define("AED-USE-064", "A column by which candidates are to be found has no text.", "--text titel")

MAX_LIMIT = 10_000


def make_requests(
    entities_path: Path | str,
    queries: Sequence[str],
    *,
    text_columns: Sequence[str],
    markets: Sequence[str],
    time: str,
    channels: Sequence[str] = CHANNELS,
    limit: int = 100,
    kind: str = "item",
    everywhere: bool = False,
) -> Iterator[dict[str, Any]]:
    """The requests of these queries, one after another, as JSON objects.

    entities_path: a file as `read_entities` takes it. text_columns: its columns of text by which an entity is found.
    time: RFC 3339, the same for all requests. limit: the most candidates of one request.
    everywhere: each query in every market and channel. Otherwise each query is sent once: the channels take turns,
    and after each round of them the markets do, so that all pairs come up. Each request has a shopper of its own.
    Raises `DataError` for the file and `UsageError` for the other arguments.
    """
    _check(markets, channels, time, limit)
    ids, texts = _texts(entities_path, kind, text_columns)
    places = [(market, channel) for market, channel in product(markets, channels)]
    number = 0
    for turn, (query, found) in enumerate(zip(queries, bm25_candidates(ids, texts, queries, limit=limit), strict=True)):
        candidates = [{"kind": kind, "id": id_, "score": score} for id_, score in found]
        for market, channel in places if everywhere else [places[turn % len(places)]]:
            number += 1
            yield {
                "id": f"request-{number:05d}",
                "market": market,
                "channel": channel,
                "time": time,
                "shopper": f"shopper-{number:05d}",
                "query": query,
                "context": {},
                "candidates": candidates,
            }


def _texts(path: Path | str, kind: str, columns: Sequence[str]) -> tuple[list[str], list[str]]:
    """The ids of the entities, and for each the texts of these columns, one after another."""
    names = [f"{kind}.{column}" for column in dict.fromkeys(columns)]
    features = {name: FeatureSpec(name, STRING, "A text by which the entity is found.") for name in names}
    entities = read_entities(path, kind, Schema({kind: "What is looked for."}, features))
    for name, column in zip(names, dict.fromkeys(columns), strict=True):
        if not entities.columns[name].known.any():
            raise UsageError(
                NO_TEXT,
                f"the file {path} has no text in a column `{column}`",
                hint=suggestion(column, entities.ignored) or f"it also has {listing(entities.ignored) or 'no columns'}",
                fix="name columns that hold texts",
            )
    columns_of_text = [entities.columns[name].to_python() for name in names]
    texts = [" ".join(filter(None, row)) for row in zip(*columns_of_text, strict=True)]
    return entities.ids.to_pylist(), texts


def _check(markets: Sequence[str], channels: Sequence[str], time: str, limit: int) -> None:
    for what, given, known in (("market", markets, MARKETS), ("channel", channels, CHANNELS)):
        wrong = next((name for name in given if name not in known), None)
        if wrong is not None or not given:
            raise UsageError(
                BAD_PLACE,
                f"`{wrong}` is not a {what}" if wrong is not None else f"no {what} is named",
                hint=suggestion(wrong or "", known)
                or ("markets are two-letter codes, such as ID, MY, US" if what == "market" else None)
                or f"channels: {listing(CHANNELS)}",
                fix=f"name at least one {what}, all of them known",
            )
    if parse_timestamp(time) is None:
        raise UsageError(
            BAD_TIME,
            f'"{time}" is not a time',
            hint="times are written as RFC 3339 says, with their zone",
            fix="write it as 2026-11-25T08:30:00Z",
        )
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(
            BAD_LIMIT,
            f"{limit} candidates a request are not possible",
            fix=f"ask for 1 to {MAX_LIMIT:,}",
        )
