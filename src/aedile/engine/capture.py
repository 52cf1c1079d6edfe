"""What does a decision rest on, beside its release? What is needed to make it again, anywhere and at any time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine.catalogue import Catalogue, Store
from aedile.engine.entities import Entities
from aedile.engine.requests import Request
from aedile.language.schema import Schema
from aedile.language.values import format_timestamp, to_json

Rows = npt.NDArray[np.int64]


def captured(store: Store, request: Request) -> list[Entities]:
    """All that is known now of the entities a request touches: its candidates, its query, and whatever they lead to.

    An entity the catalogue lacks is left out. Cost ∝ entities touched × their features.
    """
    open_ = {kind: {*_of_kind(request, kind)} for kind in set(request.candidates.kinds)}
    if request.query is not None:
        open_["query"] = {request.query}
    rows: dict[str, Rows] = {}
    while open_:
        kind, ids = open_.popitem()
        catalogue = store.catalogues.get(kind)
        if catalogue is None:
            continue
        found = catalogue.index.find(sorted(ids)).astype(np.int64)
        seen = rows.get(kind, np.zeros(0, np.int64))
        new = np.setdiff1d(found[found >= 0], seen)
        rows[kind] = np.union1d(seen, new)
        for join in store.schema.joins:
            if join.kind == kind and len(new):
                named = {id_ for id_ in catalogue.column(join.source).take(new).to_python() if id_ is not None}
                open_[join.to] = open_.get(join.to, set()) | named
    return [_entities(store.catalogues[kind], rows[kind]) for kind in sorted(rows) if len(rows[kind])]


def _of_kind(request: Request, kind: str) -> list[str]:
    candidates = request.candidates
    return [id_ for one, id_ in zip(candidates.kinds, candidates.ids, strict=True) if one == kind]


def _entities(catalogue: Catalogue, rows: Rows) -> Entities:
    columns = {name: catalogue.column(name).take(rows) for name in catalogue.types}
    return Entities(catalogue.kind, catalogue.index.ids.take(pa.array(rows)), columns)


def request_json(request: Request, schema: Schema, shopper: str | None) -> dict[str, Any]:
    """The request as `request_from` reads it, with this in the place of the shopper's id."""
    candidates = request.candidates
    written: list[dict[str, Any]] = [
        {"id": id_} if kind == "item" else {"id": id_, "kind": kind}
        for kind, id_ in zip(candidates.kinds, candidates.ids, strict=True)
    ]
    if candidates.scores is not None:
        for one, score in zip(written, candidates.scores.tolist(), strict=True):
            one["score"] = score
    for name, column in candidates.features.items():
        for one, value in zip(written, column.to_python(), strict=True):
            if value is not None:
                one.setdefault("features", {})[name] = to_json(value, column.type)
    said = {
        "id": request.id, "market": request.market, "channel": request.channel,
        "time": format_timestamp(request.time), "shopper": shopper, "query": request.query,
        "context": {n: to_json(v, schema.features[n].type) for n, v in request.context.items()},
        "offset": request.offset or None, "limit": request.limit, "candidates": written,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value not in (None, {})}
