"""How do features get from facts into the catalogue, and into a backtest as they were known then?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from aedile.facts.as_of import as_of
from aedile.facts.definitions import NUMBER, Definition, by_kind
from aedile.facts.kinds import FLAG, MOMENT, REAL, TEXT, WHOLE
from aedile.store.warehouse import Warehouse

_TYPES = {"double": REAL, "int": WHOLE, "string": TEXT, "bool": FLAG, "timestamp": MOMENT}


def materialise(warehouse: Warehouse, definitions: Sequence[Definition], at: datetime) -> dict[str, pa.Table]:
    """By kind a table of entities as the engine reads them: `id`, a column a feature, and `as_of`, which is `at`.

    A value is made of what happened and had arrived strictly before `at`; NULL where there was nothing.
    """
    return {kind: _joined([(one, _asked(warehouse, one, at)) for one in some], at) for kind, some in
            by_kind(definitions).items()}  # fmt: skip


def _asked(warehouse: Warehouse, definition: Definition, at: datetime) -> pa.Table:
    query, values = definition.at(at)
    found = warehouse.query(query, values)
    return found.set_column(1, "value", found["value"].cast(_TYPES[definition.type]))


def _joined(answers: Sequence[tuple[Definition, pa.Table]], at: datetime) -> pa.Table:
    texts = [chunk for _, answer in answers for chunk in answer["id"].chunks]
    ids = pc.unique(pa.chunked_array(texts, TEXT)).sort()
    columns = {"id": ids}
    for definition, answer in answers:
        places = pc.index_in(ids, value_set=answer["id"].combine_chunks())
        columns[definition.own] = answer["value"].combine_chunks().take(places)
    columns["as_of"] = pa.array([at.astimezone(UTC)] * len(ids), MOMENT)
    return pa.table(columns)


def put_into(catalogue: pa.Table, features: pa.Table) -> pa.Table:
    """A catalogue with these features: of its entities, in its order; columns of the same name are replaced."""
    places = pc.index_in(catalogue["id"].combine_chunks().cast(TEXT), value_set=features["id"].combine_chunks())
    for name in features.column_names[1:]:
        column = features[name].combine_chunks().take(places)
        at = catalogue.column_names.index(name) if name in catalogue.column_names else None
        catalogue = catalogue.append_column(name, column) if at is None else catalogue.set_column(at, name, column)
    return catalogue


def point_in_time(warehouse: Warehouse, definition: Definition, requests: exp.Query) -> pa.Table:
    """(request_number, value): of each request what was known strictly before it, computed exactly."""
    query, values = definition.point_in_time(requests)
    found = warehouse.query(query, values)
    return found.set_column(1, "value", found["value"].cast(_TYPES[definition.type]))


def as_served(
    warehouse: Warehouse, definition: Definition, moments: Iterable[datetime], asked_ids: pa.Array, asked_at: pa.Array
) -> pa.Array:
    """For each request the value that the catalogue had: of the last of these moments at which it was materialised
    strictly before the request; NULL where that is older than its freshness."""
    known = [(moment, _asked(warehouse, definition, moment)) for moment in sorted(moments)]
    ids = pa.chunked_array([chunk for _, table in known for chunk in table["id"].chunks], TEXT).combine_chunks()
    values = pa.chunked_array([c for _, table in known for c in table["value"].chunks], _TYPES[definition.type])
    times = pa.array([moment.astimezone(UTC) for moment, table in known for _ in range(len(table))], MOMENT)
    rows = as_of(asked_ids, asked_at, ids, times, freshness=definition.freshness)
    return values.combine_chunks().take(pa.array(rows, mask=rows < 0))


@dataclass(frozen=True, slots=True)
class Leak:
    """A value that was made of what was not known yet. seen: with all facts; known: with those of before alone."""

    at: datetime
    key: Any
    seen: Any
    known: Any


#: Gives (key, value) of a moment, from a warehouse.
Computed = Callable[[Warehouse, datetime], pa.Table]


def find_leaks(
    computed: Computed, warehouse: Warehouse, known_before: Callable[[datetime], Warehouse], moments: Iterable[datetime]
) -> list[Leak]:
    """Compute everything twice, from all facts and from those that were known strictly before, and compare.

    What is different was made of the future. known_before: a warehouse of what was known before a moment.
    """
    leaks = []
    for moment in moments:
        seen, known = _by_key(computed(warehouse, moment)), _by_key(computed(known_before(moment), moment))
        for key in sorted(seen.keys() | known.keys(), key=str):
            one, other = seen.get(key), known.get(key)
            if not _alike(one, other):
                leaks.append(Leak(moment, key, one, other))
    return leaks


def _by_key(table: pa.Table) -> Mapping[Any, Any]:
    return dict(zip(table[0].to_pylist(), table[1].to_pylist(), strict=True))


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=1e-9, atol=0.0, equal_nan=True))
    return bool(one == other)


__all__ = ["NUMBER", "Leak", "as_served", "find_leaks", "materialise", "point_in_time", "put_into"]
