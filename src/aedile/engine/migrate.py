"""How does an engine with another schema come to know the entities of the one before?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from aedile.engine.catalogue import Store
from aedile.engine.engine import Engine
from aedile.engine.strategy import Strategy
from aedile.language.columns import Column
from aedile.language.lists import Lists
from aedile.language.schema import Schema

#: Of each kind its ids and its columns by full name.
Known = Mapping[str, tuple[pa.LargeStringArray, Mapping[str, Column]]]


def known_entities(store: Store) -> Known:
    """All that a store knows, taken in the deciding thread; the arrays are shared, not copied."""
    return {
        kind: (catalogue.index.ids, {name: catalogue.column(name) for name in catalogue.types})
        for kind, catalogue in store.catalogues.items()
    }


def engine_over(known: Known, schema: Schema, strategies: Iterable[Strategy], lists: Lists | None = None) -> Engine:
    """An engine with another schema over the same entities: a feature that is new or of another type is unknown until
    it is put, one that is gone is forgotten. Copies what it takes, so that the engine before goes on undisturbed."""
    engine = Engine(schema, strategies, lists)
    for kind, (ids, columns) in known.items():
        if kind not in schema.kinds:
            continue
        types = {spec.name: spec.type for spec in schema.features_of(kind) if spec.source == "entity"}
        kept = {n: _copied(c) for n, c in columns.items() if n.endswith(".as_of") or types.get(n) == c.type}
        engine.load(kind, ids, kept)
    return engine


def _copied(column: Column) -> Column:
    return Column(
        column.type, column.known.copy(), column.values.copy(), column.dictionary, column.offsets, column.items
    )
