"""Which entities come in a body, and how do they go through a log to whoever decides?

A body is read as strictly as a file, and a name the schema does not know is an error: whoever sends it should know. In
the log a batch is an Arrow IPC stream, which is read by whatever schema holds by then.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine.arrow_bodies import read_arrow_body
from aedile.engine.arrow_columns import to_column
from aedile.engine.entities import Entities, read_entities
from aedile.engine.entity_layout import Target
from aedile.engine.request_place import MISSING_FIELD, TOO_LARGE, UNKNOWN_FIELD, WRONG_KIND, Where
from aedile.engine.requests import candidate_kinds, json_of, one_of
from aedile.errors import AedileError, DataError, Errors
from aedile.fields import listing, suggestion
from aedile.language.columns import Column
from aedile.language.schema import Schema
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type
from aedile.language.values import format_timestamp

#: How values of a type lie in an Arrow column of the log.
ARROW_TYPES: Mapping[Type, pa.DataType] = {
    BOOL: pa.bool_(),
    INT: pa.int64(),
    DOUBLE: pa.float64(),
    STRING: pa.large_string(),
    TIMESTAMP: pa.timestamp("us", "UTC"),
    DURATION: pa.duration("us"),
}
JSON_FORM = '{"entities": [{"id": "4567968", "price": 3.5}]}'


def read_entity_batch(body: bytes, suffix: str, kind: str, schema: Schema, *, most: int, now: int) -> Entities:
    """The entities in a body.

    suffix: `.json`, `.ndjson` or `.arrow`, its format. most: how many there may be. now: microseconds since 1970, the
    `as_of` of those that bring none. A `DataError` says what does not fit.
    """
    where = Where()
    kind = _known_kind(kind, schema, where)
    if suffix == ".arrow":
        data, suffix = _dated_arrow(body, kind, most, now, where), ".arrow"
    else:
        rows = _json_rows(body, suffix, where)
        _refuse_many(len(rows), most, where)
        moment = format_timestamp(now)
        dated = [{"as_of": moment, **row} if f"{kind}.as_of" not in row else row for row in rows]
        data, suffix = b"".join(json.dumps(row).encode() + b"\n" for row in dated), ".ndjson"
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        try:
            read = read_entities(file.name, kind, schema)
        except AedileError as error:
            raise error.at(file=None, line=None) from None
        except Errors as found:
            raise Errors([error.at(file=None, line=None) for error in found.errors]) from None
    if read.ignored:
        names = [spec.own_name for spec in schema.features_of(kind) if spec.source == "entity"]
        raise where.error(
            UNKNOWN_FIELD,
            f"`{read.ignored[0][:60]}` is not a feature that {kind}s are put with",
            read.ignored[0][:60],
            hint=suggestion(read.ignored[0], names) or f"such are {listing(names)}",
            fix="correct the name, or declare it in the schema",
        )
    if len(read) == 0:
        raise where.error(MISSING_FIELD, "there are no entities", "entities", fix=f"send {JSON_FORM}")
    return read


def _known_kind(kind: str, schema: Schema, where: Where) -> str:
    known = (*candidate_kinds(schema), *(k for k in schema.kinds if k == "query"))
    return one_of(kind, known, where, "kind")


def _json_rows(body: bytes, suffix: str, where: Where) -> list[dict[str, Any]]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise where.error(WRONG_KIND, "the body is not UTF-8", fix="write it with a JSON library") from None
    if suffix == ".json":
        said = json_of(text, where)
        if not isinstance(said, dict) or said.keys() != {"entities"} or not isinstance(said["entities"], list):
            raise where.error(
                WRONG_KIND, "the body is not an object of one list, `entities`", "entities", fix=f"send {JSON_FORM}"
            )
        rows = said["entities"]
    else:
        rows = [json_of(line, where) for line in text.splitlines() if line.strip()]
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            place = f"entities[{number}]"
            raise where.error(
                WRONG_KIND, f"an entity is {where.kind(row)}, not an object", place, fix=f"send {JSON_FORM}"
            )
    return rows


def _dated_arrow(body: bytes, kind: str, most: int, now: int, where: Where) -> bytes:
    table = read_arrow_body(body, most, where, "entities")
    if not {"as_of", f"{kind}.as_of"} & {*table.column_names}:
        moments = pa.array(np.full(table.num_rows, now), ARROW_TYPES[TIMESTAMP])
        table = table.append_column("as_of", moments)
    return _stream(table)


def _refuse_many(n: int, most: int, where: Where) -> None:
    if n > most:
        raise where.error(
            TOO_LARGE, f"there are {n:,} entities, the most is {most:,}", "entities", fix="send them in several calls"
        )


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def encode_entities(entities: Entities) -> bytes:
    """The entities as an Arrow IPC stream, with full names; features of which nothing is known are left out."""
    return _stream(_table(entities))


def _table(entities: Entities) -> pa.Table:
    known = {name: to_arrow(column) for name, column in entities.columns.items() if column.known.any()}
    return pa.table({f"{entities.kind}.id": entities.ids, **known})


def to_arrow(column: Column, *, in_dictionaries: bool = False) -> pa.Array:
    """The column as Arrow has it, without a Python object for each value; null is unknown.

    in_dictionaries: texts as codes into the column's dictionary, with all of it, rather than one by one.
    """
    missing = ~column.known
    if column.type.element is not None:
        return _lists(column, missing, in_dictionaries)
    if column.type == STRING:
        assert column.dictionary is not None
        codes = pa.array(column.values, mask=missing)
        return (
            pa.DictionaryArray.from_arrays(codes, column.dictionary)
            if in_dictionaries
            else column.dictionary.take(codes)
        )
    if column.type in (TIMESTAMP, DURATION):
        return pa.array(column.values, pa.int64(), mask=missing).cast(ARROW_TYPES[column.type])
    return pa.array(column.values, ARROW_TYPES[column.type], mask=missing)


def _lists(column: Column, missing: npt.NDArray[np.bool_], in_dictionaries: bool) -> pa.Array:
    assert column.offsets is not None
    assert column.items is not None
    items = to_arrow(column.items, in_dictionaries=in_dictionaries)
    if column.offsets[-1] > np.iinfo(np.int32).max:
        return pa.LargeListArray.from_arrays(pa.array(column.offsets), items, mask=pa.array(missing))
    return pa.ListArray.from_arrays(pa.array(column.offsets.astype(np.int32)), items, mask=pa.array(missing))


def batches_of(entities: Entities, rows: int) -> Iterator[pa.Table]:
    """The entities as tables of so many rows at most, as a server takes them."""
    table = _table(entities)
    table = table.rename_columns([name.removeprefix(f"{entities.kind}.") for name in table.column_names])
    for start in range(0, len(table), rows):
        yield table.slice(start, rows)


def decode_entities(data: bytes, kind: str, schema: Schema) -> Entities:
    """The entities in a stream of `encode_entities`, as this schema sees them: a feature it does not declare is not
    read, one of another type by now is unknown."""
    with pa.ipc.open_stream(data) as stream:
        table = stream.read_all()
    types = {spec.name: spec.type for spec in schema.features_of(kind) if spec.source == "entity"}
    types[f"{kind}.as_of"] = TIMESTAMP
    columns: dict[str, Column] = {}
    for name in table.column_names:
        if name in types:
            try:
                columns[name] = to_column(table.column(name), Target("log", name, name, types[name]))
            except DataError:
                continue  # of another type when it was put
    ids = table.column(f"{kind}.id").combine_chunks()
    return Entities(kind, ids, columns)


def newer_only(entities: Entities, stored: Column, rows: np.ndarray[Any, Any]) -> Entities:
    """Those that are not older than what is known already.

    stored: the `as_of` of the catalogue. rows: the entities' rows in it, -1 for new ones. Whose age is unknown is new.
    """
    own = entities.columns.get(f"{entities.kind}.as_of")
    if own is None:
        return entities
    known = stored.take(rows)
    older = known.known & own.known & (own.values < known.values)
    if not older.any():
        return entities
    kept = np.flatnonzero(~older)
    columns = {name: column.take(kept) for name, column in entities.columns.items()}
    return replace(entities, ids=entities.ids.take(pa.array(kept)), columns=columns)
