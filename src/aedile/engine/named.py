"""Which strategy, request or candidate does an id mean? A `UsageError` where it means none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aedile.errors import UsageError, define

if TYPE_CHECKING:
    from aedile.engine.requests import Request
    from aedile.engine.strategy import Strategy
    from aedile.language.schema import Schema

NO_SUCH = define("AED-USE-007", "A request, candidate or strategy asked for is not there.", "explain --item no-such-id")

#: Ids compared with a misspelt one: a file may hold millions.
MOST_COMPARED = 10_000


def strategy_named(id_: str, strategies: Sequence[Strategy]) -> Strategy:
    """The strategy with this id."""
    for one in strategies:
        if one.id == id_:
            return one
    hint = _nearest(id_, [one.id for one in strategies])
    raise UsageError(NO_SUCH, f'there is no strategy "{id_}"', hint=hint, fix="name a strategy by its id")


def _nearest(id_: str, known: Sequence[str]) -> str | None:
    """The id that may be meant, or some there are."""
    from aedile.fields import listing, suggestion

    return suggestion(id_, known[:MOST_COMPARED]) or (f"there are {listing(known, 5)}" if known else None)


def request_named(path: Path, id_: str | None, schema: Schema) -> Request:
    """The request with this id in a file, the first one for None."""
    from aedile.engine.requests import read_requests

    seen: list[str] = []
    for request in read_requests(path, schema):
        if id_ is None or request.id == id_:
            return request
        seen.append(request.id)
    if id_ is None:
        raise UsageError(NO_SUCH, f"{path} holds no requests", fix="name a file with the request")
    hint = _nearest(id_, seen)
    raise UsageError(NO_SUCH, f'{path} holds no request "{id_}"', hint=hint, fix="name a request by its id")


def place_of(request: Request, id_: str, kind: str | None) -> int:
    """The candidate's place among those sent."""
    candidates = request.candidates
    pairs = enumerate(zip(candidates.kinds, candidates.ids, strict=True))
    places = [place for place, (its, own) in pairs if own == id_ and kind in (None, its)]
    if not places:
        called = f'{kind or "candidate"} "{id_}"'
        hint = _nearest(id_, candidates.ids)
        raise UsageError(NO_SUCH, f"the request {request.id} has no {called}", hint=hint, fix="name one of its own")
    if len(places) > 1:
        kinds = ", ".join(candidates.kinds[place] for place in places)
        raise UsageError(NO_SUCH, f'candidates of several kinds have the id "{id_}": {kinds}', fix="name its kind too")
    return places[0]
