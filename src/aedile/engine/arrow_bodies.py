"""Which Arrow streams from strangers are read? Those whose size in memory is that of the body, and that are whole.

Arrow trusts what it is sent: offsets may point beyond the body, a few bytes may stand for gigabytes (compressed
buffers, a column of nulls, a dictionary whose one long text is meant a million times, lists of nothing).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from aedile.engine.request_place import NOT_JSON, TOO_LARGE, Where

#: How many bytes the texts of a column may have when each row's is written out.
MAX_TEXT_BYTES = 64 << 20
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2


def read_arrow_body(body: bytes, most_rows: int, where: Where, what: str) -> pa.Table:
    """The table in an Arrow IPC stream; a `DataError` says why it is not read. what: its rows are, in the plural."""
    try:
        rows = 0
        for message in _messages(body):
            rows += _rows(message, len(body))
        _refuse_many(rows, most_rows, where, what)
        with pa.ipc.open_stream(body) as stream:
            table = stream.read_all()
        for field in table.schema:
            if not _is_taken(field.type):
                raise pa.ArrowInvalid(f"the column {field.name[:60]!r} is of type {str(field.type)[:60]}")
        table.validate(full=True)
        for name, column in zip(table.column_names, table.columns, strict=True):
            if _text_bytes(column) > MAX_TEXT_BYTES:
                raise pa.ArrowInvalid(f"the texts of the column {name[:60]!r} are more than {MAX_TEXT_BYTES >> 20} MiB")
    except (
        pa.ArrowException,
        OSError,
        UnicodeDecodeError,
        ValueError,
        OverflowError,
        IndexError,
        struct.error,
    ) as error:
        raise where.error(
            NOT_JSON,
            f"the body is not an Arrow IPC stream that can be read: {str(error).splitlines()[0]:.200}",
            hint="taken are streams of plain columns and lists of them, not compressed",
            fix="write one table with Arrow's IPC stream writer",
        ) from None
    return table


def _refuse_many(n: int, most: int, where: Where, what: str) -> None:
    if n > most:
        raise where.error(TOO_LARGE, f"there are {n:,} {what}, the most is {most:,}", what, fix="send fewer at a time")


def _messages(body: bytes) -> Iterator[bytes]:
    """The flatbuffers of the stream's messages."""
    reader = pa.ipc.MessageReader.open_stream(body)
    while True:
        try:
            yield bytes(reader.read_next_message().metadata)
        except StopIteration:
            return


def _rows(metadata: bytes, size: int) -> int:
    """The rows a message brings, none where it is no batch of rows; raises where its buffers are compressed. By the
    tables of Arrow's format: Message(version, header_type, header), RecordBatch(length, nodes, buffers, compression).

    size: of the whole body, in bytes.
    """
    message = struct.unpack_from("<I", metadata)[0]
    kind = _field(metadata, message, 1)
    header = _field(metadata, message, 2)
    if kind is None or header is None or metadata[kind] not in (_RECORD_BATCH, _DICTIONARY_BATCH):
        return 0
    batch = header + struct.unpack_from("<I", metadata, header)[0]
    if metadata[kind] == _DICTIONARY_BATCH:
        inner = _field(metadata, batch, 1)
        if inner is None:
            return 0
        batch = inner + struct.unpack_from("<I", metadata, inner)[0]
    if _field(metadata, batch, 3) is not None:
        raise pa.ArrowInvalid("its buffers are compressed")
    place = _field(metadata, batch, 0)
    length = int(struct.unpack_from("<q", metadata, place)[0]) if place is not None else 0
    is_dictionary = metadata[kind] == _DICTIONARY_BATCH
    if length < 0 or (is_dictionary and length > 8 * size):
        raise pa.ArrowInvalid(f"it claims {length} rows")
    return 0 if is_dictionary else length


def _field(data: bytes, table: int, number: int) -> int | None:
    """Where a field of a flatbuffer's table stands; None where it is left out."""
    fields = table - struct.unpack_from("<i", data, table)[0]
    size = struct.unpack_from("<H", data, fields)[0]
    if 4 + 2 * number >= size:
        return None
    offset = struct.unpack_from("<H", data, fields + 4 + 2 * number)[0]
    return table + offset if offset else None


def _is_taken(type_: pa.DataType) -> bool:
    """Whether values of it, written out, take about as much as they take in the body, or can be measured."""
    types = pa.types
    if types.is_list(type_) or types.is_large_list(type_):
        return not types.is_null(type_.value_type) and _is_plain(type_.value_type)
    if types.is_dictionary(type_):
        return _is_plain(type_.value_type)
    return types.is_null(type_) or _is_plain(type_)


def _is_plain(type_: pa.DataType) -> bool:
    return pa.types.is_primitive(type_) or _is_text(type_) or pa.types.is_decimal(type_)


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_))


def _text_bytes(column: pa.ChunkedArray) -> int:
    """Bytes of all texts that rows mean through a dictionary; other columns are as large as they came."""
    if not pa.types.is_dictionary(column.type) or not _is_text(column.type.value_type):
        return 0
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
        total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    return total
