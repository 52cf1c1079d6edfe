"""Where are facts queried? One small protocol; DuckDB answers here, Spark or another engine at scale.

A query is a syntax tree of the portable subset (`aedile.facts.portable`), so that every engine answers alike. Tables
are named as the kinds of facts are, and `decisions` as the decision server logged them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import pyarrow as pa
from sqlglot import exp

#: Takes the batches of one part of the rows and gives batches back; it runs wherever the engine works.
MapBatches = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


class Warehouse(Protocol):
    """An engine over the facts of one installation."""

    def query(self, select: exp.Query, values: Mapping[str, Any] | None = None) -> pa.Table:
        """What a query selects. values: of its placeholders, by name."""
        ...

    def map_batches(
        self, select: exp.Query, function: MapBatches, schema: pa.Schema, values: Mapping[str, Any] | None = None
    ) -> pa.Table:
        """What a function makes of what a query selects, side by side where the engine can: in no order, each row
        once, whatever fails meanwhile. schema: of what the function gives."""
        ...
