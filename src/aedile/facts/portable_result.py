"""In which types does a result come back, whichever engine made it?

Whole numbers as int64, others as double, texts as string, times in UTC to the microsecond.
"""

from __future__ import annotations

import pyarrow as pa


def plain_type(type_: pa.DataType) -> pa.DataType:
    """The one type in which such values come back."""
    if pa.types.is_dictionary(type_):
        return plain_type(type_.value_type)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.list_(plain_type(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(one.name, plain_type(one.type)) for one in type_])
    if pa.types.is_integer(type_):
        return pa.int64()
    if pa.types.is_floating(type_):
        return pa.float64()
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_) or pa.types.is_null(type_):
        return pa.string()
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us", "UTC")
    if pa.types.is_date(type_):
        return pa.date32()
    return type_


def plain_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(one.name, plain_type(one.type)) for one in schema])


def plain_table(table: pa.Table) -> pa.Table:
    """The table in those types; nothing is rounded or cut: what does not fit fails."""
    return table.cast(plain_schema(table.schema))


def plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    wanted = plain_schema(batch.schema)
    return batch if batch.schema == wanted else batch.cast(wanted)
