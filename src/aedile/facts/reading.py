"""Which facts are in what was sent? Accepted ones as a table, refused ones each with its row and what is wrong.

JSON goes into structs made of the kind's columns, all rows in one go; where any row does not fit, each is read by
itself and what is wrong with it is said as a person would. A table must have the right columns as a whole: a name or a
type that is wrong is wrong in every row, and refuses all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa

from aedile.engine.arrow_bodies import read_arrow_body
from aedile.engine.request_place import Where
from aedile.errors import AedileError, DataError
from aedile.facts import trouble
from aedile.facts.judging import judged, shown_moment
from aedile.facts.kinds import FLAG, MOMENT, REAL, TEXT, TEXTS, WHOLE, FactKind, Field

#: Facts that are taken in one go, where nobody says otherwise.
MOST = 100_000
#: Bytes that are decoded at once, and rows that are made columns of: a millisecond or so.
BLOCK, ROWS = 128 << 10, 1_000
_WHOLE = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_PYTHON: dict[pa.DataType, Any] = {
    TEXT: str, WHOLE: _WHOLE, REAL: float, FLAG: bool,
    MOMENT: Annotated[datetime, msgspec.Meta(tz=True)], TEXTS: list[str],
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAILURES = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is no fact. row: its number from 1, or its line. raw: as a JSON object; None where it is none."""

    row: int
    error: AedileError
    raw: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """table: what is accepted, as the kind's `sent_schema` says, in the order sent, each column in one chunk."""

    kind: FactKind
    table: pa.Table
    refused: list[Refused]


def read_ndjson(kind: FactKind, body: bytes, received: int, most: int = MOST) -> ReadFacts:
    """The facts in a body of one JSON object a line. received: when it arrived, in microseconds since 1970."""
    count = body.count(b"\n") + (not body.endswith(b"\n"))
    if count > most:
        count = sum(1 for line in body.split(b"\n") if line.strip())
        if count > most:
            raise trouble.too_many(count, most)
    decode = _decoder(kind.name, kind).decode_lines
    tables, numbers, refused, line = [], [], [], 1
    for block in _blocks(body):
        lines = block.split(b"\n")
        filled = [number for number, one in enumerate(lines, line) if one.strip()]
        try:
            tables.append(_columns(kind, decode(block)))
            numbers += filled
        except _FAILURES:
            parts = ((number, lines[number - line]) for number in filled)
            table, good, bad = _one_by_one(kind, parts)
            tables.append(table)
            numbers += good
            refused += bad
        line += len(lines) - (not lines[-1])
    table = pa.concat_tables(tables).combine_chunks() if tables else _columns(kind, ())
    return _judged(kind, table, received, numbers, refused)


def _blocks(body: bytes) -> Iterator[bytes]:
    """The body in parts of whole lines: nothing else runs while one is decoded."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + BLOCK) + 1 or len(body)
        yield body[start:end]
        start = end


def read_json(kind: FactKind, body: bytes, received: int, most: int = MOST) -> ReadFacts:
    """The facts in a body that is `{"facts": […]}`, or a list."""
    is_list = body.lstrip()[:1] == b"["
    try:
        name = kind.name
        rows = _lists(name, kind).decode(body) if is_list else _documents(name, kind).decode(body).facts
    except _FAILURES:
        try:
            parts = _RAW_LIST.decode(body) if is_list else _RAW_DOCUMENT.decode(body).facts
        except _FAILURES as error:
            raise trouble.unreadable(_why(error)) from None
        if len(parts) > most:
            raise trouble.too_many(len(parts), most) from None
        if not all(bytes(part)[:1] == b"{" for part in parts):
            raise trouble.unreadable("a fact is a JSON object") from None
        table, numbers, refused = _one_by_one(kind, ((row, bytes(part)) for row, part in enumerate(parts, 1)))
        return _judged(kind, table, received, numbers, refused)
    if len(rows) > most:
        raise trouble.too_many(len(rows), most)
    return _judged(kind, _columns(kind, rows), received, None, [])


def read_rows(kind: FactKind, rows: Sequence[Mapping[str, Any]], received: int) -> ReadFacts:
    """The facts in Python: texts, numbers, and times as datetimes with a zone or as RFC 3339."""
    struct = _struct(kind.name, kind)
    try:
        read = msgspec.convert(rows, list[struct])  # type: ignore[valid-type]
    except (msgspec.ValidationError, RecursionError):
        good, numbers, refused = [], [], []
        for number, row in enumerate(rows, 1):
            try:
                good.append(msgspec.convert(row, struct))
                numbers.append(number)
            except (msgspec.ValidationError, RecursionError) as error:
                refused.append(_refused(kind, number, dict(row), error))
        return _judged(kind, _columns(kind, good), received, numbers, refused)
    return _judged(kind, _columns(kind, read), received, None, [])


def read_arrow(kind: FactKind, body: bytes, received: int, most: int = MOST) -> ReadFacts:
    """The facts in an Arrow IPC stream of a stranger."""
    return read_table(kind, read_arrow_body(body, most, Where(), "facts"), received)


def read_table(kind: FactKind, table: pa.Table | pa.RecordBatch, received: int) -> ReadFacts:
    """The facts in a table whose columns have the kind's names and types, or types that hold the same; a `DataError`
    where one does not. Columns that may be null may be left out."""
    names = table.schema.names
    for name in names:
        if name not in {field.name for field in kind.sent}:
            raise trouble.unknown_column(kind, name)
    if len(set(names)) < len(names):
        raise trouble.unreadable("two columns have one name")
    arrays = []
    for field in kind.sent:
        if field.name in names:
            column = table.column(names.index(field.name))
            arrays.append(_column(field, column))
        elif field.required:
            raise trouble.missing(field)
        else:
            arrays.append(pa.nulls(table.num_rows, field.type))
    read = pa.Table.from_arrays(arrays, schema=_nullable(kind.name, kind))
    try:
        read.validate(full=True)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise trouble.unreadable(str(error)) from None
    return _judged(kind, read, received, None, [])


def to_json_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a table as JSON has it: times as RFC 3339, and nothing where nothing is known."""
    return {
        name: shown_moment(moment_in_micros(value)) if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }


def moment_in_micros(moment: datetime | str) -> int:
    """Microseconds since 1970 of a time with a zone, or of its RFC 3339."""
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (read - _EPOCH) // timedelta(microseconds=1)


def _judged(
    kind: FactKind, table: pa.Table, received: int, numbers: Sequence[int] | None, refused: list[Refused]
) -> ReadFacts:
    """numbers: of the table's rows; from 1 without a gap where None."""
    wrong = judged(kind, table, received)
    for row, error in wrong.items():
        number = numbers[row] if numbers is not None else row + 1
        (raw,) = _raw_rows(table.slice(row, 1))
        refused.append(Refused(number, error.at(line=number), raw))
    if wrong:
        kept = np.ones(len(table), np.bool_)
        kept[list(wrong)] = False
        table = table.filter(pa.array(kept)).combine_chunks()
    refused.sort(key=lambda one: one.row)
    return ReadFacts(kind, table, refused)


def _raw_rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows as JSON; a time too far away for Python's is a text all the same."""
    for place, field in enumerate(table.schema):
        if field.type == MOMENT:
            micros = table.column(place).cast(pa.int64()).to_pylist()
            texts = [None if one is None else shown_moment(one) for one in micros]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    return [{k: _finite(v) for k, v in row.items() if v is not None} for row in table.to_pylist()]


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they are kept as words."""
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def _columns(kind: FactKind, rows: Sequence[msgspec.Struct]) -> pa.Table:
    """The rows as a table, each column in one chunk; made some at a time, as `_blocks` says."""
    schema = _nullable(kind.name, kind)
    tables = []
    for start in range(0, len(rows), ROWS):
        columns = zip(*map(msgspec.structs.astuple, rows[start : start + ROWS]), strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        tables.append(pa.Table.from_arrays(arrays, schema=schema))
    if not tables:
        return schema.empty_table()
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables).combine_chunks()


def _one_by_one(kind: FactKind, parts: Iterable[tuple[int, bytes]]) -> tuple[pa.Table, list[int], list[Refused]]:
    """The rows that fit, their numbers, and the others."""
    decode = msgspec.json.Decoder(_struct(kind.name, kind)).decode
    good, numbers, refused = [], [], []
    for number, part in parts:
        try:
            good.append(decode(part))
            numbers.append(number)
        except _FAILURES as error:
            refused.append(_refused(kind, number, part, error))
    return _columns(kind, good), numbers, refused


def _refused(kind: FactKind, number: int, part: bytes | dict[str, Any], error: Exception) -> Refused:
    """What is wrong with a row that does not fit. A text that is no JSON object is not kept: nobody could mend it, and
    it may name a shopper."""
    said: Any = part
    if isinstance(part, bytes):
        try:
            said = msgspec.json.decode(part)
        except _FAILURES as failure:
            return Refused(number, trouble.unreadable(_why(failure)).at(line=number), None)
    if not isinstance(said, dict):
        return Refused(number, trouble.unreadable("a fact is a JSON object").at(line=number), None)
    found = _wrong_with(kind, said) or trouble.unreadable(str(error))
    try:
        raw = msgspec.json.decode(msgspec.json.encode(said))
    except (TypeError, ValueError, OverflowError, RecursionError):
        raw = None
    return Refused(number, found.at(line=number), raw)


def _wrong_with(kind: FactKind, row: Mapping[str, Any]) -> DataError | None:
    known = {field.name for field in kind.sent}
    for name in row:
        if name not in known:
            return trouble.unknown_column(kind, str(name))
    for field in kind.sent:
        value = row.get(field.name)
        if value is None:
            if field.required:
                return trouble.missing(field)
            continue
        try:
            msgspec.convert(value, _PYTHON[field.type])
        except (msgspec.ValidationError, RecursionError):
            return trouble.wrong_type(field, value)
    return None


def _why(error: Exception) -> str:
    return "it nests too deep" if isinstance(error, RecursionError) else str(error)


def _column(field: Field, column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column in the field's type, where it holds nothing that this type does not."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(flat, pa.ChunkedArray):  # too long for one
        raise trouble.unreadable(f"the column `{field.name}` is too long")
    given = flat.type
    if given == field.type:
        return flat
    if not pa.types.is_null(given) and not _fits(given, field.type):
        raise trouble.wrong_column(field, str(given))
    try:
        if pa.types.is_dictionary(given):
            flat = flat.dictionary_decode()
        # A time of nanoseconds loses what is below a microsecond; nothing else loses anything.
        return flat.cast(field.type, safe=not pa.types.is_timestamp(given))
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise trouble.unreadable(f"the column `{field.name}`: {error}") from None


def _fits(given: pa.DataType, wanted: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(given):
        given = given.value_type
    if wanted == TEXT:
        return bool(types.is_string(given) or types.is_large_string(given) or types.is_string_view(given))
    if wanted == WHOLE:
        return bool(types.is_integer(given))
    if wanted == REAL:
        return bool(types.is_floating(given) or types.is_integer(given))
    if wanted == MOMENT:
        return bool(types.is_timestamp(given) and given.tz is not None)
    if wanted == TEXTS:
        return bool(types.is_list(given) or types.is_large_list(given)) and _fits(given.value_type, TEXT)
    return False


@cache
def _nullable(_name: str, kind: FactKind) -> pa.Schema:
    """As the kind is sent, before anybody looked whether anything is missing."""
    return pa.schema([pa.field(field.name, field.type) for field in kind.sent])


@cache
def _struct(name: str, kind: FactKind) -> type[msgspec.Struct]:
    fields: list[Any] = [
        (field.name, _PYTHON[field.type]) if field.required else (field.name, _PYTHON[field.type] | None, None)
        for field in kind.sent
    ]
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)


@cache
def _decoder(name: str, kind: FactKind) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_struct(name, kind))


@cache
def _lists(name: str, kind: FactKind) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(list[_struct(name, kind)])  # type: ignore[misc]


@cache
def _documents(name: str, kind: FactKind) -> msgspec.json.Decoder[Any]:
    document = msgspec.defstruct(
        f"{name}_document",
        [("facts", list[_struct(name, kind)])],  # type: ignore[misc]
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(document)


class _RawDocument(msgspec.Struct, forbid_unknown_fields=True):
    facts: list[msgspec.Raw]


_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_DOCUMENT = msgspec.json.Decoder(_RawDocument)
