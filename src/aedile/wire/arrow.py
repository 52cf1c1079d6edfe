"""How are requests and decisions written as Arrow?

A request is an IPC stream of one table: `id`, where wanted `kind` and `score`, and a column for each feature sent with
the candidates, by its full name or its own. All else stands as JSON in the schema's metadata, under `aedile.request`.
An answer is a stream of the decision's rows, one a candidate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from aedile.engine.arrow_bodies import read_arrow_body
from aedile.engine.decide import Decision
from aedile.engine.request_place import NOT_JSON, UNKNOWN_FIELD, Where
from aedile.engine.requests import CANDIDATE_FIELDS, MAX_CANDIDATES, Request, json_of, request_from
from aedile.engine.rows import DECISION_ROWS, decision_rows
from aedile.engine.strategy import Strategy
from aedile.language.schema import Schema
from aedile.language.values import format_timestamp

REQUEST_KEY = b"aedile.request"


def read_arrow_request(body: bytes, schema: Schema) -> Request:
    """The request in an Arrow IPC stream; a `DataError` says what is wrong with it."""
    where = Where()
    table = read_arrow_body(body, MAX_CANDIDATES, where, "candidates")
    try:
        columns = {name: _as_json(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    except (pa.ArrowException, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise where.error(
            NOT_JSON,
            f"the body holds what no request can: {str(error).splitlines()[0]:.200}",
            hint="times, durations, numbers and texts are taken, and lists of them",
            fix="correct the column",
        ) from None
    metadata = table.schema.metadata or {}
    if REQUEST_KEY not in metadata:
        raise where.error(
            UNKNOWN_FIELD,
            "the stream's schema says nothing of the request",
            "aedile.request",
            hint="id, market, channel, time and context stand as JSON in the schema's metadata",
            fix="table.replace_schema_metadata({'aedile.request': json.dumps({…})})",
        )
    data = json_of(metadata[REQUEST_KEY].decode(errors="replace"), where)
    if not isinstance(data, dict) or "candidates" in data or len(columns) < table.num_columns:
        raise where.error(
            UNKNOWN_FIELD,
            "the request in the metadata holds candidates, or a column stands twice",
            "aedile.request",
            hint="candidates are the rows of the table",
            fix="send each candidate as a row, each feature as one column",
        )
    return request_from({**data, "candidates": _candidates(columns, table.num_rows)}, schema, where)


def _as_json(column: pa.ChunkedArray) -> list[Any]:
    """The values as JSON would bring them, so that both ways accept the same: times and not finite numbers as texts."""
    if pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            raise pa.ArrowInvalid("a column of timestamps says no zone")
        moments = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
        return [None if moment is None else format_timestamp(moment) for moment in moments]
    if pa.types.is_duration(column.type):
        spans = column.cast(pa.duration("us")).cast(pa.int64()).to_pylist()
        return [None if span is None else f"{span}us" for span in spans]
    values: list[Any] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [value if value is None or math.isfinite(value) else _NOT_FINITE[str(value)] for value in values]
    return values


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _candidates(columns: dict[str, list[Any]], n: int) -> list[dict[str, Any]]:
    own = [name for name in CANDIDATE_FIELDS if name in columns and name != "features"]
    features = [name for name in columns if name not in own]
    candidates = []
    for row in range(n):
        candidate = {name: columns[name][row] for name in own if name != "kind" or columns[name][row] is not None}
        brought = {name: columns[name][row] for name in features if columns[name][row] is not None}
        candidates.append({**candidate, "features": brought} if brought else candidate)
    return candidates


def rows_bytes(decision: Decision, strategies: Sequence[Strategy], release: int | None) -> bytes:
    """The decision's rows (`DECISION_ROWS`) as an Arrow IPC stream."""
    table = pa.Table.from_pylist(decision_rows(decision, strategies, release), DECISION_ROWS)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
