"""What values does a feature have in the catalogue?

What an editor shows where somebody hovers over a name or looks for a value: the commonest values, or how numbers are
spread, and of how many entities the feature is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.console.strategies.matching import known_now
from aedile.engine.catalogue import EntityRows, Store
from aedile.language.columns import Column
from aedile.language.features import BUILT_IN, Schema
from aedile.language.types import BOOL, DOUBLE, STRING, Type
from aedile.language.values import to_json

Bools = npt.NDArray[np.bool_]

#: Distinct texts that are kept of a feature, the commonest first: what people choose from.
KEPT = 5_000
SHOWN = 10
QUANTILES = (0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Profile:
    """A feature and its values among `total` entities of its kind.

    source: `entity`, `request` (it comes with requests, so nothing is known here) or `id`. top: values as JSON with
    the number of entities, the commonest first; of lists, their elements. quantiles: share → value as JSON, for what
    has an order. distinct: how many different values there are.
    """

    name: str
    type: str
    meaning: str
    unit: str | None
    source: str
    freshness: int | None
    total: int
    unknown: int
    distinct: int | None
    top: tuple[tuple[Any, int], ...]
    quantiles: tuple[tuple[float, Any], ...]

    @property
    def unknown_share(self) -> float | None:
        return self.unknown / self.total if self.total else None


def make_profile(name: str, store: Store, schema: Schema, now: int, present: Bools | None) -> Profile:
    """The profile of a feature that the schema declares, or that is built in. present: rows that hold an entity."""
    spec = schema.features.get(name)
    kind = name.partition(".")[0]
    if spec is None:
        type_, meaning, source = BUILT_IN.get(name, STRING), "", "request" if name in BUILT_IN else "id"
    else:
        type_, meaning, source = spec.type, spec.meaning, spec.source
    unit = spec.unit if spec is not None else None
    freshness = spec.freshness if spec is not None else None
    if source != "entity" or present is None or not present.any():
        total = int(present.sum()) if present is not None and source != "request" else 0
        return Profile(name, str(type_), meaning, unit, source, freshness, total, 0, None, (), ())
    rows = EntityRows(store, kind, None)
    known = known_now(name, rows, schema, now) & present
    total = int(present.sum())
    distinct, top, quantiles = _values(rows.column(name), known)
    unknown = total - int(known.sum())
    return Profile(name, str(type_), meaning, unit, source, freshness, total, unknown, distinct, top, quantiles)


def _values(
    column: Column, known: Bools
) -> tuple[int | None, tuple[tuple[Any, int], ...], tuple[tuple[float, Any], ...]]:
    type_ = column.type
    if type_.element is not None:
        items = column.take(np.flatnonzero(known)).items
        assert items is not None
        return (*_counted(items, items.known), ())
    if type_ == STRING:
        return (*_counted(column, known), ())
    if type_ == BOOL:
        counts = np.bincount(column.values[known].astype(np.int64), minlength=2).tolist()
        return 2, tuple((value, counts[value]) for value in sorted((False, True), key=lambda v: -counts[v])), ()
    values = column.values[known]
    if type_ == DOUBLE:
        values = values[~np.isnan(values)]
    if len(values) == 0:
        return 0, (), ()
    found = np.quantile(values, QUANTILES, method="lower")
    different, counts = np.unique(values, return_counts=True)
    common = np.argsort(-counts, kind="stable")[: SHOWN if len(different) <= KEPT else 0]
    return (
        len(different),
        tuple((_json(different[i], type_), int(counts[i])) for i in common),
        tuple((share, _json(value, type_)) for share, value in zip(QUANTILES, found, strict=True)),
    )


def _json(value: Any, type_: Type) -> Any:
    return to_json(value.item(), type_)


def _counted(column: Column, known: Bools) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The distinct texts and how often each is there, the commonest first."""
    assert column.dictionary is not None
    counts = np.bincount(column.values[known], minlength=len(column.dictionary))
    used = np.flatnonzero(counts)
    first = used[np.argpartition(-counts[used], KEPT)[:KEPT]] if len(used) > KEPT else used
    first = first[np.lexsort((first, -counts[first]))]
    texts = column.dictionary.take(pa.array(first)).to_pylist()
    return len(used), tuple(zip(texts, counts[first].tolist(), strict=True))


def suggestions(profile: Profile, typed: str, limit: int = 20) -> list[tuple[Any, int]]:
    """The values that begin with, and then those that contain, what was typed; the commonest first."""
    if not profile.top or not isinstance(profile.top[0][0], str):
        return list(profile.top[:limit])
    wanted = typed.casefold()
    begin = [entry for entry in profile.top if entry[0].casefold().startswith(wanted)]
    inside = [entry for entry in profile.top if wanted in entry[0].casefold() and entry not in begin]
    return [*begin, *inside][:limit]
